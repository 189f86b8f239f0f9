"""Training TRASER: settings, parameter groups, schedule, loop, checkpoints. `settings` alone knows no torch."""

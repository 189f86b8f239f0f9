"""Video drops, schedules, maintenance."""

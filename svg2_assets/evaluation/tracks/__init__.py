"""Metrics of trajectories against dense truth; start at `scores.measure`."""

"""Metrics of public benchmarks for systems that make their own trajectories, equal to what their evaluators print."""

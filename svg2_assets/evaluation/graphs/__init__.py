"""Metrics of predicted scene graphs against true ones; start at `scores.score_video` and `report.report`.

Predicted object k is true object k: the model was given the trajectories, nothing is matched by place.
"""

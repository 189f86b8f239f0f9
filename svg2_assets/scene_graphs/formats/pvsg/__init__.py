"""PVSG, the panoptic video scene graphs, in and out."""

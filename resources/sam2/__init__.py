"""SAM 2.1: everything on a frame segmented, and masks followed through a video, by one model.

torch, sam2 and hydra come with the `models` extra and are imported inside functions, never with a module.
"""

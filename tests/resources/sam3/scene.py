"""A SAM 3 with random weights that answers, and a small painted clip."""

from __future__ import annotations

import torch

from resources.sam3.settings import FollowSettings, ModelSettings
from resources.sam3.tracker import Sam3ConceptTracker
from tests.descriptions.pictures import Clip, Thing, video

torch.set_num_threads(1)  # two that wait for each other are many times slower where the cores are busy

RANDOM = ModelSettings(random_weights=True, image_size=112, device="cpu", dtype="float32")
EVERYTHING = {"least_score": 0.0, "new_score": 0.0, "nms": 0.9}  # drawn weights are sure of nothing
CONCEPTS = ("dog", "red ball", "a name that is far longer than the text encoder takes " * 3)
INDICES = (0, 3, 6, 9)
DOG, BALL = Thing((20, 20), (60, 60), step=(3, 0)), Thing((150, 90), (50, 50), ((30, 60, 220),), shape="disc")


def clip() -> Clip:
    return Clip(video(frames=12, width=160, height=120), [DOG.paint, BALL.paint])


def tracker(model: ModelSettings = RANDOM, **settings: object) -> Sam3ConceptTracker:
    return Sam3ConceptTracker(model, FollowSettings(**(EVERYTHING | settings)))  # type: ignore[arg-type]

"""The embedded `VideoTracker`: the carried models behind the algorithm of `svg2_assets.trajectories`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources.embedded import models
from resources.embedded.centernet import CenterNet
from resources.embedded.efficientnet import EfficientNet
from resources.embedded.nanodet import NanoDet
from resources.embedded.u2netp import U2NetP
from svg2_assets import memory
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.pipeline import Run
from svg2_assets.trajectories.protocols import Progress, TrackingResult
from svg2_assets.trajectories.recognisers import Recognisers
from svg2_assets.trajectories.settings import TrackerSettings

VERSION = "10"  # of the algorithm: raise it when the same settings give other trajectories


class EmbeddedTracker:
    """Boxes by NanoDet (seconded by CenterNet), masks by u2netp on crops, DIS flow between. CPU only."""

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self._settings = settings or TrackerSettings()
        self._recognisers: Recognisers | None = None

    @property
    def model_id(self) -> str:
        """Names and revisions of the four models."""
        carried = (models.NANODET, models.CENTERNET, models.U2NETP, models.EFFICIENTNET)
        return "+".join(f"{name.split('_')[0]}@{models.revision(name)}" for name in carried)

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        return {"version": VERSION, **self._settings.as_dict()}

    def track(self, source: FrameSource, *, progress: Progress | None = None) -> TrackingResult:
        """Track everything that can be found in one pass."""
        return Run(source, self._load(), self._settings).execute(progress)

    def _load(self) -> Recognisers:
        if self._recognisers is None:
            self._recognisers = Recognisers(NanoDet(), CenterNet(), U2NetP(), EfficientNet())
            memory.give_back()  # what reading the models took
        return self._recognisers

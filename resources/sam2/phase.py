"""Phase 1 by SAM 2.1: the `VideoTracker` of profile `svg2`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from resources.sam2.engine import Engine
from resources.sam2.segmenter import Sam2Segmenter
from resources.sam2.settings import FollowSettings, ModelSettings, SegmentSettings
from resources.sam2.tracker import Sam2MaskTracker
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.panoptic.pipeline import PanopticTracker
from svg2_assets.trajectories.panoptic.settings import PanopticSettings
from svg2_assets.trajectories.protocols import Progress, TrackingResult


@dataclass(frozen=True, slots=True)
class Sam2Settings:
    """`model`: which weights, and where they run. `segment`, `follow`: SAM 2's own. `rules`: what is made of them."""

    model: ModelSettings = field(default_factory=ModelSettings)
    segment: SegmentSettings = field(default_factory=SegmentSettings)
    follow: FollowSettings = field(default_factory=FollowSettings)
    rules: PanopticSettings = field(default_factory=PanopticSettings)


class Sam2Tracker:
    """Everything that SAM 2 can segment, followed by the rules of the preset. One model does both."""

    def __init__(self, settings: Sam2Settings | None = None) -> None:
        chosen = settings or Sam2Settings()
        engine = Engine(chosen.model)
        self._tracker = PanopticTracker(
            Sam2Segmenter(engine, chosen.segment), Sam2MaskTracker(engine, chosen.follow), chosen.rules
        )

    @property
    def model_id(self) -> str:
        """Model and revision. Raises `CheckpointError` for a file that is not there."""
        return self._tracker.model_id

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        return self._tracker.config

    def track(self, source: FrameSource, *, progress: Progress | None = None) -> TrackingResult:
        """Track everything. Raises `ModelsMissing`, `CheckpointError`, and what the video raises."""
        return self._tracker.track(source, progress=progress)

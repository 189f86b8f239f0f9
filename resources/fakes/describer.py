"""A describer for tests: no pixels, no models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from svg2_assets.descriptions.facts import Extent, Facts, Report
from svg2_assets.descriptions.grammar import write
from svg2_assets.descriptions.protocols import Description
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult


class FakeDescriber:
    """Quotes the witnesses of each object in the grammar of facts and measures nothing.

    `calls` records the video ids in order; videos in `fail_for` raise `PhaseError`.
    """

    def __init__(self, *, fail_for: Iterable[str] = ()) -> None:
        self.fail_for, self.calls = frozenset(fail_for), list[str]()

    @property
    def model_id(self) -> str:
        """Says that it is a fake."""
        return "fake-describer/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing to set."""
        return {}

    def describe(self, source: FrameSource, tracks: TrackingResult) -> tuple[Description, ...]:
        """One description an object, in order."""
        self.calls.append(source.video.id)
        if source.video.id in self.fail_for:
            raise PhaseError(
                video=source.video.id, phase="descriptions", expected="a describer that works", found="one told to fail"
            )
        return tuple(Description(o.id, write(_facts(o, source.video)), o.trajectory.frames[:1]) for o in tracks.objects)


def _facts(o: TrackedObject, video: Video) -> Facts:
    area = o.trajectory.masks[0].area / (video.width * video.height) if len(o.trajectory) else 0.0
    extent = Extent(len(o.trajectory), 0.0, round(area, 3), 1.0, 0.0, 0.0, 0.0)
    return Facts(o.id, extent, tuple(Report.of(w.source, w.looks, dict(w.scores)) for w in o.witnesses))

"""Phase 2a of the `embedded` profile: facts measured from pixels and trajectory, written in a readable grammar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from svg2_assets.descriptions.grammar import write
from svg2_assets.descriptions.measure import MeasureRules, measure
from svg2_assets.descriptions.protocols import Description
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


class EmbeddedDescriber:
    """A `Describer` that states only what it measured. Decodes the video once, at reduced size."""

    Settings = MeasureRules

    def __init__(self, rules: MeasureRules | None = None) -> None:
        self._rules = rules or MeasureRules()

    @property
    def model_id(self) -> str:
        """Name and revision of the measurements."""
        return "embedded-facts/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Every threshold."""
        return asdict(self._rules)

    def describe(self, source: FrameSource, tracks: TrackingResult) -> tuple[Description, ...]:
        """The facts of each object, in the order of `tracks.objects`.

        Raises `PhaseError` for trajectories that do not fit the video, `VideoError` when it no longer decodes.
        """
        measured = measure(source, tracks, self._rules)
        return tuple(Description(m.facts.object_id, write(m.facts), m.frames) for m in measured)

"""Phase 3 of the `embedded` profile: rules over geometry and motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.relations.extract import extract_relations
from svg2_assets.relations.protocols import RelationResult
from svg2_assets.relations.thresholds import Thresholds
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


class EmbeddedRelator:
    """A `RelationExtractor` that claims what masks and their motion show, and is silent about the rest."""

    Settings = Thresholds

    def __init__(self, settings: Thresholds | None = None) -> None:
        self._settings = settings or Thresholds()

    @property
    def model_id(self) -> str:
        """Name and revision of the rule set."""
        return "embedded-relations/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Every threshold."""
        parts = {f.name: getattr(self._settings, f.name) for f in fields(self._settings)}
        return {name: _plain(part if isinstance(part, Mapping) else asdict(part)) for name, part in parts.items()}

    def extract(self, source: FrameSource, tracks: TrackingResult, labels: Sequence[VerifiedLabel]) -> RelationResult:
        """All relations of one video; frames are read only where somebody may hold something."""
        return extract_relations(source, tracks, labels, settings=self._settings)


def _plain(part: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back: lists for tuples."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in part.items()}

"""What Phase 3 needs of a backend, and what it hands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


@dataclass(frozen=True, slots=True)
class RelationResult:
    """The relations of one video, one per (subject, predicate, object), their spans merged, and how they came about.

    `statistics`: counts by name; `claims` is what was claimed before the rules, `violations` how many claims each rule
    corrected or dropped.
    """

    relations: tuple[Relation, ...] = ()
    statistics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class RelationExtractor(Protocol):
    """Says what holds between objects, and when."""

    @property
    def model_id(self) -> str:
        """Name and revision of the model or rule set."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        ...

    def extract(self, source: FrameSource, tracks: TrackingResult, labels: Sequence[VerifiedLabel]) -> RelationResult:
        """All relations of one video."""
        ...

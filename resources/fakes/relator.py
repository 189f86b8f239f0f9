"""A relation extractor for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.relations.protocols import RelationResult
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


class FakeRelator:
    """Says `near` of all that is ever visible together. `fail_for` holds video ids, `calls` those asked about."""

    def __init__(self, *, fail_for: Iterable[str] = ()) -> None:
        self.fail_for, self.calls = frozenset(fail_for), list[str]()

    @property
    def model_id(self) -> str:
        """Says that it is a fake."""
        return "fake-relator/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing to set."""
        return {}

    def extract(
        self,
        source: FrameSource,
        tracks: TrackingResult,
        labels: Sequence[VerifiedLabel],  # noqa: ARG002 the protocol's
    ) -> RelationResult:
        """One relation a pair, over its common time."""
        video = source.video
        self.calls.append(video.id)
        if video.id in self.fail_for:
            raise PhaseError(
                video=video.id, phase="relations", expected="a relator that works", found="one told to fail"
            )
        ordered = sorted(tracks.objects, key=lambda o: o.id)
        common = ((a, b, a.trajectory.spans(video) & b.trajectory.spans(video)) for a, b in combinations(ordered, 2))
        near = tuple(Relation(a.id, "near", b.id, Category.SPATIAL, spans, 0.5) for a, b, spans in common if spans)
        return RelationResult(near, {"claims": len(near), "violations": {}})

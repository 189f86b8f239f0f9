"""A concept tracker for tests: finds what its script says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from svg2_assets.labels.concept_tracks import ConceptFrame, Sighting
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource


class FakeConceptTracker:
    """Sees the trajectories that `script` holds by concept, with `score`; nothing without a script.

    `calls` records (video id, concepts, indices); videos in `fail_for` raise `PhaseError`, frames in `unjudged` are
    left out.
    """

    def __init__(
        self,
        script: Mapping[str, Sequence[Trajectory]] | None = None,
        *,
        score: float = 0.9,
        fail_for: Iterable[str] = (),
        unjudged: Iterable[int] = (),
    ) -> None:
        self.script, self.score = dict(script or {}), score
        self.fail_for, self.unjudged = frozenset(fail_for), frozenset(unjudged)
        self.calls: list[tuple[str, tuple[str, ...], tuple[int, ...]]] = []

    @property
    def model_id(self) -> str:
        """Says that it is a fake."""
        return "fake-concept-tracker/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing to set."""
        return {}

    def follow(self, source: FrameSource, concepts: Sequence[str], indices: Sequence[int]) -> Iterator[ConceptFrame]:
        """One item a frame."""
        self.calls.append((source.video.id, tuple(concepts), tuple(indices)))
        if source.video.id in self.fail_for:
            raise PhaseError(
                video=source.video.id,
                phase="verified_labels",
                expected="a concept tracker that works",
                found="one told to fail",
            )
        known = [(c, t) for c, tracks in self.script.items() for t in tracks]
        return (
            ConceptFrame(
                index,
                tuple(
                    Sighting(concept, number, self.score, mask)
                    for number, (concept, track) in enumerate(known)
                    if concept in concepts and (mask := track.at(index)) is not None
                ),
            )
            for index in indices
            if index not in self.unjudged
        )

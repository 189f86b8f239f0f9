"""A label parser for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from svg2_assets.descriptions.grammar import InvalidDescription, read
from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.protocols import Label
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, AttributeType
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


class FakeParser:
    """Takes the best score of the first witness at its word.

    `fail_for` holds object ids or parts of texts. `calls` records the object ids of each call.
    """

    def __init__(self, *, fail_for: Iterable[str | int] = ()) -> None:
        self.fail_for, self.calls = frozenset(fail_for), list[tuple[int, ...]]()

    @property
    def model_id(self) -> str:
        """Says that it is a fake."""
        return "fake-parser/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing to set."""
        return {}

    def parse(
        self, descriptions: Sequence[Description], *, source: FrameSource, tracks: TrackingResult
    ) -> tuple[Label, ...]:
        """One label a description, in order. Reads the texts alone."""
        del tracks
        self.calls.append(tuple(d.object_id for d in descriptions))
        for description in descriptions:
            if any(f == description.object_id or str(f) in description.text for f in self.fail_for):
                raise PhaseError(
                    video=source.video.id,
                    phase="parsed_labels",
                    expected="a parser that works",
                    found="one told to fail",
                )
        return tuple(_label(d) for d in descriptions)


def _label(description: Description) -> Label:
    try:
        reports = read(description.text).reports
    except InvalidDescription as error:
        return Label(description.object_id, UNKNOWN_NAME, 0.0, uncertain=True, reason=str(error))
    scores = reports[0].scores if reports else ()
    name, score = scores[0] if scores else (UNKNOWN_NAME, 0.0)
    attributes = (Attribute("made up", AttributeType.OTHER, 0.5),)
    others = tuple(other for other, _ in scores[1:])
    return Label(description.object_id, name, min(1.0, score), attributes, others, uncertain=score < 0.5)

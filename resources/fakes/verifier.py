"""A label verifier for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Verification
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Verdict
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


class FakeVerifier:
    """Supports every name with its own confidence, leaves `object` unverified.

    `calls` records the video ids in order; videos in `fail_for` raise `PhaseError`.
    """

    def __init__(self, *, fail_for: Iterable[str] = ()) -> None:
        self.fail_for, self.calls = frozenset(fail_for), list[str]()

    @property
    def model_id(self) -> str:
        """Says that it is a fake."""
        return "fake-verifier/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing to set."""
        return {}

    def verify(self, source: FrameSource, tracks: TrackingResult, labels: Sequence[Label]) -> tuple[VerifiedLabel, ...]:
        """One verdict a label, in order."""
        self.calls.append(source.video.id)
        if source.video.id in self.fail_for:
            raise PhaseError(
                video=source.video.id,
                phase="verified_labels",
                expected="a verifier that works",
                found="one told to fail",
            )
        tracked = {o.id for o in tracks.objects}
        if missing := [label.object_id for label in labels if label.object_id not in tracked]:
            raise PhaseError(
                video=source.video.id, phase="verified_labels", expected="labels of tracked objects", found=f"{missing}"
            )
        return tuple(_verdict(label) for label in labels)


def _verdict(label: Label) -> VerifiedLabel:
    if label.name == UNKNOWN_NAME:
        return VerifiedLabel(label, Verification(Verdict.UNVERIFIED, 0.0), "Nothing to verify.")
    return VerifiedLabel(label, Verification(Verdict.SUPPORTED, label.confidence), "A fake says so.")

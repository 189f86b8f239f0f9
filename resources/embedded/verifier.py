"""Phase 2b of the `embedded` profile, second half: labels confronted with the witnesses that did not give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.labels.verification import VerificationRule, verify_labels
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


class EmbeddedVerifier:
    """A `LabelVerifier` by agreement of evidence gathered while tracking. Decodes nothing."""

    Settings = VerificationRule

    def __init__(self, rule: VerificationRule | None = None) -> None:
        self._rule = rule or VerificationRule()

    @property
    def model_id(self) -> str:
        """Name and revision of the rules."""
        return "embedded-agreement/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Every threshold."""
        return asdict(self._rule)

    def verify(self, source: FrameSource, tracks: TrackingResult, labels: Sequence[Label]) -> tuple[VerifiedLabel, ...]:
        """One verdict a label, in order. Raises `PhaseError` when a label is of an object that was not tracked."""
        return verify_labels(source.video, tracks, labels, self._rule)

"""Verification by SAM 3: the `LabelVerifier` of profile `svg2`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resources.sam3.settings import Sam3Settings
from resources.sam3.tracker import Sam3ConceptTracker
from svg2_assets.labels.concept_verification import ConceptVerifier
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


class Sam3Verifier:
    """Asks SAM 3 for every distinct name of a video, and compares what it finds with the trajectories."""

    Settings = Sam3Settings

    def __init__(self, settings: Sam3Settings | None = None) -> None:
        chosen = settings or Sam3Settings()
        self._verifier = ConceptVerifier(Sam3ConceptTracker(chosen.model, chosen.follow), chosen.rule)

    @property
    def model_id(self) -> str:
        """Model and revision. Raises `CheckpointError` for a folder that is not there."""
        return self._verifier.model_id

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        return self._verifier.config

    def verify(self, source: FrameSource, tracks: TrackingResult, labels: Sequence[Label]) -> tuple[VerifiedLabel, ...]:
        """One verdict a label, in order.

        Raises `PhaseError` when a label is of an object that was not tracked, `ModelsMissing`, `CheckpointError`,
        `ModelFailure`, and what the video raises.
        """
        return self._verifier.verify(source, tracks, labels)

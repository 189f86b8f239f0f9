"""What can go wrong with the model, each with the way out."""

from __future__ import annotations

from svg2_assets.scene.errors import PhaseError, UnusableBackend

PHASE = "verified_labels"


class ModelsMissing(UnusableBackend):
    """torch or transformers is not installed."""


class CheckpointError(UnusableBackend):
    """The weights cannot be found, fetched or read, access to them was not granted, or they are another model's."""


class ModelFailure(PhaseError):
    """The model failed for one video alone: numbers that are none, or no memory left for a single concept."""

    def __init__(self, *, video: str, expected: str, found: str, remedy: str = "") -> None:
        super().__init__(video=video, phase=PHASE, expected=expected, found=found, remedy=remedy)

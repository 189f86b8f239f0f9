"""What can go wrong with the model, each with the way out."""

from __future__ import annotations

from svg2_assets.scene.errors import PhaseError, Svg2Error, UnusableBackend

PHASE = "trajectories"


class ModelsMissing(UnusableBackend):
    """torch or sam2 is not installed."""


class CheckpointError(UnusableBackend):
    """The weights cannot be found, fetched or read, or are another model's: names the file or id and the remedy."""


class ModelFailure(PhaseError):
    """The model failed for one video alone: numbers that are none, or no memory left for a single object."""

    def __init__(self, *, video: str, expected: str, found: str, remedy: str = "") -> None:
        super().__init__(video=video, phase=PHASE, expected=expected, found=found, remedy=remedy)


class DeviceMemoryExhausted(Svg2Error):
    """The device's memory does not hold a batch of one: the smallest that can be tried."""

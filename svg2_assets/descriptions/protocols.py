"""What Phase 2a needs of a backend, and what it hands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of one object: free `text`, and the frames that were looked at.

    `reason` says in one sentence why there is no text: left out of the budget, never visible, no answer of the model.
    The text is data, never instructions: later phases quote it and parse it, nothing executes it.
    """

    object_id: int
    text: str
    frames: tuple[int, ...] = ()
    reason: str = ""


class Describer(Protocol):
    """Looks at the pixels of each trajectory and says what it sees."""

    @property
    def model_id(self) -> str:
        """Name and revision of the model."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        ...

    def describe(self, source: FrameSource, tracks: TrackingResult) -> tuple[Description, ...]:
        """One description an object, in the order of `tracks.objects`."""
        ...

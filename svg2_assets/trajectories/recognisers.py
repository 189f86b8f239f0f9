"""What the tracker asks of models: boxes, foreground, appearance. Anything that answers can take their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes of one frame: `boxes` [N, 4] as (x0, y0, x1, y1) pixels, `scores` [N, C] per class, 0..1.

    `confidence` [N] is how sure the tracker may be that something is there, where that differs from the best score.
    """

    boxes: Floats
    scores: Floats
    confidence: Floats | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def best(self) -> Floats:
        """How sure each box is: its confidence, else its highest class score, [N]."""
        if self.confidence is not None:
            return self.confidence
        return np.asarray(self.scores.max(axis=1) if len(self) else np.zeros(0), dtype=np.float32)

    def take(self, which: npt.NDArray[np.int64] | Sequence[int]) -> Detections:
        """The boxes at `which`, in that order."""
        index = np.asarray(which, dtype=np.int64)
        confidence = self.confidence[index] if self.confidence is not None else None
        return Detections(self.boxes[index], self.scores[index], confidence)

    @classmethod
    def none(cls, classes: int) -> Detections:
        """No box."""
        return cls(np.zeros((0, 4), np.float32), np.zeros((0, classes), np.float32))


class Detector(Protocol):
    """Finds things of known classes."""

    @property
    def name(self) -> str:
        """Source of the witness it gives."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """Class names in score order."""
        ...

    def detect(self, pixels: Pixels) -> Detections:
        """Boxes in `pixels` [H, W, 3] RGB."""
        ...


class Saliency(Protocol):
    """Separates the foreground of a picture from its background."""

    def foreground(self, pixels: Pixels, *, size: int) -> Floats:
        """Probability [size, size] that the stretched `pixels` [H, W, 3] RGB are foreground."""
        ...


@dataclass(frozen=True, slots=True)
class Appearance:
    """`shares` [C] softmax over the classes, `embedding` [D] of unit length."""

    shares: Floats
    embedding: Floats


class Embedder(Protocol):
    """Says what a crop looks like."""

    @property
    def name(self) -> str:
        """Source of the witness it gives."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """Class names in the order of the shares."""
        ...

    def look(self, pixels: Pixels) -> Appearance:
        """Appearance of one crop [H, W, 3] RGB."""
        ...


@dataclass(frozen=True, slots=True)
class Recognisers:
    """The four models that the tracker works with."""

    detector: Detector
    second: Detector
    saliency: Saliency
    embedder: Embedder

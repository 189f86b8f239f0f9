"""What panoptic tracking needs of a backend: masks of one frame, and masks carried from frame to frame.

SAM 2 implements both with one model; the oracle of the synthetic world implements both from the truth.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, FrameSource

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A class-agnostic mask of one frame, at the video's size.

    `score`: the segmenter's own estimate of the mask's IoU (0..1). `stability`: IoU of the mask under a stricter and a
    laxer threshold (0..1).
    """

    mask: Mask
    score: float
    stability: float = 1.0


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a tracker says of one object on one frame.

    `mask`: at the video's size, None where it sees nothing of it. `presence`: how sure it is that the object is visible
    (0..1). `quality`: its own estimate of the mask's IoU (0..1). `appearance`: [D] of what the mask covers, as
    `TrackSession.embed` gives it; `retrace` tells it, `advance` need not.
    """

    mask: Mask | None
    presence: float
    quality: float = 1.0
    appearance: Vectors | None = None


class Segmenter(Protocol):
    """Finds everything that can be segmented on one frame."""

    @property
    def model_id(self) -> str:
        """Model and revision."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        ...

    def segment(
        self, frame: Frame, *, focus: Mask | None = None, known: Mask | None = None, closely: bool = True
    ) -> tuple[Proposal, ...]:
        """Masks of `frame`, which may overlap, best first.

        With `focus`, only what has a part in it is asked for, and what lies elsewhere costs nothing. `known` is what is
        followed already: a rougher look is enough there. `closely`: look at enlarged crops too, for small things;
        otherwise at the whole frame alone.
        """
        ...


class TrackSession(Protocol):
    """Follows objects through one video. Frames come one by one; an object is whatever was prompted under its id."""

    def prompt(self, frame: Frame, masks: Mapping[int, Mask]) -> None:
        """Tell what the objects `masks` are on `frame`: begins those that are new, corrects those that are known.

        `advance` and `retrace` attend to every prompt, earlier or later than the frame in question.
        """
        ...

    def advance(self, frame: Frame) -> dict[int, Tracked]:
        """All objects on `frame`, forwards. A prompted frame gives its prompt back. Call in order of frames."""
        ...

    def retrace(self, index: int, ids: Collection[int]) -> dict[int, Tracked]:
        """The objects `ids` on the earlier frame `index`, backwards from their earliest prompt or retraced frame.

        Frames are those that `advance` has seen: what was computed of them is kept for a while and made again when it
        is asked for later. Does not change what `advance` does next.
        """
        ...

    def forget(self, ids: Collection[int]) -> None:
        """Follow these objects no more."""
        ...

    def embed(self, frame: Frame, masks: Sequence[Mask]) -> Vectors:
        """Appearance of what `masks` cover, [N, D], unit length: like things have a large dot product."""
        ...

    @property
    def statistics(self) -> Mapping[str, float]:
        """What was spent so far, at least `image_encoder_passes`."""
        ...


class MaskTracker(Protocol):
    """Follows masks through videos."""

    @property
    def model_id(self) -> str:
        """Model and revision."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        ...

    def session(self, source: FrameSource) -> AbstractContextManager[TrackSession]:
        """Begin with one video; the session frees what it holds when it is left."""
        ...

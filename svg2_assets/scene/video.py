"""A video's identity and clock, and how frames reach a phase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.spans import Spans

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Video:
    """What is known of a video that decodes. Width and height are as shown, after rotation.

    `frame_times` [num_frames] holds true timestamps (seconds from the first frame) of a variable-rate video and is
    None when frame i stands at i / fps.
    """

    id: str
    uri: str
    sha256: str
    width: int
    height: int
    fps: float
    num_frames: int
    duration: float
    frame_times: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.num_frames) < 1 or self.fps <= 0 or self.duration <= 0:
            raise InvalidSceneValue(f"video {self.id}: size, frame count, rate and duration must be positive")
        if self.frame_times is not None and len(self.frame_times) != self.num_frames:
            raise InvalidSceneValue(f"video {self.id}: {len(self.frame_times)} timestamps for {self.num_frames} frames")

    @property
    def edges(self) -> npt.NDArray[np.float64]:
        """[num_frames + 1] seconds: frame i is on screen in `[edges[i], edges[i + 1])`."""
        if self.frame_times is not None:
            return np.append(np.asarray(self.frame_times), self.duration)
        return np.arange(self.num_frames + 1) / self.fps

    def time_of(self, frame: int) -> float:
        """Seconds at which frame `frame` appears."""
        return self.frame_times[frame] if self.frame_times is not None else frame / self.fps

    def spans_of(self, frames: Sequence[int] | npt.NDArray[np.int64]) -> Spans:
        """The time that `frames` (indices) are on screen."""
        shown = np.zeros(self.num_frames, dtype=bool)
        shown[np.asarray(frames, dtype=np.int64)] = True
        return Spans.where(shown, self.edges)


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame: `index` in the video, `time` in seconds, `pixels` [H, W, 3] RGB uint8 (rotation applied)."""

    index: int
    time: float
    pixels: Pixels


class FrameSource(Protocol):
    """Streams the frames of one video, any number of times, never holding the clip in memory."""

    @property
    def video(self) -> Video:
        """The video these frames belong to."""
        ...

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        """Every frame in order; scaled to `height` rows (aspect kept) when given."""
        ...

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        """Only the frames of sorted `indices`: others are decoded where the codec needs it, but never converted."""
        ...

"""How a stored frame is turned to be shown: the container's display matrix, in quarter turns and mirrorings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Orientation:
    """Transpose first, then mirror rows, then columns. The default leaves a frame as it is stored."""

    transpose: bool = False
    mirror_rows: bool = False
    mirror_columns: bool = False

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Orientation:
        """What the display matrix of `frame` asks for; turns that are no multiple of 90 degrees are left alone.

        The matrix maps a stored pixel (x, y) to (a x + c y, b x + d y): FFmpeg, libavutil/display.h.
        """
        side_data: Any = frame.side_data.get("DISPLAYMATRIX")
        if side_data is None:
            return cls()
        a, b, _, c, d = np.frombuffer(bytes(side_data), dtype=np.int32)[:5].tolist()
        if b == c == 0 and a and d:
            return cls(False, d < 0, a < 0)
        if a == d == 0 and b and c:
            return cls(True, b < 0, c < 0)
        return cls()

    @property
    def mirrored(self) -> bool:
        """Whether left and right change places beside the turn."""
        return self.mirror_rows ^ self.mirror_columns ^ self.transpose

    @property
    def degrees(self) -> int:
        """Clockwise turn (0, 90, 180, 270), after mirroring left and right where `mirrored`."""
        if self.transpose:
            return 270 if self.mirror_rows else 90
        return 180 if self.mirror_rows else 0

    def shown_size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) as shown of a frame stored as `width` x `height`."""
        return (height, width) if self.transpose else (width, height)

    def apply(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """`pixels` [H, W] or [H, W, 3] as shown, contiguous."""
        turned = pixels.swapaxes(0, 1) if self.transpose else pixels
        if self.mirror_rows:
            turned = turned[::-1]
        if self.mirror_columns:
            turned = turned[:, ::-1]
        return np.ascontiguousarray(turned)

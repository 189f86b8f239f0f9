"""Pictures of one object for models that take no masks: its outline on the whole frame, its surroundings up close."""

from __future__ import annotations

import cv2
import numpy as np

from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.video import Pixels

LINE, EDGE = (255, 230, 0), (0, 0, 0)
"""RGB of the outline and of the edge around it: one of both shows on any ground"""


def outlined(pixels: Pixels, mask: BoolArray, *, thick: int = 2) -> Pixels:
    """A copy of `pixels` [h, w, 3] with a line of `thick` pixels around `mask` [h, w]; inside of it nothing changes."""
    seen = mask.astype(np.uint8)
    inner = cv2.dilate(seen, _disc(thick)) > 0
    outer = cv2.dilate(seen, _disc(thick + 1)) > 0
    drawn = pixels.copy()
    drawn[outer & ~mask] = EDGE
    drawn[inner & ~mask] = LINE
    return drawn


def surroundings(mask: BoolArray, *, context: float, least: int) -> tuple[slice, slice]:
    """Rows and columns around `mask`: its box enlarged to `context` times its sides, at least `least` pixels, cut at
    the frame.
    """
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        _enlarged(int(ys[0]), int(ys[-1]) + 1, mask.shape[0], context=context, least=least),
        _enlarged(int(xs[0]), int(xs[-1]) + 1, mask.shape[1], context=context, least=least),
    )


def _disc(radius: int) -> Pixels:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), dtype=np.uint8)


def _enlarged(start: int, end: int, limit: int, *, context: float, least: int) -> slice:
    length = max(least, round((end - start) * context))
    first = (start + end - length) // 2
    return slice(max(0, first), min(limit, first + length))

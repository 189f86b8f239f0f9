"""Pictures of one object for models that take no masks: its outline on the whole frame, its surroundings up close."""

from __future__ import annotations

import cv2
import numpy as np

from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.video import Pixels

LINE, EDGE = (255, 230, 0), (0, 0, 0)
"""RGB of the outline and of the edge around it: one of both shows on any ground"""
JPEG_QUALITY = 90


def outlined(pixels: Pixels, mask: BoolArray) -> Pixels:
    """A copy of `pixels` [h, w, 3] with a line around `mask` [h, w]; what is inside the mask is not touched."""
    thick = max(1, round(max(mask.shape) / 400))
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


def fitted(pixels: Pixels, side: int) -> Pixels:
    """`pixels` with a longer side of at most `side`; small ones stay as they are."""
    scale = side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def encoded_jpeg(pixels: Pixels) -> bytes:
    """`pixels` [h, w, 3] RGB as JPEG."""
    turned = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR)
    done, written = cv2.imencode(".jpg", turned, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    if not done:
        raise ValueError(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} cannot be written as JPEG")
    return bytes(written)


def _disc(radius: int) -> Pixels:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), dtype=np.uint8)


def _enlarged(start: int, end: int, limit: int, *, context: float, least: int) -> slice:
    length = max(least, round((end - start) * context))
    first = (start + end - length) // 2
    return slice(max(0, first), min(limit, first + length))

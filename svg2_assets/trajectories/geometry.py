"""Boxes as (x0, y0, x1, y1) float arrays, and arithmetic on them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Box = npt.NDArray[np.float32]
Boxes = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float32]


def areas(boxes: Boxes) -> Matrix:
    """Area of each of `boxes` [N, 4]."""
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    return np.asarray(sides[:, 0] * sides[:, 1], dtype=np.float32)


def overlaps(first: Boxes, second: Boxes) -> Matrix:
    """Common area of all pairs, [N, M]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    return np.asarray(sides[..., 0] * sides[..., 1], dtype=np.float32)


def iou(first: Boxes, second: Boxes) -> Matrix:
    """Intersection over union of all pairs, [N, M]."""
    common = overlaps(first, second)
    total = areas(first)[:, None] + areas(second)[None, :] - common
    return np.asarray(common / np.maximum(total, 1e-6), dtype=np.float32)


def containment(inner: Boxes, outer: Boxes) -> Matrix:
    """Share of each inner box that lies in each outer one, [N, M]."""
    return np.asarray(overlaps(inner, outer) / np.maximum(areas(inner)[:, None], 1e-6), dtype=np.float32)


def centre(box: Box) -> npt.NDArray[np.float32]:
    """(x, y) of the middle."""
    return np.asarray((box[:2] + box[2:]) / 2, dtype=np.float32)


def size(box: Box) -> float:
    """Square root of the area: one length for a box."""
    return float(np.sqrt(max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])))


def clip(box: Box, *, width: int, height: int) -> Box:
    """`box` cut at the frame."""
    limits = np.asarray([width, height, width, height], dtype=np.float32)
    return np.asarray(np.clip(box, 0, limits), dtype=np.float32)


def grow(box: Box, share: float) -> Box:
    """`box` enlarged on every side by `share` of its own sides."""
    margin = (box[2:] - box[:2]) * share
    return np.asarray(np.concatenate([box[:2] - margin, box[2:] + margin]), dtype=np.float32)


def crop_window(box: Box, *, margin: float, width: int, height: int) -> tuple[int, int, int, int]:
    """The square window (x0, y0, x1, y1) around `box` with `margin` of its longer side, moved and cut to fit.

    Small things need context more than resolution: a tight crop of a pedestrian comes back empty, a square one whole.
    """
    (cx, cy), side = centre(box), float(max(box[2] - box[0], box[3] - box[1])) * (1 + 2 * margin)
    side = max(side, 8.0)
    x0, x1 = _fit(float(cx), side, width)
    y0, y1 = _fit(float(cy), side, height)
    return x0, y0, x1, y1


def even_window(box: Box, *, margin: float, width: int, height: int) -> tuple[int, int, int, int]:
    """`box` with the same `margin` (share of its size) on all sides, cut at the frame: large things fill their crop."""
    room = np.float32(max(2.0, margin * size(box)))
    grown = clip(box + np.asarray([-room, -room, room, room], np.float32), width=width, height=height)
    x0, y0 = min(int(grown[0]), width - 1), min(int(grown[1]), height - 1)
    return x0, y0, max(x0 + 1, int(np.ceil(grown[2]))), max(y0 + 1, int(np.ceil(grown[3])))


def _fit(middle: float, side: float, limit: int) -> tuple[int, int]:
    length = min(round(side), limit)
    low = min(max(0, round(middle - length / 2)), limit - length)
    return low, low + length

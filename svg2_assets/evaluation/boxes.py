"""Boxes (x, y, w, h) in pixels: overlap, interpolation between hand-labelled frames, tying trajectories to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from svg2_assets.scene.masks import FloatArray

Box: TypeAlias = tuple[float, float, float, float]


def box_iou(first: Sequence[Box], second: Sequence[Box]) -> FloatArray:
    """Intersection over union for all pairs, [N, M]."""
    common, a, b = _common(first, second)
    return np.divide(common, a + b - common, out=np.zeros_like(common), where=a + b - common > 0)


def box_containment(inner: Sequence[Box], outer: Sequence[Box]) -> FloatArray:
    """Share of each inner box that lies in each outer one, [N, M]."""
    common, a, _ = _common(inner, outer)
    return np.divide(common, a, out=np.zeros_like(common), where=a > 0)


def interpolated(anchors: Mapping[int, Box], frame: int) -> Box | None:
    """The box on `frame`, linear between the anchors around it; None outside their range."""
    if frame in anchors:
        return anchors[frame]
    before = max((f for f in anchors if f < frame), default=None)
    after = min((f for f in anchors if f > frame), default=None)
    if before is None or after is None:
        return None
    share = (frame - before) / (after - before)
    first, second = anchors[before], anchors[after]
    x, y, w, h = ((1 - share) * a + share * b for a, b in zip(first, second, strict=True))
    return x, y, w, h


def _common(first: Sequence[Box], second: Sequence[Box]) -> tuple[FloatArray, FloatArray, FloatArray]:
    a = np.asarray(first, dtype=np.float64).reshape(-1, 1, 4)
    b = np.asarray(second, dtype=np.float64).reshape(1, -1, 4)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    common = np.clip(high - low, 0, None).prod(axis=-1)
    return common, a[..., 2] * a[..., 3] + np.zeros_like(common), b[..., 2] * b[..., 3] + np.zeros_like(common)

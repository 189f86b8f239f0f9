"""Affine maps over time: every function works on all frames of a shot at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import FloatArray

Point = tuple[float, float]


def affine(scale_x: npt.ArrayLike, scale_y: npt.ArrayLike, *, angle: npt.ArrayLike, shift: FloatArray) -> FloatArray:
    """Maps [F, 2, 3] that scale, turn by `angle` (radians, clockwise as y points down) and then shift [F, 2]."""
    sx, sy, turn = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (scale_x, scale_y, angle)), np.empty(len(shift))
    )[:3]
    cos, sin = np.cos(turn), np.sin(turn)
    maps = np.empty((len(shift), 2, 3))
    maps[:, 0, 0], maps[:, 0, 1] = cos * sx, -sin * sy
    maps[:, 1, 0], maps[:, 1, 1] = sin * sx, cos * sy
    maps[:, :, 2] = shift
    return maps


def turn_about(pivot: Point, angle: FloatArray) -> FloatArray:
    """Maps [F, 2, 3] that turn by `angle` [F] about `pivot`."""
    maps = affine(1.0, 1.0, angle=angle, shift=np.zeros((len(angle), 2)))
    centre = np.asarray(pivot)
    maps[:, :, 2] = centre - maps[:, :, :2] @ centre
    return maps


def compose(outer: FloatArray, inner: FloatArray) -> FloatArray:
    """First `inner`, then `outer`: [F, 2, 3] each."""
    maps = np.empty(np.broadcast_shapes(outer.shape, inner.shape))
    maps[..., :2] = outer[..., :2] @ inner[..., :2]
    maps[..., 2] = (outer[..., :2] @ inner[..., 2:])[..., 0] + outer[..., 2]
    return maps


def apply(maps: FloatArray, points: FloatArray) -> FloatArray:
    """`points` [N, 2] under each of `maps` [F, 2, 3]: [F, N, 2]."""
    return np.asarray(points @ maps[:, :, :2].transpose(0, 2, 1) + maps[:, None, :, 2])


def box(x0: float, y0: float, x1: float, y1: float) -> FloatArray:
    """The outline of a rectangle, [4, 2]."""
    return np.asarray([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)


def ellipse(x: float, y: float, rx: float, ry: float, *, corners: int = 20) -> FloatArray:
    """The outline of an ellipse, [corners, 2]."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack((x + rx * np.cos(turn), y + ry * np.sin(turn)), axis=1)


def polygon(*points: Sequence[float]) -> FloatArray:
    """The outline through `points`, [N, 2]."""
    return np.asarray(points, dtype=np.float64)

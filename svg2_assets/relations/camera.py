"""Where the background moves to between two frames."""

from __future__ import annotations

import numpy as np

from svg2_assets.relations.sampling import Grid
from svg2_assets.scene.masks import FloatArray
from svg2_assets.trajectories.protocols import CameraMotion


def camera_maps(camera: CameraMotion, grid: Grid, *, middle: tuple[float, float]) -> FloatArray:
    """[T - 1, 2, 3]: the similarity that carries background pixels of `grid.frames[i]` to `grid.frames[i + 1]`.

    The identity where the camera is fixed or unknown. Steps turn and zoom about the frame's `middle` (x, y pixels).
    """
    steps = max(0, len(grid) - 1)
    identity = np.eye(3)
    maps = np.repeat(identity[None], steps, axis=0)
    if camera.fixed or not camera.steps:
        return maps[:, :2]
    known = np.asarray(camera.frames)
    matrices = [similarity(*step, middle=middle) for step in camera.steps]
    for i in range(steps):
        first, last = np.searchsorted(known, grid.frames[i : i + 2], side="right") - 1
        for k in range(max(0, int(first)), min(max(0, int(last)), len(matrices))):
            maps[i] = matrices[k] @ maps[i]
    return maps[:, :2]


def similarity(dx: float, dy: float, zoom: float, roll: float, *, middle: tuple[float, float]) -> FloatArray:
    """The 3x3 matrix that turns by `roll` radians and scales by `zoom` about `middle`, then shifts by (dx, dy)."""
    c, s = zoom * np.cos(roll), zoom * np.sin(roll)
    x, y = middle
    return np.array([[c, -s, x - c * x + s * y + dx], [s, c, y - s * x - c * y + dy], [0.0, 0.0, 1.0]])


def zooms(maps: FloatArray) -> FloatArray:
    """The zoom factor of each of `maps` [N, 2, 3]."""
    return np.asarray(np.hypot(maps[:, 0, 0], maps[:, 1, 0]))


def carried(points: FloatArray, matrix: FloatArray) -> FloatArray:
    """`points` [N, 2] (x, y) moved by `matrix` [2, 3]."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])

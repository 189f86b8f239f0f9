"""Boxes of other programs as masks of the same pixels, and masks as boxes.

Here a box is four edges in pixels: it covers the pixels from `left` up to and without `right`, from `top` up to and
without `bottom`. What a format calls a box becomes edges in its adapter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
from pycocotools import mask as coco

from svg2_assets.scene.masks import MOST_PIXELS, IntArray, Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.values import Fault, NotImportable, Repair, Repairs

SAID = {"masks": "boxes"}
"""What provenance says of a graph whose masks are filled boxes."""
FAR = 1e9  # pixels
Edges = tuple[float, float, float, float]
"""(left, top, right, bottom)"""


def require_size(video: Video) -> None:
    """Raise `NotImportable` where a mask of this size cannot be held in runs."""
    if video.height * video.width > MOST_PIXELS:
        detail = f"{video.width} x {video.height} pixels; a mask has at most {MOST_PIXELS}."
        raise NotImportable(Fault.TOO_LARGE, detail)


def edges_of(numbers: Iterable[object]) -> Edges | None:
    """Four numbers as they are; None where they are no four numbers that could be in a picture."""
    found = [float(n) for n in numbers if isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < FAR]
    return (found[0], found[1], found[2], found[3]) if len(found) == 4 else None


def mask_of(edges: Edges | None, *, height: int, width: int, repairs: Repairs) -> Mask | None:
    """The filled box, edges at the nearest pixel's, at least a pixel wide and high, cut at the frame.

    None, counted, where `edges` is None, reversed, or shows nothing of the frame.
    """
    if edges is None:
        repairs[Repair.BOX_FORM] += 1
        return None
    left, top, right, bottom = edges
    if right <= left or bottom <= top:
        repairs[Repair.BOX_EMPTY] += 1
        return None
    x0, x1 = _pixels(left, right)
    y0, y1 = _pixels(top, bottom)
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        repairs[Repair.BOX_OUTSIDE] += 1
        return None
    repairs[Repair.BOX_CLIPPED] += x0 < 0 or y0 < 0 or x1 > width or y1 > height
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    return _filled(x0, y0, x1 - x0, y1 - y0, height, width)


def trajectory_of_boxes(masks: Mapping[int, Mask]) -> Trajectory:
    """Masks by frame, in any order, as a trajectory."""
    frames = sorted(masks)
    return Trajectory(tuple(frames), tuple(masks[f] for f in frames))


def boxes_of(trajectory: Trajectory) -> dict[int, tuple[int, int, int, int]]:
    """(x, y, w, h) in whole pixels by frame."""
    boxes = _whole(trajectory).tolist()
    return {frame: (x, y, w, h) for frame, (x, y, w, h) in zip(trajectory.frames, boxes, strict=True)}


def has_shape(trajectory: Trajectory) -> bool:
    """Whether a mask is anything but a filled box."""
    sides = _whole(trajectory)[:, 2:]
    return bool((trajectory.areas != sides.prod(axis=1)).any())


def _pixels(low: float, high: float) -> tuple[int, int]:
    first = math.floor(low + 0.5)
    return first, max(first + 1, math.floor(high + 0.5))


def _whole(trajectory: Trajectory) -> IntArray:
    return np.rint(trajectory.boxes).astype(np.int64)


@lru_cache(maxsize=1024)
def _filled(x: int, y: int, w: int, h: int, height: int, width: int) -> Mask:
    # Straight to runs: painting a frame for every box of a release takes a hundred times as long.
    box = np.asarray([[x, y, w, h]], dtype=np.float64)
    return Mask(height, width, coco.frPyObjects(box, height, width)[0]["counts"])

"""Set-of-marks: each visible object gets an outline around it and its number inside it.

Where a number would cover too much of its object it stands beside it, and a line leads to a dot inside the mask.
Source of the idea: Yang et al., Set-of-Mark Prompting, arXiv 2310.11441.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from svg2_assets.relations.coarse import Patch, patch
from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.video import Pixels
from svg2_assets.scene_graphs.preview import lettering
from svg2_assets.scene_graphs.preview.palette import BLACK, color_of

Box = tuple[int, int, int, int]
"""(x, y, w, h) in pixels of the picture."""

TYPE_SIZES = (10, 12, 14)
ROWS_A_SIZE = 36  # rows of the picture for one row of type
COVERED = 0.2  # largest share of its mask that a number may cover
FREE = 0.3  # share of a mask that smaller ones on it must leave, else it is marked as if they were not there
SMALL = 2500  # pixels; numbers keep off smaller objects where they can
DOTS = ((60, 0), (200, 1))  # a dot of that radius (pixels) up to that area of the mask
LARGEST_DOT = 2
_REACH = (3, 10, 20, 34, 52)  # pixels between an object and its number beside it


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the mark of an object is: `point` (x, y) inside its mask, `badge` the box of the number.

    `inside`: the number stands at the point; otherwise a dot does, and a line leads to the number.
    """

    point: tuple[int, int]
    badge: Box
    inside: bool


def mark(pixels: Pixels, masks: Mapping[int, Mask]) -> tuple[Pixels, dict[int, Mark]]:
    """A copy of `pixels` [h, w, 3] with the marks of `masks` (of any resolution), and where each is.

    An object without a pixel has no mark.
    """
    height, width = pixels.shape[:2]
    shapes = {i: patch(m, step=m.height / height) for i, m in masks.items() if m.area > 0}
    areas = {i: int(np.count_nonzero(s.cells)) for i, s in shapes.items()}
    largest_first = sorted(shapes, key=lambda i: (-areas[i], i))
    picture = np.ascontiguousarray(pixels).copy()
    _outline(picture, [(i, shapes[i]) for i in largest_first])
    places = _places(shapes, areas, size=_type_size(height), frame=(width, height))
    for i in largest_first:
        if not places[i].inside:
            _lead(picture, places[i], color=color_of(i), area=areas[i])
    for i in largest_first:
        x, y, _, _ = places[i].badge
        lettering.badge(picture, str(i), at=(x, y), size=_type_size(height), color=color_of(i))
    return picture, places


def _type_size(height: int) -> int:
    return int(np.clip(height // ROWS_A_SIZE, TYPE_SIZES[0], TYPE_SIZES[-1]))


def _outline(picture: Pixels, shapes: Sequence[tuple[int, Patch]]) -> None:
    """Lines just outside the masks, so that they hide nothing of a small object; large ones have a dark rim besides.

    Not smoothed: soft edges would bleed into what they surround.
    """
    for object_id, shape in shapes:
        grown = cv2.dilate(np.pad(shape.cells, 2), np.ones((3, 3), np.uint8))
        offset = (shape.x - 2, shape.y - 2)
        found, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=offset)
        if shape.cells.size > SMALL:
            cv2.drawContours(picture, found, -1, BLACK, 3)
        cv2.drawContours(picture, found, -1, color_of(object_id), 1)


def _places(
    shapes: Mapping[int, Patch], areas: Mapping[int, int], *, size: int, frame: tuple[int, int]
) -> dict[int, Mark]:
    """Numbers inside first, from the smallest object to the largest, which has most room to give way; then the rest."""
    smallest_first = sorted(shapes, key=lambda i: (areas[i], i))
    small = [_box(shapes[i]) for i in smallest_first if areas[i] < SMALL]
    places: dict[int, Mark] = {}
    taken: list[Box] = []
    outside: list[tuple[int, tuple[int, int]]] = []
    for k, i in enumerate(smallest_first):
        free = _free(shapes[i], [shapes[j] for j in smallest_first[:k]])
        extent = lettering.badge_width(str(i), size), lettering.line_height(size)
        found = _inside(shapes[i], free, extent, taken, most=COVERED * areas[i], frame=frame)
        if found is None:
            outside.append((i, _deepest(shapes[i], free)))
        else:
            places[i] = found
            taken.append(found.badge)
    for i, point in outside:
        extent = lettering.badge_width(str(i), size), lettering.line_height(size)
        badge = _beside(_box(shapes[i]), extent, taken=taken, small=small, frame=frame)
        places[i] = Mark(point, badge, inside=False)
        taken.append(badge)
    return places


def _free(shape: Patch, smaller: Sequence[Patch]) -> FloatArray:
    """Distance [h, w] from each cell of `shape` to its edge, what smaller objects show of themselves cut out."""
    h, w = shape.cells.shape
    cells = shape.cells.copy()
    for other in smaller:
        cells &= 1 - other.window(shape.x, shape.y, shape.x + w, shape.y + h)
    if cells.sum() < FREE * shape.cells.sum():
        cells = shape.cells
    depth = cv2.distanceTransform(np.pad(cells, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.asarray(depth, dtype=np.float64)


def _deepest(shape: Patch, depth: FloatArray) -> tuple[int, int]:
    y, x = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return shape.x + int(x), shape.y + int(y)


def _inside(
    shape: Patch,
    depth: FloatArray,
    extent: tuple[int, int],
    taken: Sequence[Box],
    *,
    most: float,
    frame: tuple[int, int],
) -> Mark | None:
    """The deepest point at which a number of `extent` (w, h) meets no other one; None where it would cover too much."""
    w, h = extent
    if w * h > most:
        return None
    depth = depth.copy()
    for x, y, tw, th in taken:  # points whose number would meet one that is there
        left, top = x - shape.x - w // 2 - 1, y - shape.y - h // 2 - 1
        depth[max(0, top) : max(0, top + th + h + 2), max(0, left) : max(0, left + tw + w + 2)] = 0.0
    if depth.max() < min(w, h) / 2:
        return None
    px, py = _deepest(shape, depth)
    return Mark((px, py), _at((px - w // 2, py - h // 2), extent, frame), inside=True)


def _beside(
    around: Box, extent: tuple[int, int], *, taken: Sequence[Box], small: Sequence[Box], frame: tuple[int, int]
) -> Box:
    """The nearest place beside `around` that meets no number, and as little of small objects as can be."""
    spots = [_at(corner, extent, frame) for corner in _around(around, extent)]
    area = extent[0] * extent[1]

    def price(spot: Box) -> tuple[float, float]:
        on_numbers = sum(_common(spot, t) for t in taken)
        on_small = sum(_common(spot, s) / max(1, min(area, s[2] * s[3])) for s in small) + _common(spot, around) / area
        return on_numbers, on_small

    prices = [price(s) for s in spots]
    best = min(range(len(spots)), key=lambda k: (prices[k][0] > 0, prices[k][0] + 50 * min(prices[k][1], 3) + k))
    return spots[best]


def _around(box: Box, extent: tuple[int, int]) -> Iterator[tuple[int, int]]:
    x, y, w, h = box
    bw, bh = extent
    for gap in _REACH:
        middle, level = x + (w - bw) // 2, y + (h - bh) // 2
        yield from ((middle, y - bh - gap), (x + w + gap, level), (x - bw - gap, level), (middle, y + h + gap))
        yield from ((x + w + gap, y - bh - gap), (x - bw - gap, y - bh - gap))
        yield from ((x + w + gap, y + h + gap), (x - bw - gap, y + h + gap))


def _lead(picture: Pixels, place: Mark, *, color: tuple[int, int, int], area: int) -> None:
    x, y, w, h = place.badge
    px, py = place.point
    near = (int(np.clip(px, x, x + w - 1)), int(np.clip(py, y, y + h - 1)))
    cv2.line(picture, near, (px, py), color, 1)
    radius = next((r for most, r in DOTS if area <= most), LARGEST_DOT)
    cv2.circle(picture, (px, py), radius, color, cv2.FILLED)


def _box(shape: Patch) -> Box:
    h, w = shape.cells.shape
    return shape.x, shape.y, w, h


def _at(corner: tuple[int, int], extent: tuple[int, int], frame: tuple[int, int]) -> Box:
    x = max(0, min(corner[0], frame[0] - extent[0]))
    y = max(0, min(corner[1], frame[1] - extent[1]))
    return x, y, extent[0], extent[1]


def _common(a: Box, b: Box) -> int:
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0, across) * max(0, down)

"""Masks on a coarse pixel grid, read straight from their runs: no full-size decode."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import FloatArray, Mask, run_lengths

Cells = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Patch:
    """A mask's cells [h, w] (0 or 1) with the place of its first cell: column `x`, row `y` of the coarse grid."""

    x: int
    y: int
    cells: Cells

    def window(self, x0: int, y0: int, x1: int, y1: int) -> Cells:
        """The cells [y1 - y0, x1 - x0] of the grid's window, 0 outside the patch."""
        seen = np.zeros((max(0, y1 - y0), max(0, x1 - x0)), dtype=np.uint8)
        h, w = self.cells.shape
        left, top, right, low = max(x0, self.x), max(y0, self.y), min(x1, self.x + w), min(y1, self.y + h)
        if left < right and top < low:
            part = self.cells[top - self.y : low - self.y, left - self.x : right - self.x]
            seen[top - y0 : low - y0, left - x0 : right - x0] = part
        return seen


def patch(mask: Mask, *, step: float) -> Patch:
    """`mask` sampled at the middle of cells of `step` x `step` pixels, cut to its box; at least one cell is set.

    Runs are laid over the sorted sample positions, so the cost grows with runs and cells, not with pixels.
    """
    x, y, w, h = mask.box
    x0, columns = _middles(x, x + w, step=step, limit=mask.width)
    y0, rows = _middles(y, y + h, step=step, limit=mask.height)
    places = (columns[:, None] * mask.height + rows[None, :]).ravel()
    turns = np.searchsorted(places, np.cumsum(run_lengths(mask.counts)))
    inside = np.cumsum(np.bincount(turns, minlength=places.size + 1)[: places.size]) & 1
    cells = np.ascontiguousarray(inside.reshape(len(columns), len(rows)).T.astype(np.uint8))
    if not cells.any():
        cells[len(rows) // 2, len(columns) // 2] = 1
    return Patch(x0, y0, cells)


@dataclass(frozen=True, slots=True)
class Meeting:
    """How two masks meet on the coarse grid, in cells.

    `gap`: shortest distance between them less one (0 where they touch or share cells). `common`: cells of both over
    cells of the smaller. `iou`. `ring_first`: share of the ring around the first that the second fills, and reverse.
    """

    gap: float
    common: float
    iou: float
    ring_first: float
    ring_second: float


def meeting(first: Patch, second: Patch, *, frame: tuple[int, int], ring: float) -> Meeting:
    """Compare two patches. `frame`: rows, columns of the coarse grid; `ring`: width of the ring over a thing's size."""
    a_width, b_width = _ring_width(first, ring), _ring_width(second, ring)
    x0, y0, x1, y1 = _around(first, second, pad=int(np.ceil(max(a_width, b_width))), frame=frame)
    a, b = first.window(x0, y0, x1, y1), second.window(x0, y0, x1, y1)
    to_a, to_b = _distance(a), _distance(b)
    both = int(np.count_nonzero(a & b))
    areas = int(np.count_nonzero(a)), int(np.count_nonzero(b))
    return Meeting(
        gap=max(0.0, float(to_a[b > 0].min()) - 1.0),
        common=both / min(areas),
        iou=both / (sum(areas) - both),
        ring_first=_filled(to_a, b, width=a_width),
        ring_second=_filled(to_b, a, width=b_width),
    )


def _middles(low: float, high: float, *, step: float, limit: int) -> tuple[int, npt.NDArray[np.int64]]:
    """The first cell that meets [low, high) pixels, and the pixel in the middle of each cell that does."""
    first = int(low / step)
    cells = np.arange(first, max(first + 1, int(np.ceil(high / step))))
    return first, np.minimum(((cells + 0.5) * step).astype(np.int64), limit - 1)


def _ring_width(thing: Patch, share: float) -> float:
    return max(1.5, share * float(np.sqrt(thing.cells.size)))


def _around(first: Patch, second: Patch, *, pad: int, frame: tuple[int, int]) -> tuple[int, int, int, int]:
    (ah, aw), (bh, bw) = first.cells.shape, second.cells.shape
    x1, y1 = max(first.x + aw, second.x + bw), max(first.y + ah, second.y + bh)
    x0, y0 = min(first.x, second.x), min(first.y, second.y)
    return max(0, x0 - pad), max(0, y0 - pad), min(frame[1], x1 + pad), min(frame[0], y1 + pad)


def _distance(mask: Cells) -> FloatArray:
    return np.asarray(cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3))


def _filled(distance: FloatArray, other: Cells, *, width: float) -> float:
    ring = (distance > 0) & (distance <= width)
    total = int(np.count_nonzero(ring))
    return int(np.count_nonzero(other[ring])) / total if total else 0.0

"""How much of each cell of the grid a mask covers, read from the run lengths of its RLE.

The figure is that of the released code (§6.4): the mask is scaled to the model's frame by the nearest pixel, then
averaged over cells of 28 x 28. Here nothing is decoded. In the column-major order of COCO's runs the pixels before a
place form a staircase, all columns before its own and the part of its own above it; a run is the difference of two
staircases, and how much a staircase covers of a cell is a product of two overlaps, one along each axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import FloatArray, IntArray, Mask, joined_run_lengths
from svg2_assets.traser.values import CELL, Grid

PIXELS_A_CELL = CELL * CELL
MOST_AT_ONCE = 256  # masks, and
MOST_CHARACTERS = 1 << 17  # of code: what is held besides the result stays below some 30 MB


@dataclass(frozen=True, slots=True)
class Pooled:
    """Of N masks: `pixels` [N, rows, cols], how many of a cell's 784 pixels each covers, and where it is.

    `boxes` [N, 4]: centre y, centre x, height, width as shares of the frame, NaN for a mask without a pixel.
    """

    pixels: npt.NDArray[np.uint16]
    boxes: npt.NDArray[np.float32]

    @property
    def coverage(self) -> npt.NDArray[np.float32]:
        """[N, rows, cols] shares of cells."""
        return self.pixels.astype(np.float32) / np.float32(PIXELS_A_CELL)


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of a mask, scaled: pixel i of it becomes `[before[i], before[i + 1])`; one past the end is empty."""

    size: int
    cells: int
    before: IntArray

    def strips(self) -> Iterator[tuple[IntArray, IntArray]]:
        """For each pixel, the cells that it reaches one after the other: which, and how many scaled pixels of it."""
        first = np.minimum(self.before[:-1] // CELL, self.cells - 1)
        last = np.maximum(first, (self.before[1:] - 1) // CELL)
        for step in range(int((last - first).max()) + 1):
            cell = np.minimum(first + step, self.cells - 1)
            left = np.maximum(self.before[:-1], (first + step) * CELL)
            right = np.minimum(self.before[1:], (first + step + 1) * CELL)
            yield cell, np.maximum(right - left, 0)


def pool(masks: Sequence[Mask], grid: Grid) -> Pooled:
    """Coverage and boxes of `masks`, all of one size.

    Raises `InvalidSceneValue` for a malformed RLE, one that covers more or less than its frame, and different sizes.
    """
    pixels = np.zeros((len(masks), grid.rows, grid.cols), dtype=np.uint16)
    boxes = np.full((len(masks), 4), np.nan, dtype=np.float32)
    sizes = {(m.height, m.width) for m in masks}
    if len(sizes) > 1:
        raise InvalidSceneValue(f"masks of different sizes cannot be pooled together: {sorted(sizes)}")
    for part in _parts(masks):
        height, width = masks[part.start].height, masks[part.start].width
        owner, start, end = _foreground([m.counts for m in masks[part]], height * width)
        runs = _Runs(owner, start, end, count=part.stop - part.start, height=height, width=width)
        pixels[part] = _pixels(runs, grid)
        boxes[part] = _boxes(runs)
    return Pooled(pixels, boxes)


def _parts(masks: Sequence[Mask]) -> Iterator[slice]:
    first, characters = 0, 0
    for at, mask in enumerate(masks):
        characters += len(mask.counts)
        if at > first and (characters > MOST_CHARACTERS or at - first >= MOST_AT_ONCE):
            yield slice(first, at)
            first, characters = at, len(mask.counts)
    if len(masks) > first:
        yield slice(first, len(masks))


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs `[start, end)` of pixels in column-major order, each of mask `owner` (ascending) of `count`."""

    owner: IntArray
    start: IntArray
    end: IntArray
    count: int
    height: int
    width: int


def _foreground(counts: Sequence[bytes], area: int) -> tuple[IntArray, IntArray, IntArray]:
    """The owner, start and end of every run of foreground that has a pixel."""
    lengths, firsts = joined_run_lengths(counts)
    wrong = np.flatnonzero(np.add.reduceat(lengths, firsts) != area)
    if wrong.size:
        raise InvalidSceneValue(f"an RLE covers more or less than its {area} pixels")
    owner = np.repeat(np.arange(len(firsts)), np.diff(firsts, append=len(lengths)))
    covers = (np.arange(len(lengths)) - firsts[owner]) % 2 == 1
    inside = np.flatnonzero(covers & (lengths > 0))
    owner = owner[inside]
    end = np.cumsum(lengths)[inside] - owner * area
    return owner, end - lengths[inside], end


def _pixels(runs: _Runs, grid: Grid) -> npt.NDArray[np.uint16]:
    """[count, rows, cols] scaled pixels of each cell."""
    columns, rows = _axis(runs.width, grid.cols), _axis(runs.height, grid.rows)
    x0, y0 = np.divmod(runs.start, runs.height)
    x1, y1 = np.divmod(runs.end, runs.height)
    whole = _whole_columns(runs, x0, x1, columns)
    parts = _parts_of_columns(runs, np.concatenate([x0, x1]), np.concatenate([y0, y1]), columns=columns, rows=rows)
    return np.asarray(whole[:, None, :] * CELL + parts, dtype=np.uint16)


def _whole_columns(runs: _Runs, x0: IntArray, x1: IntArray, columns: _Axis) -> FloatArray:
    """[count, cols]: how many scaled columns lie before the runs' ends and not before their starts."""
    wide = np.flatnonzero(x0 != x1)
    owner = runs.owner[wide]
    at = np.concatenate([columns.before[x1[wide]], columns.before[x0[wide]]])
    sign = np.repeat([1.0, -1.0], len(wide))
    return _overlaps(np.concatenate([owner, owner]), at, sign, count=runs.count, cells=columns.cells, lanes=1)[:, :, 0]


def _parts_of_columns(runs: _Runs, x: IntArray, y: IntArray, *, columns: _Axis, rows: _Axis) -> FloatArray:
    """[count, rows, cols]: what the columns in which runs start and end add, from their upper edge down to there."""
    owner = np.concatenate([runs.owner, runs.owner])
    sign = np.repeat([-1.0, 1.0], len(runs.owner))
    total = np.zeros((runs.count, rows.cells, columns.cells))
    for cell, breadth in columns.strips():
        there = np.flatnonzero((breadth[x] > 0) & (y > 0))
        lane, weight = cell[x[there]], breadth[x[there]] * sign[there]
        at = rows.before[y[there]]
        total += _overlaps(owner[there], at, weight, count=runs.count, cells=rows.cells, lanes=columns.cells, lane=lane)
    return total


def _overlaps(
    owner: IntArray,
    at: IntArray,
    weight: FloatArray,
    *,
    count: int,
    cells: int,
    lanes: int,
    lane: IntArray | int = 0,
) -> FloatArray:
    """[count, cells, lanes]: by owner and lane, the weighted sum over `at` of how much of each cell lies before it.

    A cell before that of `at` counts 28, its own the rest, later ones nothing: two steps down, summed from the end.
    """
    cell, rest = np.divmod(at, CELL)
    index = (owner * (cells + 2) + cell) * lanes + lane
    size = count * (cells + 2) * lanes
    steps = np.bincount(index, weight * (CELL - rest), size) + np.bincount(index + lanes, weight * rest, size)
    steps = steps.reshape(count, cells + 2, lanes)[:, 1:-1]
    return np.asarray(steps[:, ::-1].cumsum(axis=1)[:, ::-1])


@lru_cache(maxsize=64)
def _axis(size: int, cells: int) -> _Axis:
    taken = nearest_pixels(size, cells * CELL)
    return _Axis(size, cells, np.searchsorted(taken, np.arange(size + 2)).astype(np.int64))


def nearest_pixels(size: int, scaled: int) -> IntArray:
    """[scaled]: which of `size` pixels each scaled one shows, as torch's nearest interpolation picks them.

    In its single precision: where the quotient is whole, rounding decides between two pixels.
    """
    if size == scaled:
        return np.arange(size, dtype=np.int64)
    ratio = np.float32(size) / np.float32(scaled)
    picked = np.floor(np.arange(scaled, dtype=np.float32) * ratio).astype(np.int64)
    return np.asarray(np.minimum(picked, size - 1))


def _boxes(runs: _Runs) -> npt.NDArray[np.float32]:
    """[count, 4] of the masks as they came, unscaled."""
    boxes = np.full((runs.count, 4), np.nan, dtype=np.float32)
    if runs.owner.size == 0:
        return boxes
    left, top = np.divmod(runs.start, runs.height)
    right, bottom = np.divmod(runs.end - 1, runs.height)
    crossing = left != right  # goes over the lower edge and on at the upper one
    top, bottom = np.where(crossing, 0, top), np.where(crossing, runs.height - 1, bottom)
    first = np.flatnonzero(np.diff(runs.owner, prepend=-1))
    y0, x0 = np.minimum.reduceat(top, first) / runs.height, left[first] / runs.width
    y1 = (np.maximum.reduceat(bottom, first) + 1) / runs.height
    x1 = (np.maximum.reduceat(right, first) + 1) / runs.width
    boxes[runs.owner[first]] = np.stack([(y0 + y1) / 2, (x0 + x1) / 2, y1 - y0, x1 - x0], axis=1)
    return boxes

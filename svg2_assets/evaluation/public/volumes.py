"""Volume IoU of box trajectories [left, top, right, bottom], all inclusive, in half-open durations of frames.

Many pairs at once and to the last digit what a plain loop over frames gives: sums are added up from first to last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray

CELLS = 32_000
"""Boxes that are compared at once: few enough for a CPU's cache, and the memory is bounded for any number of pairs."""


@dataclass(frozen=True, slots=True)
class BoxTubes:
    """N box trajectories: all boxes [B + 1, 4] (the last is a filler), and of each trajectory where its boxes begin,
    how many they are, its duration and its pixels, [N] each.
    """

    boxes: FloatArray
    first: IntArray
    length: IntArray
    start: IntArray
    end: IntArray
    volume: FloatArray

    @classmethod
    def of(cls, trajectories: Sequence[FloatArray], durations: Sequence[tuple[int, int]]) -> BoxTubes:
        """Boxes [K, 4] of each trajectory, and the (first, end) of each."""
        length = np.asarray([len(t) for t in trajectories], dtype=np.int64)
        start, end = np.asarray(durations, dtype=np.int64).reshape(-1, 2).T
        volume = [_in_order(_pixels(t)) for t in trajectories]
        boxes = np.concatenate([*trajectories, np.zeros((1, 4))])
        return cls(boxes, np.cumsum(length) - length, length, start, end, np.asarray(volume))


def boxes_of(value: Any, where: object) -> FloatArray:
    """[N, 4] of a list of boxes; what stands behind the four numbers of a box is left aside."""
    try:
        boxes = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        boxes = np.full((1, 1), np.nan)
    if boxes.size == 0:
        return np.zeros((0, 4))
    if boxes.ndim != 2 or boxes.shape[1] < 4 or not np.isfinite(boxes[:, :4]).all():
        raise InvalidBenchmarkInput(
            f"{where}: expected one box [left, top, right, bottom] of finite numbers a frame. Correct the trajectory."
        )
    return boxes[:, :4]


def _pixels(boxes: FloatArray) -> FloatArray:
    """Pixels of each box, [..., 4] -> [...]."""
    return np.asarray((boxes[..., 2] - boxes[..., 0] + 1) * (boxes[..., 3] - boxes[..., 1] + 1))


def _in_order(values: FloatArray) -> float:
    """The sum, added up from first to last: numpy's own order of adding would differ in the last digit."""
    return float(np.cumsum(values)[-1]) if values.size else 0.0


def volume_ious(left: BoxTubes, right: BoxTubes, pairs: IntArray) -> tuple[FloatArray, BoolArray]:
    """vIoU of each of `pairs` [P, 2], and whether it can be computed at all, [P] each."""
    i, j = pairs.T
    begin = np.maximum(left.start[i], right.start[j])
    frames = np.maximum(np.minimum(left.end[i], right.end[j]) - begin, 0)
    apart = (left.start[i] >= right.end[j]) | (left.end[i] <= right.start[j])
    skipped = (begin - left.start[i], begin - right.start[j])
    there = (skipped[0] + frames <= left.length[i]) & (skipped[1] + frames <= right.length[j]) | (frames == 0)
    frames = np.where(apart | ~there, 0, frames)
    common = np.zeros(len(pairs))
    step = max(1, CELLS // max(1, int(frames.max(initial=0))))
    for at in range(0, len(pairs), step):
        part = slice(at, at + step)
        common[part] = _common(
            left.boxes, left.first[i[part]] + skipped[0][part], right.boxes, right.first[j[part]] + skipped[1][part],
            frames[part],
        )  # fmt: skip
    either = left.volume[i] + right.volume[j] - common
    known = apart | (there & (either != 0))
    return np.divide(common, either, out=np.zeros(len(pairs)), where=known & ~apart), known


def _common(left: FloatArray, first: IntArray, right: FloatArray, second: IntArray, frames: IntArray) -> FloatArray:
    """Common pixels of P pairs over `frames` [P] boxes that begin at the rows `first` and `second`, [P]."""
    steps = np.arange(max(1, int(frames.max(initial=0))))
    within = steps < frames[:, None]
    a = left[np.where(within, first[:, None] + steps, -1)]
    b = right[np.where(within, second[:, None] + steps, -1)]
    size = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + 1, 0)
    return np.asarray(np.cumsum(np.where(within, size[..., 0] * size[..., 1], 0.0), axis=1)[:, -1])

"""Which objects are beside each other in a window, and what their boxes say of the two on each of its steps.

A language model that is shown two objects in blocks of their own must compare their boxes to tell that one approaches
the other. Here the comparison is made for it, for the pairs that are near enough to have to do with each other, step by
step: what holds for a second is not lost among the seconds of a window.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from svg2_assets.traser.values import PAIR_FEATURES, Window, step_times

if TYPE_CHECKING:
    from svg2_assets.scene.masks import FloatArray, IntArray
    from svg2_assets.traser.arrangement import Clip

LEAST_AREA = 1e-6  # of the frame, so that its logarithm is finite


@dataclass(frozen=True, slots=True)
class Beside:
    """Another object in a window: its place `track` in the clip, and `pairs` [steps, PAIR_FEATURES] of the two.

    The steps are those of the window that show both, in order.
    """

    track: int
    pairs: npt.NDArray[np.float32]

    @property
    def number(self) -> int:
        """The other object's number in the answer."""
        return self.track + 1


@dataclass(frozen=True)  # no slots: boxes and gaps are worked out once
class Neighbours:
    """The objects of `clip` that come nearest to each, `most` of them a window."""

    clip: Clip
    most: int

    def of(self, track: int, window: Window) -> tuple[Beside, ...]:
        """Who is beside object `track` (its place in the clip) in `window`, nearest first; of equals the earlier."""
        if self.most < 1 or len(self.clip.tracks) < 2:
            return ()
        gaps = self._gaps[track, :, window.first : window.last]
        least = np.where(np.isnan(gaps), np.inf, gaps).min(axis=1)
        least[track] = np.inf
        order = np.argsort(least, kind="stable")[: self.most]
        return tuple(Beside(int(k), self._pairs(track, int(k), window)) for k in order if np.isfinite(least[k]))

    def _pairs(self, own: int, other: int, window: Window) -> npt.NDArray[np.float32]:
        both = np.flatnonzero(~np.isnan(self._gaps[own, other, window.first : window.last])) + window.first
        mine, theirs = self._boxes[own], self._boxes[other]
        before, after = self._around(own, other, both)
        areas = [np.maximum(b[both, 2] * b[both, 3], LEAST_AREA) for b in (theirs, mine)]
        pairs = np.empty((len(both), PAIR_FEATURES), dtype=np.float32)
        pairs[:, 0] = self._times[both]
        pairs[:, 1:3] = theirs[both, :2] - mine[both, :2]
        pairs[:, 3:5] = mine[after, :2] - mine[before, :2]
        pairs[:, 5:7] = theirs[after, :2] - theirs[before, :2]
        pairs[:, 7] = np.log(areas[0] / areas[1])
        pairs[:, 8] = _iou(mine[both], theirs[both])
        pairs[:, 9] = self._gaps[own, other, both]
        pairs[:, 10] = self._gaps[own, other, after] - self._gaps[own, other, before]
        pairs[:, 11], pairs[:, 12] = own + 1, other + 1
        return pairs

    def _around(self, own: int, other: int, steps: IntArray) -> tuple[IntArray, IntArray]:
        """The steps before and after each of `steps`, or these themselves where one does not show both objects."""
        gaps, last = self._gaps[own, other], len(self._times) - 1
        before, after = np.maximum(steps - 1, 0), np.minimum(steps + 1, last)
        return np.where(np.isnan(gaps[before]), steps, before), np.where(np.isnan(gaps[after]), steps, after)

    @cached_property
    def _boxes(self) -> FloatArray:
        """[tracks, steps, 4]: centre y, centre x, height, width."""
        return np.stack([t.boxes for t in self.clip.tracks]).astype(np.float64)

    @cached_property
    def _gaps(self) -> FloatArray:
        """[tracks, tracks, steps]: shares of the frame between two boxes, NaN where one of them is not seen."""
        centres, sizes = self._boxes[..., :2], self._boxes[..., 2:]
        apart = np.abs(centres[:, None] - centres[None]) - (sizes[:, None] + sizes[None]) / 2
        return np.asarray(np.hypot(*np.moveaxis(np.maximum(apart, 0), -1, 0)))

    @cached_property
    def _times(self) -> FloatArray:
        return step_times(self.clip.times)


def _iou(first: FloatArray, second: FloatArray) -> FloatArray:
    """Of boxes [n, 4] as above, pair by pair."""
    lower = np.maximum(first[:, :2] - first[:, 2:] / 2, second[:, :2] - second[:, 2:] / 2)
    upper = np.minimum(first[:, :2] + first[:, 2:] / 2, second[:, :2] + second[:, 2:] / 2)
    common = np.clip(upper - lower, 0, None).prod(axis=1)
    return np.asarray(common / np.maximum(first[:, 2:].prod(axis=1) + second[:, 2:].prod(axis=1) - common, LEAST_AREA))

"""Which objects are beside each other in a window, and what their boxes say of the two on each of its steps.

A language model that is shown two objects in blocks of their own must compare their boxes to tell that one approaches
the other. Here the comparison is made for it, for the pairs that are near enough to have to do with each other, step by
step: what holds for a second is not lost among the seconds of a window.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    _kept: dict[int, npt.NDArray[np.float32]] = field(default_factory=dict, compare=False, repr=False)

    def of(self, track: int, window: Window) -> tuple[Beside, ...]:
        """Who is beside object `track` (its place in the clip) in `window`, nearest first; of equals the earlier."""
        if self.most < 1 or len(self.clip.tracks) < 2:
            return ()
        gaps = self._gaps[track, :, window.first : window.last]
        least = np.where(np.isnan(gaps), np.inf, gaps).min(axis=1)
        least[track] = np.inf
        order = np.argsort(least, kind="stable")[: self.most]
        near = [int(k) for k in order if np.isfinite(least[k])]
        return tuple(Beside(k, self._pairs_of(track)[k, window.first : window.last][~np.isnan(gaps[k])]) for k in near)

    def _pairs_of(self, own: int) -> npt.NDArray[np.float32]:
        """[tracks, steps, PAIR_FEATURES] of object `own` and every other; anything where a step does not show both.

        An object's windows are asked about one after the other, so that its pairs alone are kept.
        """
        if own not in self._kept:
            self._kept.clear()
            self._kept[own] = self._compared(own)
        return self._kept[own]

    def _compared(self, own: int) -> npt.NDArray[np.float32]:
        mine, theirs, gaps = self._boxes[own][None], self._boxes, self._gaps[own]
        before, after = self._around(gaps)
        others = np.arange(len(theirs))[:, None]
        areas = [np.maximum(b[..., 2] * b[..., 3], LEAST_AREA) for b in (theirs, mine)]
        pairs = np.empty((*gaps.shape, PAIR_FEATURES), dtype=np.float32)
        pairs[..., 0] = self._times
        pairs[..., 1:3] = theirs[..., :2] - mine[..., :2]
        pairs[..., 3:5] = mine[0, after, :2] - mine[0, before, :2]
        pairs[..., 5:7] = theirs[others, after, :2] - theirs[others, before, :2]
        pairs[..., 7] = np.log(areas[0] / areas[1])
        pairs[..., 8] = _iou(mine, theirs)
        pairs[..., 9] = gaps
        pairs[..., 10] = gaps[others, after] - gaps[others, before]
        pairs[..., 11], pairs[..., 12] = own + 1, others + 1
        return pairs

    def _around(self, gaps: FloatArray) -> tuple[IntArray, IntArray]:
        """[tracks, steps]: the steps before and after each, or itself where one of them does not show both objects."""
        steps = np.broadcast_to(np.arange(gaps.shape[1]), gaps.shape)
        unseen = np.isnan(gaps)
        before, after = np.maximum(steps - 1, 0), np.minimum(steps + 1, gaps.shape[1] - 1)
        earlier, later = (np.where(np.take_along_axis(unseen, way, 1), steps, way) for way in (before, after))
        return earlier, later

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
    """Of boxes [..., 4] as above, pair by pair."""
    lower = np.maximum(first[..., :2] - first[..., 2:] / 2, second[..., :2] - second[..., 2:] / 2)
    upper = np.minimum(first[..., :2] + first[..., 2:] / 2, second[..., :2] + second[..., 2:] / 2)
    common = np.clip(upper - lower, 0, None).prod(axis=-1)
    areas = first[..., 2:].prod(axis=-1) + second[..., 2:].prod(axis=-1)
    return np.asarray(common / np.maximum(areas - common, LEAST_AREA))

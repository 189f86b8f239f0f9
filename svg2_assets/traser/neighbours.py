"""Which objects are beside each other in a window, and what their boxes say of the two.

A language model that is shown two objects in blocks of their own must compare their boxes to tell that one approaches
the other. Here the comparison is made for it, for the pairs that are near enough to have to do with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from svg2_assets.traser.values import GROUP_FEATURES, Window, step_times

if TYPE_CHECKING:
    from svg2_assets.scene.masks import FloatArray
    from svg2_assets.traser.arrangement import Clip

LEAST_AREA = 1e-6  # of the frame, so that its logarithm is finite


@dataclass(frozen=True, slots=True)
class Beside:
    """Another object in a window: its `number` in the answer, and `meta` [GROUP_FEATURES] of the two."""

    number: int
    meta: npt.NDArray[np.float32]


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
        least = np.where(np.isnan(gaps).all(axis=1), np.inf, np.nanmin(np.where(np.isnan(gaps), np.inf, gaps), axis=1))
        least[track] = np.inf
        order = np.argsort(least, kind="stable")[: self.most]
        return tuple(Beside(int(k) + 1, self._meta(track, int(k), window)) for k in order if np.isfinite(least[k]))

    def _meta(self, own: int, other: int, window: Window) -> npt.NDArray[np.float32]:
        both = np.flatnonzero(~np.isnan(self._gaps[own, other, window.first : window.last])) + window.first
        first, last = int(both[0]), int(both[-1])
        mine, theirs = self._boxes[own], self._boxes[other]
        meta = np.zeros(GROUP_FEATURES, dtype=np.float32)
        meta[0], meta[1] = self._times[first], self._times[last]
        meta[2:4] = theirs[first, :2] - mine[first, :2]
        meta[4:6] = theirs[last, :2] - mine[last, :2]
        areas = [max(float(b[last, 2] * b[last, 3]), LEAST_AREA) for b in (theirs, mine)]
        meta[6] = np.log(areas[0] / areas[1])
        meta[7] = float(_iou(mine[both], theirs[both]).max())
        meta[8] = other + 1
        return meta

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

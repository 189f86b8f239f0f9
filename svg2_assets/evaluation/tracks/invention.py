"""Predicted masks where there is nothing, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.evaluation.tracks.overlaps import Overlaps
from svg2_assets.evaluation.tracks.pairing import Pair
from svg2_assets.scene.masks import BoolArray


@dataclass(frozen=True, slots=True)
class Invention:
    """Seconds are summed over predicted trajectories: two on the same frame count twice.

    absent_seconds: paired trajectories on frames where their truth object is not visible.
    empty_seconds: masks, of any trajectory, that lie on no truth object.
    seconds: masks that are one or the other, each once.
    false_trajectories, false_seconds: trajectories that are paired with nothing, and how long they last.
    """

    absent_seconds: float
    empty_seconds: float
    seconds: float
    false_trajectories: int
    false_seconds: float


def invention(overlaps: Overlaps, pairs: Sequence[Pair], *, fps: float, touching: float) -> Invention:
    """Count masks / fps. A mask lies on no truth object when each holds less than `touching` of its own area."""
    there = overlaps.predicted_areas > 0
    absent = np.zeros_like(there)
    for i, j in pairs:
        absent[:, j] = there[:, j] & (overlaps.truth_areas[:, i] == 0)
    empty = there & ~_touching(overlaps, touching)
    false = np.asarray(there.any(axis=0))
    false[[j for _, j in pairs]] = False
    return Invention(
        absent_seconds=int(absent.sum()) / fps,
        empty_seconds=int(empty.sum()) / fps,
        seconds=int((absent | empty).sum()) / fps,
        false_trajectories=int(false.sum()),
        false_seconds=int(there[:, false].sum()) / fps,
    )


def _touching(overlaps: Overlaps, least: float) -> BoolArray:
    """Which predicted masks have at least the share `least` of their pixels on some one truth object, [T, M]."""
    touching = np.zeros(overlaps.predicted_areas.shape, dtype=bool)
    for t, (areas, common) in enumerate(zip(overlaps.predicted_areas, overlaps.common, strict=True)):
        found = np.flatnonzero(areas)
        touching[t, found] = (common / areas[found] >= least).any(axis=0)
    return touching

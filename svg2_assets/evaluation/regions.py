"""Region similarity J: how well trajectories cover a true mask, frame by frame.

J is the mean over all frames of the intersection over union (Perazzi et al., DAVIS, CVPR 2016). Unlike the DAVIS
devkit, which skips the first and the last frame, every frame counts; a missing mask counts 0, or 1 where the truth is
empty too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.trajectory import Trajectory

UNION_SIZE = 3
UNION_CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Coverage:
    """The mean J that the trajectories at `indices` (positions in the given sequence) reach together."""

    mean: float
    indices: tuple[int, ...] = ()


def overlaps(truth: Sequence[Mask], found: Sequence[Mask | None]) -> FloatArray:
    """IoU of each true mask with the found one of the same frame, [N]. None stands for an empty mask."""
    return np.asarray([_overlap(t, f) for t, f in zip(truth, found, strict=True)], dtype=np.float64)


def mean_overlap(truth: Sequence[Mask], found: Sequence[Mask | None]) -> float:
    """J; 0 for no frames at all."""
    return float(overlaps(truth, found).mean()) if len(truth) else 0.0


def best_single(truth: Sequence[Mask], trajectories: Sequence[Trajectory]) -> Coverage:
    """The trajectory with the highest J; J 0 and no index when there is none."""
    scores = _scores(truth, trajectories)
    if not scores:
        return Coverage(0.0)
    best = int(np.argmax(scores))
    return Coverage(scores[best], (best,))


def best_union(truth: Sequence[Mask], trajectories: Sequence[Trajectory], *, size: int = UNION_SIZE) -> Coverage:
    """The union of at most `size` trajectories with the highest J.

    Tries every combination of the `UNION_CANDIDATES` that cover most of the truth, which is exact for clips with no
    more trajectories than that.
    """
    candidates = _candidates(truth, trajectories)
    best = best_single(truth, trajectories)
    for count in range(2, size + 1):
        for chosen in combinations(candidates, count):
            score = mean_overlap(truth, _united([trajectories[i] for i in chosen], len(truth)))
            if score > best.mean:
                best = Coverage(score, chosen)
    return best


def _overlap(truth: Mask, found: Mask | None) -> float:
    if found is None or found.area == 0:
        return 1.0 if truth.area == 0 else 0.0
    return float(mask_algebra.iou([truth], [found])[0, 0])


def _scores(truth: Sequence[Mask], trajectories: Sequence[Trajectory]) -> list[float]:
    return [mean_overlap(truth, _united([t], len(truth))) for t in trajectories]


def _candidates(truth: Sequence[Mask], trajectories: Sequence[Trajectory]) -> list[int]:
    covered = [_covered(truth, t) for t in trajectories]
    order = sorted(range(len(trajectories)), key=lambda i: (-covered[i], i))
    return sorted(i for i in order[:UNION_CANDIDATES] if covered[i] > 0)


def _covered(truth: Sequence[Mask], trajectory: Trajectory) -> float:
    """True pixels inside minus pixels outside, over all frames: a cheap bound for what a trajectory can add."""
    inside = outside = 0.0
    for frame, mask in zip(trajectory.frames, trajectory.masks, strict=True):
        if frame < len(truth):
            common = float(mask_algebra.intersection_areas([mask], [truth[frame]])[0, 0])
            inside, outside = inside + common, outside + mask.area - common
    return inside - 0.5 * outside


def _united(trajectories: Sequence[Trajectory], frames: int) -> list[Mask | None]:
    """The union of `trajectories` on each of `frames` frames, None where all are absent."""
    shown: list[list[Mask]] = [[] for _ in range(frames)]
    for trajectory in trajectories:
        for frame, mask in zip(trajectory.frames, trajectory.masks, strict=True):
            if frame < frames:
                shown[frame].append(mask)
    return [None if not m else m[0] if len(m) == 1 else mask_algebra.union(m) for m in shown]

"""Region similarity J and boundary accuracy F of paired trajectories (Perazzi et al., CVPR 2016)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as coco
from scipy.spatial import KDTree

from svg2_assets.evaluation.tracks.overlaps import Overlaps
from svg2_assets.evaluation.tracks.pairing import Pair
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray, Mask
from svg2_assets.scene.trajectory import Trajectory

TOLERANCE = 0.008
"""Of the frame's diagonal (DAVIS)."""


@dataclass(frozen=True, slots=True)
class RegionsAndBoundaries:
    """Means in 0..1: over the pairs, and over all truth objects with 0 for those that have no pair. None of nothing."""

    j: float | None
    f: float | None
    j_and_f: float | None
    j_of_all: float | None
    f_of_all: float | None
    j_and_f_of_all: float | None


def regions_and_boundaries(
    truth: Sequence[Trajectory], predicted: Sequence[Trajectory], pairs: Sequence[Pair], *, overlaps: Overlaps
) -> RegionsAndBoundaries:
    """J = IoU and F = boundary F-measure of a pair, each the mean over the frames that show either of the two.

    DAVIS counts frames without both as 1; here they are left out, so that being absent earns nothing.
    """
    series = overlaps.pair_iou(pairs)
    scores = [
        _pair_scores(truth[i], predicted[j], _shown(series[:, k], overlaps, (i, j))) for k, (i, j) in enumerate(pairs)
    ]
    of_pairs = np.asarray(scores).reshape(-1, 2)
    j, f = (float(v) for v in of_pairs.mean(axis=0)) if pairs else (None, None)
    all_j, all_f = (float(v) for v in of_pairs.sum(axis=0) / len(truth)) if truth else (None, None)
    return RegionsAndBoundaries(j, f, _middle(j, f), all_j, all_f, _middle(all_j, all_f))


def boundary_f(first: Mask, second: Mask, *, tolerance: float = TOLERANCE) -> float:
    """F = 2PR / (P + R): P and R are the shares of one boundary within ⌈tolerance · diagonal⌉ pixels of the other.

    In 0..1; both masks hold a pixel. Equal to DAVIS's `f_measure`, whose dilation is a search for neighbours here.
    """
    if first.counts == second.counts:
        return 1.0
    reach = math.ceil(tolerance * math.hypot(first.height, first.width))
    window = _window(first, second)
    points = [_boundary_points(_decoded(m, window)) for m in (first, second)]
    precision, recall = _near(points[0], points[1], reach), _near(points[1], points[0], reach)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _shown(iou: FloatArray, overlaps: Overlaps, pair: Pair) -> dict[int, float]:
    """frame -> IoU, for the frames that show either of the pair."""
    either = (overlaps.truth_areas[:, pair[0]] > 0) | (overlaps.predicted_areas[:, pair[1]] > 0)
    return {int(t): float(iou[t]) for t in np.flatnonzero(either)}


def _pair_scores(truth: Trajectory, predicted: Trajectory, iou: dict[int, float]) -> tuple[float, float]:
    """(J, F)."""
    shown, found = (dict(zip(t.frames, t.masks, strict=True)) for t in (truth, predicted))
    f = sum(boundary_f(shown[t], found[t]) for t in shown if t in found)
    return sum(iou.values()) / len(iou), f / len(iou)


def _window(first: Mask, second: Mask) -> tuple[slice, slice]:
    """Rows and columns of both masks with a margin of one pixel, for their boundaries lie half a pixel outside."""
    boxes = np.asarray([first.box, second.box]).astype(int)
    left, top = np.maximum(boxes[:, :2].min(axis=0) - 1, 0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0) + 1
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _decoded(mask: Mask, window: tuple[slice, slice]) -> BoolArray:
    return np.ascontiguousarray(coco.decode(mask.rle)[window], dtype=bool)


def _boundary_points(pixels: BoolArray) -> IntArray:
    """[K, 2] places where a pixel differs from its right, lower or diagonal neighbour (DAVIS's `seg2bmap`)."""
    padded = np.pad(pixels, ((0, 1), (0, 1)), mode="edge")  # at the frame's end there is no edge
    here = padded[:-1, :-1]
    return np.argwhere((here ^ padded[:-1, 1:]) | (here ^ padded[1:, :-1]) | (here ^ padded[1:, 1:]))


def _near(points: IntArray, others: IntArray, reach: int) -> float:
    """Share of `points` that have one of `others` within `reach`; a frame-filling mask has no boundary at all."""
    if not len(points):
        return 1.0
    if not len(others):
        return 0.0
    distances, _ = KDTree(others).query(points, distance_upper_bound=reach + 0.5)
    return float((distances <= reach).mean())


def _middle(j: float | None, f: float | None) -> float | None:
    return (j + f) / 2 if j is not None and f is not None else None

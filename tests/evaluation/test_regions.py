"""Region similarity, with values that can be counted on paper."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.evaluation.regions import best_single, best_union, mean_overlap, overlaps
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory


def strip(first: int, last: int) -> Mask:
    """Columns first to last (excluded) of a 2 x 10 picture."""
    pixels = np.zeros((2, 10), dtype=bool)
    pixels[:, first:last] = True
    return Mask.from_array(pixels)


NOTHING = Mask.empty(2, 10)


def test_overlap_of_halves_is_a_third():
    assert overlaps([strip(0, 4)], [strip(2, 6)]) == pytest.approx([1 / 3])


def test_a_missing_frame_counts_nothing_unless_the_truth_is_empty_too():
    assert list(overlaps([strip(0, 4), NOTHING, NOTHING], [None, None, strip(0, 1)])) == [0, 1, 0]
    assert list(overlaps([strip(0, 4)], [NOTHING])) == [0]


def test_every_frame_weighs_the_same():
    truth = [strip(0, 4), strip(0, 4), strip(0, 4), strip(0, 4)]
    assert mean_overlap(truth, [strip(0, 4), strip(0, 2), None, strip(0, 8)]) == pytest.approx((1 + 0.5 + 0 + 0.5) / 4)


def test_no_frames_and_no_trajectories_score_nothing():
    assert mean_overlap([], []) == 0
    assert best_single([strip(0, 4)], []).mean == 0
    assert best_union([strip(0, 4)], []).indices == ()


def test_the_best_single_trajectory_is_the_one_that_covers_most_frames_best():
    truth = [strip(0, 4)] * 4
    short = Trajectory((0,), (strip(0, 4),))
    rough = Trajectory((0, 1, 2, 3), (strip(0, 2),) * 4)
    best = best_single(truth, [short, rough])
    assert (best.mean, best.indices) == (0.5, (1,))


def test_a_union_joins_rider_and_horse_and_leaves_the_fence_out():
    truth = [strip(0, 6)] * 3
    rider = Trajectory((0, 1, 2), (strip(0, 2),) * 3)
    horse = Trajectory((0, 1, 2), (strip(2, 6),) * 3)
    fence = Trajectory((0, 1, 2), (strip(5, 10),) * 3)
    best = best_union(truth, [fence, rider, horse])
    assert (best.mean, best.indices) == (1.0, (1, 2))


def test_a_union_is_never_worse_than_the_best_single_one():
    truth = [strip(0, 4)] * 2
    whole = Trajectory((0, 1), (strip(0, 4),) * 2)
    too_much = Trajectory((0, 1), (strip(3, 9),) * 2)
    assert best_union(truth, [too_much, whole]).indices == (1,)


def test_a_union_of_fragments_in_time_covers_the_whole_clip():
    truth = [strip(0, 4)] * 3
    parts = [Trajectory((f,), (strip(0, 4),)) for f in range(3)]
    assert best_single(truth, parts).mean == pytest.approx(1 / 3)
    assert best_union(truth, parts).mean == 1
    assert best_union(truth, parts, size=2).mean == pytest.approx(2 / 3)


def test_frames_after_the_truth_are_not_judged():
    late = Trajectory((0, 7), (strip(0, 4), strip(0, 9)))
    assert best_single([strip(0, 4)], [late]).mean == 1

"""Bootstrap intervals and the paired test over videos."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.evaluation.intervals import Interval, bootstrap, bootstrap_pooled, paired, paired_pooled
from svg2_assets.scene.errors import InvalidSceneValue


def test_an_interval_lies_around_the_mean_and_is_the_same_every_time():
    values = [0.2, 0.4, 0.9, 0.5, 0.7]
    found = bootstrap(values)
    assert found.mean == pytest.approx(0.54)
    assert 0.2 < found.low < 0.54 < found.high < 0.9
    assert bootstrap(values) == found
    assert bootstrap(values, seed=1) != found


def test_values_without_spread_have_no_width():
    assert bootstrap([0.5] * 7) == Interval(0.5, 0.5, 0.5)
    assert bootstrap([0.3]) == Interval(0.3, 0.3, 0.3)


def test_the_width_is_that_of_the_normal_approximation_for_many_values():
    values = np.random.default_rng(3).normal(10, 2, 400)
    found = bootstrap(values.tolist())
    expected = 1.96 * values.std() / 20
    assert found.high - found.mean == pytest.approx(expected, rel=0.15)
    assert found.mean - found.low == pytest.approx(expected, rel=0.15)


def test_a_lower_level_is_narrower():
    values = [0.2, 0.4, 0.9, 0.5, 0.7]
    wide, narrow = bootstrap(values, level=0.95), bootstrap(values, level=0.5)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_five_wins_of_five_have_the_smallest_p_value_that_five_can_have():
    found = paired([0.6, 0.7, 0.8, 0.9, 1.0], [0.5] * 5)
    assert found.mean == pytest.approx(0.3)
    assert found.p_value == 2 / 32  # all signs as they are, or all turned


def test_the_p_value_does_not_hang_on_the_last_digit_of_a_sum():
    assert paired([0.33, 0.99, 0.33, 0.79], [0.0] * 4).p_value == 2 / 16  # summed in two orders they differ


def test_the_p_value_of_three_videos_by_hand():
    # Differences 1, 2, -4: of the 8 flips the sums are ±1 (twice), ±3, ±5, ±7; the observed one is -1.
    assert paired([1, 2, 0], [0, 0, 4]).p_value == 1
    # Differences 1, 2, 4: only +7 and -7 are as far.
    assert paired([1, 2, 4], [0, 0, 0]).p_value == 2 / 8
    # Differences -1, 2, 4: the observed sum is 5; ±5 and ±7 are as far.
    assert paired([-1, 2, 4], [0, 0, 0]).p_value == 4 / 8


def test_equal_systems_do_not_differ():
    same = paired([0.1, 0.5, 0.9], [0.1, 0.5, 0.9])
    assert (same.mean, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_many_videos_are_sampled_and_never_give_0():
    a = [1.0] * 40
    found = paired(a, [0.0] * 40, samples=500)
    assert found.p_value == 1 / 501
    assert paired(a, [0.0] * 40, samples=500) == found


def test_the_sampled_p_value_nears_the_exact_one(monkeypatch):
    draw = np.random.default_rng(5)
    a, b = draw.normal(0.3, 1, 12).tolist(), [0.0] * 12
    exact = paired(a, b).p_value
    monkeypatch.setattr("svg2_assets.evaluation.intervals.EXACT", 0)
    assert 0.05 < exact < 0.95
    assert paired(a, b).p_value == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("values", [[], [0.1, float("nan")], [float("inf")], [[0.1, 0.2]]])
def test_values_that_have_no_mean_are_refused(values):
    with pytest.raises(InvalidSceneValue, match="one finite number a video"):
        bootstrap(values)


def test_wrong_levels_and_lengths_are_refused():
    with pytest.raises(InvalidSceneValue, match="level"):
        bootstrap([1.0], level=95)
    with pytest.raises(InvalidSceneValue, match="not 2 and 1 values"):
        paired([1.0, 2.0], [1.0])


def test_a_pooled_share_is_that_of_the_sums():
    found = bootstrap_pooled([[1, 1], [0, 9]])
    assert found.mean == pytest.approx(0.1)
    assert (found.low, found.high) == (0, 1), "only the one video, or only the other"
    assert bootstrap_pooled([[1, 1], [0, 9]]) == found


def test_the_width_of_a_pooled_share_is_that_of_the_delta_method():
    draw = np.random.default_rng(2)
    of = draw.integers(1, 30, 400)
    counts = np.stack([draw.binomial(of, 0.3), of], axis=1)
    found = bootstrap_pooled(counts)
    residual = counts[:, 0] - found.mean * counts[:, 1]
    expected = 1.96 * residual.std() * np.sqrt(400) / of.sum()
    assert found.high - found.mean == pytest.approx(expected, rel=0.15)
    assert found.mean - found.low == pytest.approx(expected, rel=0.15)


def test_a_pooled_share_of_equal_sizes_has_the_interval_of_the_mean():
    right = [1, 4, 2, 5, 3, 3, 0, 5, 4, 4]
    pooled, mean = bootstrap_pooled([[r, 5] for r in right]), bootstrap([r / 5 for r in right])
    assert pooled.mean == pytest.approx(mean.mean)
    assert pooled.low == pytest.approx(mean.low, abs=0.03)
    assert pooled.high == pytest.approx(mean.high, abs=0.03)


def test_draws_without_anything_to_find_are_left_out():
    found = bootstrap_pooled([[1, 2], *[[0, 0]] * 9])  # a third of the draws miss the one video
    assert (found.mean, found.low, found.high) == (0.5, 0.5, 0.5)


def test_blocks_of_draws_change_nothing(monkeypatch):
    counts = np.random.default_rng(1).integers(1, 9, (30, 2))
    whole, test = bootstrap_pooled(counts), paired_pooled(counts, counts[::-1], samples=300)
    monkeypatch.setattr("svg2_assets.evaluation.intervals.BLOCK", 100)
    assert bootstrap_pooled(counts) == whole
    assert paired_pooled(counts, counts[::-1], samples=300) == test


def test_the_p_value_of_pooled_shares_by_hand():
    # a - b is (3 + 1)/5 - (1 + 1)/5; exchanging the first video turns it round, the second changes nothing.
    assert paired_pooled([[3, 4], [1, 1]], [[1, 4], [1, 1]]).p_value == 1
    # Right of 4 a video: 3 and 2 and 4 against 1, 1, 1. Only all exchanged, or none, are as far as 6/12.
    found = paired_pooled([[3, 4], [2, 4], [4, 4]], [[1, 4]] * 3)
    assert found.mean == pytest.approx(0.5)
    assert found.p_value == 2 / 8


def test_pooled_shares_of_equal_sizes_have_the_p_value_of_their_means():
    a, b = [5, 4, 4, 3, 5, 2], [3, 4, 2, 3, 3, 3]
    pooled = paired_pooled([[r, 5] for r in a], [[r, 5] for r in b])
    assert pooled.p_value == paired([r / 5 for r in a], [r / 5 for r in b]).p_value


def test_the_sampled_p_value_of_pooled_shares_nears_the_exact_one(monkeypatch):
    draw = np.random.default_rng(5)
    a, b = (np.stack([draw.integers(0, 9, 12), np.full(12, 9)], axis=1) for _ in range(2))
    exact = paired_pooled(a, b).p_value
    monkeypatch.setattr("svg2_assets.evaluation.intervals.EXACT", 0)
    assert 0.05 < exact < 0.95
    assert paired_pooled(a, b).p_value == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("counts", [[], [[1.0, float("nan")]], [1, 2]])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(InvalidSceneValue, match="expected finite counts"):
        bootstrap_pooled(counts)


def test_pooled_figures_of_nothing_and_of_different_videos_are_refused():
    with pytest.raises(InvalidSceneValue, match="make no figure"):
        bootstrap_pooled([[0, 0]])
    with pytest.raises(InvalidSceneValue, match="level"):
        bootstrap_pooled([[1, 2]], level=95)
    with pytest.raises(InvalidSceneValue, match="both counts of every video"):
        paired_pooled([[1, 2]], [[1, 2], [1, 2]])

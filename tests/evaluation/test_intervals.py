"""Bootstrap intervals and the paired test over videos."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.evaluation.intervals import Interval, bootstrap, paired
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

"""How far what was paid moves a guess."""

from __future__ import annotations

import pytest

from resources.llm.calibration import AS_LARGE, AS_ONE, learned

SIZES = (40.0, 90.0, 150.0, 320.0, 700.0)


def test_without_calls_the_guess_stands() -> None:
    assert learned([], AS_LARGE).at(300) == 300
    assert learned([(0.0, 50.0)], AS_LARGE).at(300) == 300
    assert learned([], AS_ONE).at(300) == 1


def test_one_call_moves_the_guess_little_and_many_decide() -> None:
    share = [(100 - learned([(100.0, 40.0)] * calls, AS_LARGE).at(100)) / 60 for calls in (1, 2, 6, 20, 100)]
    assert share == sorted(share)
    assert share[0] < 0.3 < share[1] < 0.6
    assert share[2] > 0.8
    assert share[4] > 0.99


def test_answers_that_do_not_grow_with_the_question_are_not_expected_to() -> None:
    line = learned([(size, 130.0) for size in SIZES * 8], AS_LARGE)
    assert line.at(3000) == pytest.approx(130, rel=0.25)


def test_answers_with_a_fixed_and_a_growing_part_are_extrapolated() -> None:
    line = learned([(size, 50 + 0.7 * size) for size in SIZES * 6], AS_LARGE)
    assert line.at(3000) == pytest.approx(50 + 0.7 * 3000, rel=0.05)


def test_longer_questions_do_not_have_shorter_answers() -> None:
    line = learned([(size, 900 - size) for size in SIZES * 6], AS_LARGE)
    assert line.slope == 0
    assert line.at(3000) > 300


def test_a_share_that_is_the_same_for_all_sizes_is_found() -> None:
    line = learned([(size, 0.25) for size in SIZES * 6], AS_ONE)
    assert line.at(50) == pytest.approx(0.25, rel=0.1)
    assert line.at(3000) == pytest.approx(0.25, rel=0.3)


def test_calls_that_scatter_leave_more_to_the_guess_and_more_open() -> None:
    agreeing = learned([(100.0, 40.0)] * 4, AS_LARGE)
    scattered = learned([(100.0, actual) for actual in (5.0, 75.0, 10.0, 70.0)] * 1, AS_LARGE)
    assert scattered.at(100) > agreeing.at(100)
    assert scattered.variance(100) > agreeing.variance(100)
    assert agreeing.variance(400) > agreeing.variance(100)

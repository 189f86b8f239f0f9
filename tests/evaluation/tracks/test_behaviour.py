"""Coverage, delay of discovery and invented masks, in numbers counted by hand (frames of 2000 pixels, 10 a second)."""

from __future__ import annotations

import pytest

from svg2_assets.evaluation.tracks.criteria import Criteria
from svg2_assets.evaluation.tracks.scores import measure
from tests.evaluation.tracks.scenes import LEFT, LOW, RIGHT, shifted, still, track

FPS = 10.0


def scores(truth, predicted, *, num_frames=10, **more):
    return measure(truth, predicted, num_frames=num_frames, fps=FPS, **more)


def test_coverage_counts_pixels_once_and_every_frame():
    overlapping = [still(LEFT, [0, 1]), still(shifted(LEFT, 5), [0])]  # 150, then 100 pixels of 2000, then none
    found = scores([still(LEFT, [0, 3]), still(RIGHT, [0])], overlapping, num_frames=4).coverage
    assert found.predicted == pytest.approx((150 + 100) / 2000 / 4)
    assert found.truth == pytest.approx(100 / 300)


def test_coverage_of_nothing():
    empty = scores([], [], num_frames=4).coverage
    assert (empty.predicted, empty.truth) == (0, None)
    assert scores([still(LEFT, [0])], []).coverage.truth == 0


def test_delay_runs_from_the_first_sight_to_the_first_good_mask():
    truth = [still(LEFT, range(2, 10))]
    late = track({4: shifted(LEFT, 4)} | dict.fromkeys(range(5, 10), LEFT))  # IoU 60 / 140 on frame 4, then 1
    found = scores(truth, [late]).discovery
    assert found.delay == pytest.approx(0.3)
    assert found.wait == pytest.approx(0.3)
    assert (found.undiscovered, found.undiscovered_share, found.undiscovered_seconds) == (0, 0, 0)


def test_an_overlap_of_exactly_a_half_is_a_discovery():
    twice_as_wide = track(dict.fromkeys(range(4), (0, 0, 20, 10)) | dict.fromkeys(range(4, 10), LEFT))
    assert scores([still(LEFT, range(10))], [twice_as_wide]).discovery.delay == 0


def test_an_object_found_too_late_to_be_recalled_is_discovered_nevertheless():
    found = scores([still(LEFT, range(10))], [still(LEFT, range(8, 10))])
    assert found.recall.at_matched == 0
    assert found.discovery.delay == pytest.approx(0.8)


def test_silence_costs_all_the_time_that_the_object_is_visible():
    truth = [still(LEFT, range(10)), still(RIGHT, range(4, 8))]
    found = scores(truth, [still(LEFT, range(1, 10))]).discovery
    assert found.delay == pytest.approx(0.1)  # of the one that was found
    assert (found.undiscovered, found.undiscovered_share) == (1, 0.5)
    assert found.undiscovered_seconds == pytest.approx(0.4)
    assert found.wait == pytest.approx((0.1 + 0.4) / 2)


def test_the_time_out_of_sight_is_delay_but_no_wait():
    truth = [still(LEFT, [0, 1, 8, 9])]
    found = scores(truth, [still(LEFT, [8, 9])]).discovery
    assert found.delay == pytest.approx(0.8)
    assert found.wait == pytest.approx(0.2)
    assert scores(truth, []).discovery.wait == pytest.approx(0.4)


def test_nothing_predicted_and_nothing_to_find():
    silent = scores([still(LEFT, range(10))], []).discovery
    assert (silent.delay, silent.wait, silent.undiscovered_share) == (None, 1, 1)
    nothing = scores([], [still(LEFT, range(10))]).discovery
    assert (nothing.delay, nothing.wait, nothing.undiscovered, nothing.undiscovered_share) == (None, None, 0, None)


def test_a_pair_that_never_overlaps_well_discovers_nothing():
    found = scores([still(LEFT, range(10))], [still(shifted(LEFT, 5), range(10))])  # IoU 1/3 throughout
    assert (found.discovery.undiscovered, found.invention.false_trajectories) == (1, 0)


def test_masks_that_go_on_after_the_object_left_are_invented():
    truth = [still(LEFT, range(6)), still(RIGHT, range(10))]
    found = scores(truth, [still(LEFT, range(9)), still(RIGHT, range(10))]).invention
    assert found.absent_seconds == pytest.approx(0.3)
    assert found.empty_seconds == pytest.approx(0.3)
    assert found.seconds == pytest.approx(0.3)  # the same masks, each once
    assert found.false_trajectories == 0


def test_drifting_onto_another_object_is_absence_but_not_emptiness():
    drifting = track(dict.fromkeys(range(6), LEFT) | dict.fromkeys(range(6, 10), RIGHT))
    found = scores([still(LEFT, range(6)), still(RIGHT, range(10))], [drifting, still(RIGHT, range(10))]).invention
    assert found.absent_seconds == pytest.approx(0.4)
    assert found.empty_seconds == 0
    assert found.seconds == pytest.approx(0.4)


def test_a_trajectory_of_nothing_is_false_for_as_long_as_it_lasts():
    found = scores([still(LEFT, range(10))], [still(LEFT, range(10)), still(LOW, range(3, 10))]).invention
    assert (found.false_trajectories, found.false_seconds) == (1, pytest.approx(0.7))
    assert (found.absent_seconds, found.empty_seconds) == (0, pytest.approx(0.7))


def test_a_second_trajectory_of_the_same_object_is_false_though_not_empty():
    found = scores([still(LEFT, range(10))], [still(LEFT, range(10))] * 2).invention
    assert (found.false_trajectories, found.false_seconds, found.empty_seconds) == (1, 1, 0)


def test_a_tenth_of_a_mask_on_an_object_touches_it():
    truth = [still(LEFT, range(10))]
    assert scores(truth, [still(shifted(LEFT, 9), range(10))]).invention.empty_seconds == 0  # 10 of 100 pixels
    assert scores(truth, [still((9, 0, 11, 10), range(10))]).invention.empty_seconds == 1  # 10 of 110
    corner = [still((0, 0, 7, 7), range(10))]  # 1 of 49 pixels, which no float holds exactly
    assert scores(corner, [still((6, 6, 5, 2), range(10))]).invention.empty_seconds == 0  # 1 of 10
    strict = Criteria(touching=0.2)
    assert scores(truth, [still(shifted(LEFT, 9), range(10))], criteria=strict).invention.empty_seconds == 1


def test_two_inventions_on_the_same_frame_count_twice():
    found = scores([], [still(LEFT, range(10)), still(RIGHT, range(10))]).invention
    assert (found.seconds, found.false_seconds, found.false_trajectories) == (2, 2, 2)

"""Average recall of trajectories, its groups, and parts."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.evaluation.tracks.criteria import Criteria
from svg2_assets.evaluation.tracks.pairing import best_pairs, most_pairs
from svg2_assets.evaluation.tracks.recall import average_recall, mean_average_recall
from svg2_assets.evaluation.tracks.scores import measure
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.trajectory import volume_iou
from tests.evaluation.tracks.scenes import LEFT, LOW, MIDDLE, RIGHT, random_clip, shifted, still


def scores(truth, predicted, *, num_frames=4, fps=2.0, **more):
    return measure(truth, predicted, num_frames=num_frames, fps=fps, **more)


def test_half_of_an_object_s_time_is_just_enough_at_a_half_and_at_no_higher_threshold():
    recall = scores([still(LEFT, range(4))], [still(LEFT, range(2))]).recall
    assert recall.at_matched == 1
    assert recall.averaged == pytest.approx(0.1)  # one of ten thresholds


def test_less_than_half_is_not_enough():
    # Shifted by 4 of 10 columns: 60 common pixels of 140.
    assert scores([still(LEFT, range(4))], [still(shifted(LEFT, 4), range(4))]).recall.at_matched == 0


def test_a_long_prediction_of_a_short_object_fails_too():
    # 100 common pixels of 400: the volume counts, not the frames on which the object is visible.
    assert scores([still(LEFT, [0])], [still(LEFT, range(4))]).recall.at_matched == 0


def test_one_prediction_recalls_one_object():
    recall = scores([still(LEFT, range(4)), still(shifted(LEFT, 1), range(4))], [still(LEFT, range(4))]).recall
    assert recall.at_matched == 0.5


def test_the_number_of_pairs_comes_first_for_recall_and_the_sum_of_overlap_for_following():
    overlap = np.asarray([[1.0, 0.5, 0.0], [0.0, 1.0, 0.5], [0.5, 0.0, 0.0]])
    assert sorted(most_pairs(overlap, least=0.5)) == [(0, 1), (1, 2), (2, 0)]
    assert sorted(best_pairs(overlap, least=0.5)) == [(0, 0), (1, 1)]


def test_however_many_pairs_there_are():
    overlap = np.diag([1.0, 1.0, 1.0, 1.0, 0.0]) + np.diag([0.5] * 4, k=1)
    overlap[4, 0] = 0.5
    assert len(most_pairs(overlap, least=0.5)) == 5
    assert len(best_pairs(overlap, least=0.5)) == 4


def test_among_equally_many_pairs_the_better_ones_are_taken():
    assert most_pairs(np.asarray([[0.6, 0.9]]), least=0.5) == [(0, 1)]


def test_each_threshold_has_its_own_matching():
    overlap = np.asarray([[0.95, 0.5], [0.5, 0.0]])
    assert average_recall(overlap, least=0.5) == 1
    assert average_recall(overlap, least=0.95) == 0.5
    assert mean_average_recall(overlap) == pytest.approx((1 + 9 * 0.5) / 10)


def test_no_truth_has_no_recall_and_no_prediction_has_none_of_it():
    assert average_recall(np.zeros((0, 3)), least=0.5) is None
    assert mean_average_recall(np.zeros((0, 3))) is None
    assert average_recall(np.zeros((2, 0)), least=0.5) == 0


def test_an_object_that_is_never_visible_is_no_truth():
    found = scores([still(LEFT, range(4)), still(RIGHT, [])], [still(LEFT, range(4))])
    assert (found.recall.at_matched, found.truth_trajectories) == (1, 1)


def test_small_and_large_by_the_mean_area_over_visible_frames():
    speck, block = (0, 20, 2, 2), (0, 0, 40, 20)  # 0.002 and 0.4 of 2000 pixels
    recall = scores([still(speck, [1]), still(block, range(4))], [still(block, range(4))]).recall
    assert (recall.small, recall.large) == (0, 1)
    assert recall.counts == {"all": 2, "small": 1, "large": 1, "late": 1, "parts": 0}


def test_the_limits_of_the_sizes_are_parameters():
    truth, found = [still(LEFT, range(4)), still((20, 0, 20, 10), range(4))], [still(LEFT, range(4))]  # 0.05, 0.1
    recall = scores(truth, found, criteria=Criteria(small=0.06, large=0.1)).recall
    assert (recall.small, recall.large) == (1, 0)
    assert recall.counts["large"] == 1
    assert scores(truth, found, criteria=Criteria(small=0.05)).recall.counts["small"] == 0


def test_late_is_what_first_shows_after_a_share_or_a_time():
    truth = [still(LEFT, range(10)), still(RIGHT, range(2, 10)), still(LOW, range(6, 10))]
    found = [truth[0], truth[2]]
    assert scores(truth, found, num_frames=10).recall.late == 0.5  # from frame 2 on
    after = Criteria(late_seconds=3.0)  # frame 6
    assert scores(truth, found, num_frames=10, criteria=after).recall.late == 1
    never = Criteria(late_seconds=4.0)
    assert scores(truth, found, num_frames=10, criteria=never).recall.late is None


def test_a_part_is_kept_by_a_prediction_of_its_own():
    whole, part = still((0, 0, 20, 10), range(4)), still((0, 0, 12, 10), range(4))
    both = scores([whole, part], [whole, part], parts=[1])
    assert (both.parts_kept, both.recall.parts) == (1, 1)
    assert scores([whole, part], [whole], parts=[1]).parts_kept == 0
    assert scores([whole, part], [part], parts=[1]).parts_kept == 1
    assert scores([whole, part], [part]).parts_kept is None


def test_a_second_prediction_of_the_whole_keeps_no_part():
    whole, part = still((0, 0, 20, 10), range(4)), still((0, 0, 12, 10), range(4))
    nearly = still((0, 0, 19, 10), range(4))  # volume IoU 12/19 with the part, 19/20 with the whole
    found = scores([whole, part], [whole, nearly], parts=[1])
    assert (found.recall.parts, found.parts_kept) == (1, 0)


def test_the_ids_of_parts_are_those_of_the_mapping():
    truth = {7: still(LEFT, range(4)), 9: still(MIDDLE, range(4))}
    assert scores(truth, [truth[9]], parts=[9]).parts_kept == 1
    with pytest.raises(InvalidSceneValue, match=r"parts \[1\] are no truth objects.*\[7, 9\]"):
        scores(truth, [truth[9]], parts=[1])


@pytest.mark.parametrize("seed", range(5))
def test_the_volume_iou_is_that_of_the_trajectories(seed):
    from svg2_assets.evaluation.tracks.overlaps import Overlaps

    truth, found = random_clip(seed)
    pairs = [[volume_iou(a, b) for b in found] for a in truth]
    np.testing.assert_allclose(Overlaps.of(truth, found, num_frames=12).volume_iou(), pairs)


@pytest.mark.parametrize("wrong", [{"matched": 0}, {"seen": 1.5}, {"late_seconds": 0}])
def test_thresholds_outside_their_range_are_refused(wrong):
    with pytest.raises(InvalidSceneValue, match=next(iter(wrong))):
        Criteria(**wrong)

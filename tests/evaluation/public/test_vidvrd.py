"""Relation detection and tagging as VidVRD-helper scores them."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import vidvrd, volumes
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Videos
from tests.evaluation.public import inputs

# (seed, odd) of `inputs.relation_videos` -> mean AP, recall at K, precision at K of the public program at vIoU 0.5.
PUBLIC = {
    (1, False): (0.362794617, {3: 0.111111112, 50: 0.777777791, 100: 0.777777791}, {1: 0.75, 5: 0.625}),
    (2, False): (0.456825403, {3: 0.222222224, 50: 0.555555582, 100: 0.555555582}, {1: 0.666666687, 5: 0.805555582}),
    (4, False): (0.448571437, {3: 0.277777791, 50: 0.5, 100: 0.5}, {1: 0.6, 5: 0.616666669}),
    (5, False): (0.362793874, {3: 0.176470593, 50: 0.588235319, 100: 0.588235319}, {1: 0.6, 5: 0.5}),
    (1, True): (0.833333343, {3: 0.75, 50: 0.75, 100: 0.75}, {1: 1.0, 5: 0.833333373}),
    (2, True): (0.066666668, {3: 0.125, 50: 0.25, 100: 0.25}, {1: 0.666666667, 5: 0.583333333}),
    (4, True): (0.343282008, {3: 0.142857149, 50: 0.5, 100: 0.5}, {1: 0.75, 5: 0.875}),
    (5, True): (0.273333336, {3: 0.142857149, 50: 0.357142866, 100: 0.357142866}, {1: 0.6, 5: 0.55}),
}

BOX = [0, 0, 9, 9]  # ten pixels wide
NEXT = [5, 0, 14, 9]  # half of it is the other half of BOX: 50 of 150 pixels
AWAY = [50, 50, 59, 59]


def relation(triplet="dog chase ball", duration=(0, 2), sub=BOX, obj=BOX, **more):
    frames = duration[1] - duration[0]
    return {
        "triplet": triplet.split(),
        "duration": list(duration),
        "sub_traj": [sub] * frames,
        "obj_traj": [obj] * frames,
        **more,
    }


def ap(truth, predicted, **more):
    return vidvrd.detection({"v": truth}, {"v": predicted}, **more).mean_ap


@pytest.mark.parametrize(("seed", "odd"), PUBLIC)
def test_the_numbers_are_those_of_the_public_program(seed, odd):
    truth, predicted = inputs.relation_videos(seed, odd=odd)
    mean_ap, recall, precision = PUBLIC[seed, odd]
    found = vidvrd.detection(truth, predicted, viou=0.5, recalls=(3, 50, 100))
    assert found.mean_ap == pytest.approx(mean_ap, abs=1e-8)
    assert found.recall == pytest.approx(recall, abs=1e-8)
    assert vidvrd.tagging(truth, predicted, precisions=(1, 5)).precision == pytest.approx(precision, abs=1e-8)


def test_boxes_include_their_right_and_lower_edge():
    assert vidvrd.volume_iou([BOX], [0, 1], [NEXT], [0, 1]) == 50 / 150
    assert vidvrd.volume_iou([[0, 0, 0, 0]], [0, 1], [[0, 0, 1, 0]], [0, 1]) == 1 / 2
    assert vidvrd.volume_iou([[0, 0, 4, 4]], [0, 1], [[4, 4, 8, 8]], [0, 1]) == 1 / 49  # they touch in one pixel


def test_durations_leave_out_their_last_frame():
    assert vidvrd.volume_iou([BOX] * 2, [0, 2], [BOX] * 2, [2, 4]) == 0
    assert vidvrd.volume_iou([BOX] * 2, [0, 2], [BOX] * 2, [1, 3]) == 1 / 3


def test_the_volume_counts_over_the_whole_trajectory_and_not_the_mean_over_frames():
    large = [0, 0, 19, 19]
    assert vidvrd.volume_iou([BOX, large], [0, 2], [BOX, AWAY], [0, 2]) == 100 / (500 + 200 - 100)


def test_boxes_beyond_the_duration_count_for_the_volume():
    assert vidvrd.volume_iou([BOX] * 4, [0, 2], [BOX] * 2, [0, 2]) == 200 / 400
    found = vidvrd.detection({"v": [relation()]}, {"v": [{**relation(score=1.0), "sub_traj": [BOX] * 4}]})
    assert found.odd["misfitting_trajectories"] == 1


def test_a_trajectory_too_short_for_the_frames_it_is_compared_on_is_an_error():
    short = {**relation(score=1.0), "sub_traj": [BOX]}
    with pytest.raises(InvalidBenchmarkInput, match=r"v: truth\[0\]: its overlap .* too few boxes"):
        ap([relation()], [short])
    assert ap([relation(duration=(5, 7))], [short]) == 0  # never compared


def test_a_reversed_box_is_computed_with_and_counted():
    # -8 x 10 pixels of its own and none in common: 0 / (-80 + 100).
    turned = [9, 0, 0, 9]
    found = vidvrd.detection(
        {"v": [relation(duration=(0, 1))]}, {"v": [relation(duration=(0, 1), sub=turned, score=1)]}
    )
    assert found.odd["reversed_boxes"] == 1
    assert found.mean_ap == 0
    assert vidvrd.volume_iou([turned], [0, 1], [BOX], [0, 1]) == 0
    with pytest.raises(InvalidBenchmarkInput, match="volume"):
        vidvrd.volume_iou([[1, 0, 0, 0]], [0, 1], [[1, 0, 0, 0]], [0, 1])  # no pixel on either side


def test_both_objects_must_overlap_enough():
    assert ap([relation()], [relation(score=1.0, obj=NEXT)]) == 0
    assert ap([relation()], [relation(score=1.0, obj=NEXT)], viou=1 / 3) == 1  # the threshold itself is enough


def test_a_duplicate_prediction_is_wrong_and_a_duplicate_truth_must_be_found_twice():
    assert ap([relation()], [relation(score=0.9), relation(score=0.8)]) == 1
    found = vidvrd.detection({"v": [relation(), relation()]}, {"v": [relation(score=0.9)]})
    assert (found.mean_ap, found.recall[50]) == (0.5, 0.5)
    assert ap([relation()], [relation("dog chase cat", score=0.9), relation(score=0.8)]) == 0.5


def test_a_prediction_takes_the_truth_that_it_overlaps_most_among_those_that_are_left():
    truth = [relation(sub=[0, 0, 9, 7]), relation()]
    # The first takes the exact one, the second is left with the other: both hit at 0.5, one at 0.9.
    predicted = [relation(score=0.9), relation(score=0.8)]
    assert vidvrd.detection({"v": truth}, {"v": predicted}).recall[50] == 1
    assert vidvrd.detection({"v": truth}, {"v": predicted}, viou=0.9).recall[50] == 0.5


def test_equal_scores_stay_in_the_order_given():
    right, wrong = relation(score=0.5), relation(sub=AWAY, score=0.5)
    assert ap([relation()], [right, wrong]) == 1
    assert ap([relation()], [wrong, right]) == 0.5


def test_recall_counts_each_video_s_k_best_over_all_truths():
    truth = {"a": [relation()], "b": [relation(), relation("dog near ball")]}
    predicted = {
        "a": [relation(sub=AWAY, score=0.9), relation(score=0.1)],
        "b": [relation(score=0.2), relation("dog near ball", score=0.1)],
    }
    found = vidvrd.detection(truth, predicted, recalls=(1, 2, 1000))
    assert found.recall == pytest.approx({1: 1 / 3, 2: 1, 1000: 1}, abs=1e-7)


def test_a_short_list_of_tags_is_divided_by_its_own_length():
    truth = {"v": [relation()]}
    predicted = {"v": [relation(score=0.9), relation("cat chase ball", score=0.8), relation(score=0.7)]}
    assert vidvrd.tagging(truth, predicted).precision == {1: 1.0, 5: 0.5, 10: 0.5}  # the third names nothing new


def test_tags_ignore_trajectories_and_average_over_videos():
    truth = {"a": [relation()], "b": [relation()]}
    predicted = {"a": [relation(sub=AWAY, duration=(90, 91), score=0.9)]}
    assert vidvrd.tagging(truth, predicted).precision == {1: 0.5, 5: 0.5, 10: 0.5}


def test_videos_missing_on_either_side_and_without_truth_are_named():
    truth = {"both": [relation()], "unpredicted": [relation()], "nothing": []}
    predicted = {"both": [relation(score=1.0)], "nothing": [relation(score=1.0)], "elsewhere": []}
    wanted = Videos(2, ("nothing",), ("unpredicted",), ("elsewhere",))
    found = vidvrd.detection(truth, predicted)
    assert (found.videos, found.mean_ap) == (wanted, 0.5)
    assert found.average_precision == {"both": 1, "unpredicted": 0}
    assert vidvrd.tagging(truth, predicted).videos == wanted


def test_no_prediction_at_all_scores_nothing():
    found = vidvrd.detection({"v": [relation()]}, {})
    assert (found.mean_ap, found.recall) == (0, {50: 0, 100: 0})
    assert vidvrd.tagging({"v": [relation()]}, {}).precision == {1: 0, 5: 0, 10: 0}


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_hits_nothing_but_uses_up_what_it_would_hit(score):
    found = vidvrd.detection({"v": [relation()]}, {"v": [relation(score=score), relation(score=score)]})
    assert (found.mean_ap, found.odd["not_finite_scores"]) == (0, 2)
    assert vidvrd.tagging({"v": [relation()]}, {"v": [relation(score=score)]}).precision[1] == 0
    if score == math.inf:
        assert ap([relation()], [relation(score=score), relation(score=0.5)]) == 0


def test_zero_shot_keeps_unseen_triplets_on_both_sides():
    truth = {"a": [relation(), relation("cat near ball")], "b": [relation()]}
    predicted = {"a": [relation(score=0.9), relation("cat near ball", score=0.8)], "b": [relation(score=0.5)]}
    left, said = vidvrd.zero_shot(truth, predicted, seen={("dog", "chase", "ball")})
    assert (list(left), list(said)) == (["a"], ["a"])
    assert vidvrd.detection(left, said).mean_ap == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": "high"}, r"v: prediction\[0\]: expected a number as `score`, found 'high'"),
        ({"duration": [0, 2.5]}, r"v: prediction\[0\].duration: expected two frame numbers"),
        ({"sub_traj": [[0, 0, 9]] * 2}, r"v: prediction\[0\].sub_traj: expected one box"),
        ({"obj_traj": [[0, 0, 9, math.nan]] * 2}, r"v: prediction\[0\].obj_traj: expected one box"),
        ({"obj_traj": [[0, 0, 9, 9], [0, 0]]}, r"v: prediction\[0\].obj_traj: expected one box"),
        ({"triplet": 3}, r"v: prediction\[0\]: expected a triplet"),
        ({"triplet": [["dog"], "chase", "ball"]}, r"v: prediction\[0\]: expected a triplet"),
    ],
)
def test_what_cannot_be_scored_names_video_and_place(change, message):
    with pytest.raises(InvalidBenchmarkInput, match=message):
        ap([relation()], [relation(score=0.5) | change])


def test_missing_fields_whole_files_and_empty_truth_are_errors():
    with pytest.raises(InvalidBenchmarkInput, match=r"v: prediction\[0\]: expected a record with `score`"):
        ap([relation()], [relation()])
    with pytest.raises(InvalidBenchmarkInput, match="Give its `results`"):
        vidvrd.detection({"v": [relation()]}, {"version": "1.0", "results": {"v": []}})
    for truth in ({}, {"v": []}):
        with pytest.raises(InvalidBenchmarkInput, match="found none"):
            vidvrd.detection(truth, {})
        with pytest.raises(InvalidBenchmarkInput, match="found none"):
            vidvrd.tagging(truth, {})
    for ks in ((), (0,), (2.0,)):
        with pytest.raises(InvalidBenchmarkInput, match="recalls: expected at least one whole number"):
            vidvrd.detection({"v": [relation()]}, {}, recalls=ks)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_the_truth_as_prediction_is_perfect(seed):
    truth, _ = inputs.relation_videos(seed)
    copy = {video: [dict(r, score=1 - i / 10) for i, r in enumerate(relations)] for video, relations in truth.items()}
    found = vidvrd.detection(truth, copy)
    assert (found.mean_ap, found.recall[100]) == (1, 1)
    assert vidvrd.tagging(truth, copy).precision[1] == 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_order_does_not_matter_where_scores_differ(seed):
    truth, predicted = inputs.relation_videos(seed)
    draw = random.Random(seed)
    apart = {v: [dict(r, score=i / 100) for i, r in enumerate(draw.sample(s, len(s)))] for v, s in predicted.items()}
    mixed = {v: draw.sample(apart[v], len(apart[v])) for v in draw.sample(list(apart), len(apart))}
    first, second = vidvrd.detection(truth, apart), vidvrd.detection(truth, mixed)
    assert (first.mean_ap, first.recall) == (second.mean_ap, second.recall)
    assert vidvrd.tagging(truth, apart).precision == vidvrd.tagging(truth, mixed).precision


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_a_smaller_buffer_changes_nothing(seed):
    truth, predicted = inputs.relation_videos(seed, odd=True)
    wide = vidvrd.detection(truth, predicted)
    before, volumes.CELLS = volumes.CELLS, 3
    try:
        assert vidvrd.detection(truth, predicted) == wide
    finally:
        volumes.CELLS = before

"""Recall of PVSG relations with predicted and with given trajectories, as OpenPVSG's programs count it."""

from __future__ import annotations

from itertools import pairwise, repeat

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import pvsg
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Videos
from svg2_assets.evaluation.public.tubes import tubes_of_maps, tubes_of_rows
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from tests.evaluation.public import inputs

# seed of `scenes` -> recall, mean, weak and weak mean recall of the public program at each K; then the soft ones.
PUBLIC = {
    2: (
        {
            20: (0.166666667, 0.333333333, 0.333333333, 0.444444444),
            50: (0.666666667, 0.722222222, 0.833333333, 0.833333333),
            100: (0.666666667, 0.722222222, 0.833333333, 0.833333333),
        },
        {
            20: (0.083333333, 0.166666667, 0.104166667, 0.180555556),
            50: (0.5625, 0.541666667, 0.583333333, 0.555555556),
            100: (0.5625, 0.541666667, 0.583333333, 0.555555556),
        },
    ),
    4: (
        {
            20: (0.125, 0.111111111, 0.125, 0.111111111),
            50: (0.375, 0.388888889, 0.375, 0.388888889),
            100: (0.5, 0.5, 0.5, 0.5),
        },
        {
            20: (0.125, 0.111111111, 0.125, 0.111111111),
            50: (0.325, 0.333333333, 0.325, 0.333333333),
            100: (0.429166667, 0.425925926, 0.429166667, 0.425925926),
        },
    ),
}
# seed of `inputs.given_statements` -> the same, and the recall of pairs at 20.
GIVEN = {
    1: (
        {20: (0.125, 0.25, 0.25, 0.375), 50: (0.25, 0.375, 0.375, 0.5), 100: (0.375, 0.5, 0.625, 0.708333333)},
        0.2,
    ),
    2: ({20: (0.0, 0.0, 0.4, 0.5), 50: (0.2, 0.125, 0.8, 0.75), 100: (0.4, 0.375, 1.0, 1.0)}, 0.5),
}

HOLD, NEAR = "hold", "near"
PERSON, CUP = 1, 2
FRAMES = 10


def mask(*boxes):
    """Boxes (x, y, w, h) on 8 x 20 pixels."""
    pixels = np.zeros((8, 20), dtype=bool)
    for x, y, w, h in boxes:
        pixels[y : y + h, x : x + w] = True
    return Mask.from_array(pixels)


LEFT, RIGHT = mask((0, 0, 4, 4)), mask((10, 0, 4, 4))


def still(shown, frames=range(FRAMES)):
    return Trajectory(tuple(frames), tuple(repeat(shown, len(frames))))


WHOLE_LEFT, WHOLE_RIGHT = still(LEFT), still(RIGHT)


def truth(relations=((PERSON, CUP, HOLD, [[0, 9]]),), *, person=WHOLE_LEFT, cup=WHOLE_RIGHT):
    return {
        "objects": [{"object_id": PERSON, "category": "person"}, {"object_id": CUP, "category": "cup"}],
        "relations": [list(r) for r in relations],
        "masks": {PERSON: person, CUP: cup},
    }


def result(frames=range(FRAMES), relation=HOLD, subject=0, object_=1):
    span = np.zeros(FRAMES)
    span[list(frames)] = 1
    return {"subject_index": subject, "object_index": object_, "relation": relation, "relation_span": span}


def prediction(*results, person=WHOLE_LEFT, cup=WHOLE_RIGHT):
    objects = {0: {"cid": "person", "masks": person}, 1: {"cid": "cup", "masks": cup}}
    return {"objects": objects, "results": list(results)}


def recall(true, found, **more):
    return pvsg.recall({"v": true}, {"v": found}, **more)


def values(recalls):
    return {k: (r.recall, r.mean_recall, r.weak_recall, r.weak_mean_recall) for k, r in recalls.items()}


def scenes(seed):
    return {f"v{i}": inputs.scene_video(seed * 10 + i) for i in range(3)}


@pytest.mark.parametrize("seed", PUBLIC)
def test_the_numbers_are_those_of_the_public_program(seed):
    found = pvsg.recall(*inputs.scene_records(scenes(seed)), predicates=[0, 1, 2])
    for mine, public in zip((found.at, found.soft), PUBLIC[seed], strict=True):
        for k, at in values(mine).items():
            assert at == pytest.approx(public[k], abs=1e-8)


@pytest.mark.parametrize("seed", GIVEN)
def test_with_given_trajectories_too(seed):
    true, said = inputs.given_statements(seed)
    public, pairs = GIVEN[seed]
    for k, at in values(pvsg.recall_of_given(true, said).at).items():
        assert at == pytest.approx(public[k], abs=1e-8)
    ends = [{v: [(r["subject_index"], r["object_index"]) for r in s] for v, s in side.items()} for side in (true, said)]
    assert pvsg.pair_recall(*ends) == pytest.approx(pairs, abs=1e-8)


def test_true_spans_include_their_last_frame():
    said = prediction(result(range(5)))
    assert recall(truth([(PERSON, CUP, HOLD, [[0, 9]])]), said).at[20].recall == 1  # 5 of 10 frames
    assert recall(truth([(PERSON, CUP, HOLD, [[0, 10]])]), said).at[20].recall == 1  # frame 10 is beyond the span's end
    found = recall(truth([(PERSON, CUP, HOLD, [[0, 5]])]), prediction(result(range(3))))
    assert found.soft[20].recall == 0.5  # 3 of 6


def test_frames_outside_the_true_spans_cost_nothing():
    assert recall(truth([(PERSON, CUP, HOLD, [[2, 3]])]), prediction(result())).soft[20].recall == 1


def test_only_frames_that_show_both_true_objects_count():
    true = truth(cup=still(RIGHT, range(4)))
    assert recall(true, prediction(result(range(4)))).soft[20].recall == 1
    assert recall(truth(cup=still(RIGHT, range(1, 1))), prediction(result())).at[20].weak_recall == 0


def test_both_masks_must_reach_half_on_a_frame():
    half = mask((0, 0, 2, 4))
    assert recall(truth(), prediction(result(), person=still(half))).soft[20].recall == 1  # exactly a half is enough
    less = mask((0, 0, 2, 4), (19, 7, 1, 1))
    assert recall(truth(), prediction(result(), person=still(less))).at[20].weak_recall == 0
    assert recall(truth(), prediction(result(), cup=still(RIGHT, range(6)))).soft[20].recall == 0.6


def test_the_first_result_that_overlaps_enough_must_be_among_the_k_first():
    wrong = [result(relation=NEAR)] * 2
    found = recall(truth(), prediction(*wrong, result()), ks=(2, 3, 500))
    assert [found.at[k].recall for k in (2, 3, 500)] == [0, 1, 1]


def test_weak_recall_counts_every_result_up_to_the_first_hit():
    little = result(range(2))
    found = recall(truth(), prediction(little, little, result(), result()), ks=(1, 2, 20))
    assert {k: (r.recall, r.weak_recall) for k, r in found.at.items()} == {1: (0, 1), 2: (0, 2), 20: (1, 3)}
    assert found.soft[20].weak_recall == pytest.approx(0.2 + 0.2 + 1)


def test_one_result_recalls_duplicates_of_the_truth_and_means_are_over_predicates():
    relations = [(PERSON, CUP, HOLD, [[0, 9]])] * 3 + [(PERSON, CUP, NEAR, [[0, 9]])]
    found = recall(truth(relations), prediction(result()))
    assert (found.at[20].recall, found.at[20].mean_recall) == (0.75, 0.5)
    assert {p: (t.hit[20], t.total) for p, t in found.per_predicate.items()} == {HOLD: (3, 3), NEAR: (0, 1)}


def test_relations_of_unknown_predicates_are_left_out_and_counted():
    relations = [(PERSON, CUP, HOLD, [[0, 9]]), (PERSON, CUP, "hug", [[0, 9]])]
    found = recall(truth(relations), prediction(result()), predicates=[HOLD, NEAR])
    assert (found.at[20].recall, found.at[20].mean_recall, found.left_out) == (1, 1, 1)


def test_a_result_of_an_object_without_masks_keeps_its_place():
    said = prediction(result(subject=2), result())
    said["objects"][2] = {}
    assert [recall(truth(), said, ks=(1, 2)).at[k].recall for k in (1, 2)] == [0, 1]


def test_classes_must_agree_and_direction_matters():
    assert recall(truth(), prediction(result(subject=1, object_=0))).at[20].recall == 0
    said = prediction(result())
    said["objects"][1]["cid"] = "bottle"
    assert recall(truth(), said).at[20].recall == 0


def test_videos_of_one_side_are_named():
    found = pvsg.recall({"a": truth(), "b": truth(), "c": truth([])}, {"a": prediction(result()), "d": {}})
    assert found.at[20].recall == 0.5
    assert found.videos == Videos(2, ("c",), ("b",), ("d",))
    statements = [result()]
    again = pvsg.recall_of_given({"a": statements, "b": statements}, {"a": statements, "d": []})
    assert (again.at[20].recall, again.videos) == (0.5, Videos(2, (), ("b",), ("d",)))


def test_of_given_statements_only_the_first_alike_counts():
    true = {"v": [result(range(4))]}
    found = pvsg.recall_of_given(true, {"v": [result(range(2)), result(range(4))]})
    assert (found.at[20].recall, found.at[20].weak_recall) == (1, 1)  # an IoU of exactly a half
    assert pvsg.recall_of_given(true, {"v": [result([0]), result(range(4))]}).at[20].recall == 0


def test_pairs_count_once_each():
    assert pvsg.pair_recall({"v": [(1, 2), (1, 2), (2, 1)]}, {"v": [(1, 2)] * 30 + [(2, 1)]}) == 0.5
    assert pvsg.pair_recall({"v": [(1, 2)], "w": []}, {"v": [(1, 2)]}) == 0.5  # nothing true counts 0


@pytest.mark.parametrize(
    ("true", "found", "message"),
    [
        (truth([(PERSON, 9, HOLD, [[0, 1]])]), prediction(), r"v: truth.relations\[0\]: no true object has the id 9"),
        (truth(), prediction(result(subject=7)), r"v: prediction.results\[0\]: no predicted object has the index 7"),
        (truth([(PERSON, CUP, HOLD, [[-1, 1]])]), prediction(result()), "expected spans from frame 0 on"),
        (truth([(PERSON, CUP, HOLD, [[0.5, 1]])]), prediction(result()), "expected two frame numbers"),
        (truth([(PERSON, CUP, HOLD)]), prediction(), r"v: truth.relations\[0\]: expected \[subject id"),
        (truth(), {"results": []}, "v: expected a record with `objects`"),
        (truth(), prediction(person=still(Mask.empty(2, 2))), "v: expected masks of one size"),
        (truth([]), prediction(result()), "expected a relation of a known predicate, found none"),
    ],
)
def test_what_cannot_be_scored_names_video_and_place(true, found, message):
    with pytest.raises(InvalidBenchmarkInput, match=message):
        recall(true, found)


def test_spans_of_given_statements_must_be_as_long():
    short = {**result(), "relation_span": [1, 1]}
    with pytest.raises(InvalidBenchmarkInput, match=r"v: truth\[0\]: expected a span over as many frames"):
        pvsg.recall_of_given({"v": [result()]}, {"v": [short]})
    with pytest.raises(InvalidBenchmarkInput, match="expected a video, found none"):
        pvsg.pair_recall({}, {})


def test_maps_and_rows_become_trajectories():
    maps = [np.asarray([[1, 1], [0, 2]]), np.asarray([[0, 0], [0, 2]])]
    found = tubes_of_maps(iter(maps), [1, 2, 3])
    assert {i: t.frames for i, t in found.items()} == {1: (0,), 2: (0, 1), 3: ()}
    assert found[1].masks[0].to_array().tolist() == [[True, True], [False, False]]
    code, other = LEFT.counts.decode(), RIGHT.counts.decode()
    rows = [("2", "5", "7", "8", "20", code), ("1", "5", "3", "8", "20", code), ("1", "5", "7", "8", "20", other)]
    tubes = tubes_of_rows([*rows, ("1", "6", "1", "8", "20", code), ("2", "6", "4", "8", "20", code)])
    assert {track: tube["cid"] for track, tube in tubes.items()} == {5: 7, 6: 1}  # the first of two as frequent
    assert tubes[5]["masks"] == Trajectory((0, 1), (RIGHT, LEFT))  # frames from 1; the last line of a frame holds


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_the_truth_as_prediction_recalls_all_that_is_visible(seed):
    true, _ = inputs.scene_records(scenes(seed))
    said = {}
    for video, record in true.items():
        masks = record["masks"]
        held = [{t for a, b in r[3] for t in range(a, b + 1)} for r in record["relations"]]
        seen = [set(masks[s].frames) & set(masks[o].frames) for s, o, _, _ in record["relations"]]
        record["relations"] = [r for i, r in enumerate(record["relations"]) if held[i] & seen[i]]
        kept = [h for h, shown in zip(held, seen, strict=True) if h & shown]
        said[video] = {
            "objects": {
                o["object_id"]: {"cid": o["category"], "masks": masks[o["object_id"]]} for o in record["objects"]
            },
            "results": [
                {
                    "subject_index": s,
                    "object_index": o,
                    "relation": p,
                    "relation_span": [t in within for t in range(12)],
                }
                for (s, o, p, _), within in zip(record["relations"], kept, strict=True)
            ],
        }
    assume(any(record["relations"] for record in true.values()))
    found = pvsg.recall(true, said)
    assert (found.at[20].recall, found.at[20].mean_recall) == (1, 1)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_recall_grows_with_k_and_is_never_above_weak_recall(seed):
    found = pvsg.recall(*inputs.scene_records({"v": inputs.scene_video(seed), "w": inputs.scene_video(1)}))
    for before, after in pairwise([found.at[k] for k in pvsg.KS]):
        assert before.recall <= after.recall <= after.weak_recall
        assert before.mean_recall <= after.mean_recall <= after.weak_mean_recall
    assert all(found.soft[k].recall <= found.at[k].recall for k in pvsg.KS)

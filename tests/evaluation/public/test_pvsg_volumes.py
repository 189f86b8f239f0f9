"""Average precision and recall of PVSG relations by volume IoU, as OpenPVSG's `utils/metric.py` counts it."""

from __future__ import annotations

from itertools import repeat

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import pvsg_volumes
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Videos
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from tests.evaluation.public import inputs

# seed of `scenes` -> mean AP and recall at K of the public program at vIoU 0.5.
PUBLIC = {
    1: (0.024105462, {10: 0.0, 20: 0.285714298, 50: 0.285714298}),
    2: (0.141000002, {10: 0.333333343, 20: 0.333333343, 50: 0.666666687}),
    3: (0.166666667, {10: 0.125, 20: 0.125, 50: 0.125}),
    4: (0.183716965, {10: 0.125, 20: 0.125, 50: 0.25}),
}

FRAMES = 4
LEFT = Mask.from_box((0, 0, 4, 4), height=8, width=16)
RIGHT = Mask.from_box((8, 0, 4, 4), height=8, width=16)
HALF = Mask.from_box((0, 0, 2, 4), height=8, width=16)


def still(shown, frames=range(FRAMES)):
    return Trajectory(tuple(frames), tuple(repeat(shown, len(frames))))


def relation(durs=((1, FRAMES),), relation="hold", **more):
    return {"triplet": ((1, "person"), (2, "cup"), relation), "durs": [list(d) for d in durs], **more}


def side(*relations, person=LEFT, cup=RIGHT, frames=range(FRAMES)):
    masks = {1: still(person, frames), 2: still(cup, frames)}
    return {"num_frames": FRAMES, "masks": masks, "relations": list(relations)}


def ap(true, found, **more):
    return pvsg_volumes.detection({"v": true}, {"v": found}, **more).mean_ap


def scenes(seed):
    return {f"v{i}": inputs.volume_scene(seed * 10 + i) for i in range(3)}


@pytest.mark.parametrize("seed", PUBLIC)
def test_the_numbers_are_those_of_the_public_program(seed):
    mean_ap, recall = PUBLIC[seed]
    found = pvsg_volumes.detection(*inputs.volume_records(scenes(seed)))
    assert found.mean_ap == pytest.approx(mean_ap, abs=1e-8)
    assert found.recall == pytest.approx(recall, abs=1e-8)


def test_durations_count_from_one_and_include_their_last_frame():
    true = side(relation([(1, 2)]))
    assert ap(true, side(relation([(1, 2)], score=1)), viou=1.0) == 1
    assert ap(true, side(relation([(1, 4)], score=1)), viou=0.5) == 1
    assert ap(true, side(relation([(1, 4)], score=1)), viou=0.51) == 0
    assert ap(true, side(relation([(1, 1), (2, 2)], score=1)), viou=1.0) == 1
    assert ap(side(relation([(3, 4)])), side(relation([(3, 90)], score=1)), viou=1.0) == 1  # cut at the video's end


def test_frame_zero_is_the_last_one_as_there():
    assert ap(side(relation([(4, 4)])), side(relation([(0, 4)], score=1)), viou=1.0) == 1
    assert ap(side(relation([(1, 3)])), side(relation([(0, 3)], score=1))) == 0


def test_the_lower_of_two_volumes_must_reach_the_threshold():
    assert ap(side(relation()), side(relation(score=1), person=HALF)) == 1
    assert ap(side(relation()), side(relation(score=1), person=HALF), viou=0.51) == 0
    assert ap(side(relation()), side(relation(score=1), frames=range(2))) == 1
    assert ap(side(relation()), side(relation(score=1), frames=range(0)), viou=0.0) == 1  # nothing in common is 0


def test_equal_scores_stay_in_the_order_given_and_copies_are_wrong():
    right, wrong = relation(score=0.5), relation(relation="near", score=0.5)
    assert ap(side(relation()), side(right, wrong)) == 1
    assert ap(side(relation()), side(wrong, right)) == 0.5
    assert ap(side(relation(), relation()), side(right, right, right)) == 1


def test_videos_of_one_side_are_named():
    true = {"a": side(relation()), "b": side(relation()), "c": side()}
    found = pvsg_volumes.detection(true, {"a": side(relation(score=1)), "d": side()})
    assert (found.mean_ap, found.recall[10]) == (0.5, 0.5)
    assert found.videos == Videos(2, ("c",), ("b",), ("d",))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (side(relation()), r"v: prediction\[0\]: expected a record with `score`"),
        (side({**relation(score=1), "triplet": ("person", "cup", "hold")}), r"v: prediction\[0\]: expected a triplet"),
        (
            side({**relation(score=1), "triplet": ((9, "person"), (2, "cup"), "hold")}),
            "v: no predicted object has the id 9",
        ),
        (
            side(relation(score=1), frames=range(9)),
            "v: a predicted object has a mask on frame 8, the video has 4 frames",
        ),
        (side(relation([(1.5, 2)], score=1)), r"v: prediction\[0\].durs: expected two frame numbers"),
        (side(relation(score=1), person=Mask.empty(2, 2)), "v: expected masks of one size"),
    ],
)
def test_what_cannot_be_scored_names_video_and_place(found, message):
    with pytest.raises(InvalidBenchmarkInput, match=message):
        ap(side(relation()), found)


def test_no_truth_is_an_error():
    with pytest.raises(InvalidBenchmarkInput, match="expected a video with a relation"):
        ap(side(), side(relation(score=1)))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_the_truth_as_prediction_is_perfect(seed):
    truth, _ = inputs.volume_records(scenes(seed))
    for record in truth.values():  # what is not visible has no volume to overlap
        shown = {i: set(t.frames) for i, t in record["masks"].items()}
        record["relations"] = [
            r
            for r in record["relations"]
            if all(any(a - 1 <= t < b for a, b in r["durs"] for t in shown[end[0]]) for end in r["triplet"][:2])
            and all(a > 0 for a, _ in r["durs"])
        ]
    assume(any(record["relations"] for record in truth.values()))
    said = {
        v: {**record, "relations": [dict(r, score=1.0) for r in record["relations"]]} for v, record in truth.items()
    }
    assert pvsg_volumes.detection(truth, said).mean_ap == 1

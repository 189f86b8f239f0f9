"""Names and attributes judged against hand-labelled things."""

from __future__ import annotations

import pytest

from svg2_assets.evaluation.naming import Area, ClipTruth, Judgement, Thing, judge_attribute, judge_name, tied_thing
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import AttributeType
from svg2_assets.scene.trajectory import Trajectory

DOG_BOX, BALL_BOX, FAR = (10.0, 10.0, 40.0, 30.0), (12.0, 30.0, 8.0, 8.0), (80.0, 60.0, 10.0, 10.0)
DOG = Thing("dog", frozenset({"dog", "animal"}), {0: (DOG_BOX,), 10: (DOG_BOX,)})
BALL = Thing("ball", frozenset({"ball"}), {0: (BALL_BOX,)}, interpolate=False)
SKY = Area("birds", frozenset({"bird"}), (60.0, 50.0, 40.0, 30.0), (0, 20), max_height=15)
TRUTH = ClipTruth((DOG, BALL), (SKY,))


def track(*pairs):
    """A trajectory of filled boxes, given as (frame, box)."""
    return Trajectory(tuple(f for f, _ in pairs), tuple(Mask.from_box(b, height=100, width=120) for _, b in pairs))


ON_DOG = track((0, DOG_BOX), (5, DOG_BOX), (10, DOG_BOX))


def verdict(name, trajectory):
    return judge_name(name, trajectory, TRUTH).judgement


def test_an_accepted_name_is_right_and_a_coarser_one_too():
    assert verdict("dog", ON_DOG) is Judgement.RIGHT
    assert verdict("animal", ON_DOG) is Judgement.RIGHT


def test_another_name_is_wrong_and_the_report_says_of_what():
    judged = judge_name("sheep", ON_DOG, TRUTH)
    assert (judged.judgement, judged.what) == (Judgement.WRONG, "dog")


def test_object_is_abstention_wherever_it_is():
    assert verdict("object", ON_DOG) is Judgement.ABSTAINED
    assert verdict("object", track((0, FAR))) is Judgement.ABSTAINED


def test_a_name_for_what_nobody_listed_is_wrong():
    assert verdict("dog", track((0, FAR))) is Judgement.WRONG


def test_a_thing_inside_another_is_judged_by_itself():
    assert verdict("ball", track((0, BALL_BOX))) is Judgement.RIGHT
    assert verdict("dog", track((0, BALL_BOX))) is Judgement.WRONG


def test_a_part_of_a_thing_may_bear_its_name_but_no_other():
    head = track((10, (10.0, 10.0, 10.0, 10.0)))
    assert verdict("dog", head) is Judgement.RIGHT
    assert verdict("cat", head) is Judgement.WRONG


def test_between_anchors_boxes_are_interpolated():
    assert verdict("dog", track((4, DOG_BOX), (5, DOG_BOX))) is Judgement.RIGHT
    assert verdict("dog", track((14, DOG_BOX))) is Judgement.WRONG  # nothing is known after the last anchor


def test_an_area_takes_its_names_for_small_things_inside_it_only():
    assert verdict("bird", track((3, FAR))) is Judgement.RIGHT
    assert verdict("bird", track((3, (70.0, 50.0, 20.0, 40.0)))) is Judgement.WRONG  # too tall
    assert verdict("bird", track((30, FAR))) is Judgement.WRONG  # too late


def test_an_area_does_not_excuse_a_wrong_name_of_a_listed_thing():
    everywhere = ClipTruth((DOG,), (Area("birds", frozenset({"bird"}), (0.0, 0.0, 120.0, 100.0), (0, 20)),))
    assert judge_name("bird", ON_DOG, everywhere).judgement is Judgement.WRONG


def test_the_majority_of_frames_decides_for_a_track_that_slips():
    slips = track((0, DOG_BOX), (10, FAR))
    assert verdict("dog", slips) is Judgement.RIGHT  # half is enough
    worse = ClipTruth((Thing("dog", DOG.accept, {0: (DOG_BOX,), 5: (DOG_BOX,), 10: (DOG_BOX,)}),))
    assert judge_name("dog", track((0, DOG_BOX), (5, FAR), (10, FAR)), worse).judgement is Judgement.WRONG


def test_a_trajectory_is_tied_to_what_it_covers_on_most_frames():
    assert tied_thing(ON_DOG, TRUTH) is DOG
    assert tied_thing(track((0, BALL_BOX)), TRUTH) is BALL
    assert tied_thing(track((0, FAR)), TRUTH) is None
    assert tied_thing(track((0, DOG_BOX), (10, FAR)), TRUTH) is DOG


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("red", AttributeType.COLOR, Judgement.RIGHT),
        ("green", AttributeType.COLOR, Judgement.WRONG),
        ("wearing a red top", AttributeType.CLOTHING, Judgement.RIGHT),
        ("wearing a black top", AttributeType.CLOTHING, Judgement.WRONG),
        ("wearing black bottoms", AttributeType.CLOTHING, Judgement.RIGHT),
        ("wearing dark bottoms", AttributeType.CLOTHING, Judgement.RIGHT),
        ("wearing a dark top", AttributeType.CLOTHING, Judgement.WRONG),
        ("moving", AttributeType.MOTION, Judgement.RIGHT),
        ("still", AttributeType.MOTION, Judgement.WRONG),
        ("round", AttributeType.SHAPE, None),
        ("small in the frame", AttributeType.SIZE, None),
    ],
)
def test_attributes_are_judged_where_the_labels_speak_of_them(value, kind, expected):
    looks = {"upper": frozenset({"red"}), "lower": frozenset({"black"}), "motion": frozenset({"moving"})}
    person = Thing("somebody", frozenset({"person"}), {0: (DOG_BOX,)}, attributes=looks)
    assert judge_attribute(Attribute(value, kind), person) is expected

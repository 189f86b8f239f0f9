"""Facts of coloured shapes whose truth is known, on clips painted frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.descriptions.facts import Claim, Facts, Region
from svg2_assets.descriptions.measure import measure
from svg2_assets.scene.errors import PhaseError
from svg2_assets.trajectories.protocols import CameraMotion, TrackingResult
from tests.descriptions.pictures import FRAMES, HEIGHT, WIDTH, Clip, Thing, detector, video

RED, BLUE, WHITE, BLACK = (200, 40, 30), (30, 80, 200), (240, 240, 240), (15, 15, 15)
PANNING = CameraMotion(tuple(range(FRAMES)), ((4.0, 0.0, 1.0, 0.0),) * (FRAMES - 1), fixed=False)


def facts_of(*things: Thing, camera: CameraMotion | None = None, length: int = FRAMES) -> list[Facts]:
    shown = video(frames=length)
    clip = Clip(shown, [t.paint for t in things])
    objects = tuple(t.tracked(shown, object_id=i, witnesses=(detector(dog=0.8),)) for i, t in enumerate(things))
    return [m.facts for m in measure(clip, TrackingResult(objects, camera or CameraMotion()))]


def said(facts: Facts, kind: Claim, region: Region = Region.WHOLE) -> list[str]:
    return [s.value for s in facts.statements if s.kind is kind and s.region is region]


def test_a_still_red_box_is_red_still_and_where_it_stands() -> None:
    (facts,) = facts_of(Thing(start=(20, 20), size=(60, 60), colours=(RED,)))
    assert said(facts, Claim.COLOR) == ["red"]
    assert said(facts, Claim.MOTION) == ["still"]
    assert said(facts, Claim.POSITION) == ["top left"]
    assert said(facts, Claim.PASSAGE) == []
    assert said(facts, Claim.SHAPE) == []


def test_a_thing_with_two_halves_has_two_colours_and_none_as_a_whole() -> None:
    (facts,) = facts_of(Thing(start=(150, 40), size=(50, 150), colours=(WHITE, BLACK)))
    assert said(facts, Claim.COLOR) == []
    assert said(facts, Claim.COLOR, Region.UPPER) == ["white"]
    assert said(facts, Claim.COLOR, Region.LOWER) == ["black"]


def test_a_body_cut_by_the_border_has_no_halves() -> None:
    (facts,) = facts_of(Thing(start=(150, 100), size=(50, 140), colours=(WHITE, BLACK)))
    assert not [s for s in facts.statements if s.kind is Claim.COLOR]


def test_a_disc_is_round_and_a_square_is_not() -> None:
    disc, square = facts_of(
        Thing(start=(40, 60), size=(60, 60), colours=(WHITE,), shape="disc"),
        Thing(start=(200, 60), size=(60, 60), colours=(BLUE,)),
    )
    assert said(disc, Claim.SHAPE) == ["round"]
    assert disc.extent.roundness > 0.9
    assert said(square, Claim.SHAPE) == []
    assert square.extent.roundness < 0.8


def test_a_pole_is_elongated() -> None:
    (facts,) = facts_of(Thing(start=(100, 20), size=(20, 180)))
    assert said(facts, Claim.SHAPE) == ["elongated"]


def test_a_speck_is_small_and_a_wall_is_large_and_a_chair_is_neither() -> None:
    speck, wall, chair = facts_of(
        Thing(start=(10, 10), size=(16, 16)),
        Thing(start=(40, 40), size=(220, 160)),
        Thing(start=(280, 40), size=(36, 60)),
    )
    assert [said(f, Claim.SIZE) for f in (speck, wall, chair)] == [["small"], ["large"], []]


def test_what_travels_is_moving_and_has_no_place() -> None:
    (facts,) = facts_of(Thing(start=(30, 100), size=(40, 40), step=(7, 0)))
    assert said(facts, Claim.MOTION) == ["moving"]
    assert said(facts, Claim.POSITION) == []
    assert facts.extent.speed == pytest.approx(70 / 40, rel=0.1)


def test_what_the_camera_carries_along_is_still() -> None:
    carried, follows = facts_of(
        Thing(start=(20, 100), size=(40, 40), step=(4, 0)),
        Thing(start=(200, 30), size=(40, 40)),
        camera=PANNING,
    )
    assert said(carried, Claim.MOTION) == ["still"]
    assert said(follows, Claim.MOTION) == ["moving"]


def test_between_still_and_moving_nothing_is_said() -> None:
    (facts,) = facts_of(Thing(start=(60, 100), size=(60, 60), step=(0.6, 0)))
    assert said(facts, Claim.MOTION) == []


def test_what_comes_in_from_the_left_and_goes_out_on_the_right_is_said_to() -> None:
    (facts,) = facts_of(Thing(start=(-40, 100), size=(40, 40), step=(18, 0), frames=range(3, 26)), length=40)
    assert said(facts, Claim.PASSAGE) == ["enters from the left", "leaves to the right"]


def test_what_stands_at_the_border_does_not_enter() -> None:
    (facts,) = facts_of(Thing(start=(0, 100), size=(40, 40), frames=range(5, 25)))
    assert said(facts, Claim.PASSAGE) == []


def test_few_frames_are_looked_at_and_shared() -> None:
    shown = video(frames=200)
    things = [Thing(start=(20 + 50 * i, 20), size=(30, 30), frames=range(200)) for i in range(4)]
    clip = Clip(shown, [t.paint for t in things])
    measured = measure(clip, TrackingResult(tuple(t.tracked(shown, object_id=i) for i, t in enumerate(things))))
    assert all(len(m.frames) == 8 for m in measured)
    assert len(clip.picked) == 8
    assert np.ptp(measured[0].frames) > 150


def test_frames_where_the_thing_is_whole_are_preferred() -> None:
    shown = video()
    thing = Thing(start=(-30, 100), size=(60, 60), step=(8, 0))
    measured = measure(Clip(shown, [thing.paint]), TrackingResult((thing.tracked(shown),)))
    cut = [f for f in measured[0].frames if thing.start[0] + 8 * f <= 3]
    assert len(cut) <= 1


def test_a_thing_of_one_frame_gets_only_what_can_be_known() -> None:
    (facts,) = facts_of(Thing(start=(20, 20), size=(60, 60), frames=range(4, 5)))
    assert {s.kind for s in facts.statements} == {Claim.COLOR, Claim.POSITION}
    assert facts.extent.frames == 1


def test_masks_of_another_size_are_refused_with_the_video_named() -> None:
    other = video(width=WIDTH * 2, height=HEIGHT * 2)
    thing = Thing(start=(20, 20), size=(60, 60))
    with pytest.raises(PhaseError, match="v1: descriptions: expected object 0 with masks of 240x320"):
        measure(Clip(video(), [thing.paint]), TrackingResult((thing.tracked(other),)))


def test_no_objects_need_no_frames() -> None:
    clip = Clip(video())
    assert measure(clip, TrackingResult(())) == ()
    assert clip.picked == []

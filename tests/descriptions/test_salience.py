"""Who is described when not all can be, and what is taken for stuff."""

from __future__ import annotations

import dataclasses

import pytest

from svg2_assets.descriptions.geometry import Course
from svg2_assets.descriptions.presets import StuffRule, ViewRules
from svg2_assets.descriptions.salience import Budget, spend
from svg2_assets.descriptions.stuff import is_stuff
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import CameraMotion, TrackingResult
from tests.descriptions.pictures import FRAMES, HEIGHT, WIDTH, Thing, video

WALL = Thing(start=(0, 0), size=(WIDTH, 110))
FLOOR = Thing(start=(0, 150), size=(WIDTH, 90))
BALL = Thing(start=(40, 120), size=(16, 16), step=(6, 0))
SPECK = Thing(start=(4, 4), size=(3, 3), frames=range(6))
SHORT = dataclasses.replace(SPECK, start=(300, 4))


def budget(*things: Thing, objects: int, preset: str = "default", part_of: dict[int, int] | None = None) -> Budget:
    shown = video()
    tracked = [t.tracked(shown, object_id=i) for i, t in enumerate(things)]
    owned = [dataclasses.replace(o, part_of=(part_of or {}).get(o.id)) for o in tracked]
    courses = {o.id: Course.of(o.trajectory, shown) for o in owned}
    return spend(TrackingResult(tuple(owned)), courses, ViewRules(preset=preset, objects=objects))


def test_a_small_ball_that_flies_through_the_middle_comes_before_specks_and_upstream_after_walls() -> None:
    things = (WALL, FLOOR, SPECK, SHORT, BALL)
    assert 4 in budget(*things, objects=2).chosen
    assert budget(*things, objects=2, preset="paper").chosen == (0, 1)
    assert budget(*things, objects=2, preset="release").left_out == (2, 3, 4)


def test_nobody_is_left_out_while_there_is_room_and_the_rest_is_named_by_id() -> None:
    things = (WALL, SPECK, SHORT, BALL)
    assert budget(*things, objects=4).left_out == ()
    cut = budget(*things, objects=1)
    assert sorted([*cut.chosen, *cut.left_out]) == [0, 1, 2, 3]
    assert len(cut.chosen) == 1


def test_upstream_describes_forty_at_most_and_ours_as_many_as_are_asked_for() -> None:
    things = [Thing(start=(i, 10), size=(20, 20)) for i in range(60)]
    assert len(budget(*things, objects=60, preset="paper").chosen) == 40
    assert len(budget(*things, objects=60).chosen) == 60


def test_a_part_of_what_is_described_waits_for_others() -> None:
    person = Thing(start=(100, 60), size=(60, 120), step=(2, 0))
    shirt = Thing(start=(104, 80), size=(50, 40), step=(2, 0))
    chair = Thing(start=(20, 100), size=(50, 50))
    assert budget(person, shirt, chair, objects=2).chosen == (0, 1)
    assert budget(person, shirt, chair, objects=2, part_of={1: 0}).chosen == (0, 2)


def test_equals_come_in_the_order_of_ids_and_a_circle_of_parts_ends() -> None:
    same = Thing(start=(60, 60), size=(30, 30))
    assert budget(same, same, same, objects=2).chosen == (0, 1)
    assert len(budget(same, same, objects=2, part_of={0: 1, 1: 0}).chosen) == 2


def test_nothing_is_chosen_of_nothing() -> None:
    assert budget(objects=5) == Budget((), (), {})


def course_of(thing: Thing) -> Course:
    return Course.of(thing.trajectory(video()), video())


def stuff(thing: Thing, *, camera: CameraMotion | None = None, part_of: int | None = None) -> bool:
    return is_stuff(course_of(thing), camera=camera or CameraMotion(), part_of=part_of, rule=StuffRule())


def test_walls_and_floors_are_stuff() -> None:
    assert stuff(WALL)
    assert stuff(FLOOR)


@pytest.mark.parametrize(
    "thing",
    [
        BALL,
        Thing(start=(100, 60), size=(60, 120)),
        Thing(start=(80, 40), size=(160, 200)),
        Thing(start=(0, 0), size=(40, 40)),
        Thing(start=(-100, 20), size=(200, 200), step=(9, 0)),
    ],
    ids=["ball", "person", "large and cut below", "in a corner", "large and moving"],
)
def test_things_are_not(thing: Thing) -> None:
    assert not stuff(thing)


def test_a_part_is_a_thing_and_ground_that_the_camera_moves_stays_stuff() -> None:
    assert not stuff(FLOOR, part_of=3)
    masks = [Mask.from_box((0, 150, WIDTH, 90), height=HEIGHT, width=WIDTH)] * FRAMES
    course = Course.of(Trajectory(tuple(range(FRAMES)), tuple(masks)), video())
    drifting = CameraMotion(tuple(range(FRAMES)), ((9.0, 0.0, 1.0, 0.0),) * (FRAMES - 1), fixed=False)
    assert is_stuff(course, camera=drifting, part_of=None, rule=StuffRule())

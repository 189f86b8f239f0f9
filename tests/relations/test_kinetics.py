"""Motion of things relative to each other and to the camera."""

from __future__ import annotations

import pytest

from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.trajectories.protocols import CameraMotion
from tests.relations.worlds import Path, World, during, moving, still


def test_a_person_walks_up_to_another() -> None:
    world = World().add("person", moving(20, 100, 30, 80, vx=35)).add("person", still(240, 100, 30, 80))
    assert world.find("approaching") is not None
    assert world.find("approaching", 1, 0) is None
    assert world.find("moving away from") is None


def test_a_person_walks_away_from_another() -> None:
    world = World().add("person", moving(60, 100, 30, 80, vx=35)).add("person", still(20, 100, 30, 80))
    assert world.find("moving away from") is not None
    assert world.find("approaching") is None


def test_swaying_is_not_approaching() -> None:
    def sway(t: float) -> tuple[float, float, float, float]:
        return 60 + 8 * (t % 1), 100, 30, 80

    world = World().add("person", sway).add("person", still(200, 100, 30, 80))
    assert world.find("approaching") is None


def test_a_panning_camera_moves_nothing() -> None:
    frames = tuple(range(50))
    pan = CameraMotion(frames, ((-4.0, 0.0, 1.0, 0.0),) * 49, fixed=False)
    person, dog = moving(250, 100, 30, 80, vx=-40), moving(290, 150, 30, 30, vx=-40)
    said = {r.predicate for r in World(camera=pan).add("person", person).add("dog", dog).relations()}
    assert not said & {"approaching", "moving together with", "following", "leaving"}


def test_one_behind_the_other_on_one_path_follows() -> None:
    world = World().add("person", moving(10, 100, 25, 60, vx=30)).add("person", moving(80, 100, 25, 60, vx=30))
    assert world.find("following") is not None
    assert world.find("following", 1, 0) is None
    assert world.find("moving together with") is None


def test_walking_past_each_other_is_not_following() -> None:
    world = World().add("person", moving(10, 100, 25, 60, vx=30)).add("person", moving(260, 100, 25, 60, vx=-30))
    assert world.find("following") is None


def test_side_by_side_is_moving_together() -> None:
    world = World().add("person", moving(10, 100, 25, 60, vx=30)).add("person", moving(40, 105, 25, 62, vx=30))
    assert world.find("moving together with") is not None


def test_two_that_stand_side_by_side_do_not_move_together() -> None:
    world = World().add("person", still(10, 100, 25, 60)).add("person", still(40, 105, 25, 62))
    assert world.find("moving together with") is None


def growing(rate: float) -> Path:
    def path(t: float) -> tuple[float, float, float, float]:
        size = 30 * (1 + rate * t)
        return 160 - size / 2, 120 - size / 2, size, size

    return path


def test_a_thing_that_grows_approaches_the_camera() -> None:
    assert World().add("car", growing(0.6)).find("approaching", 0, CAMERA_ID) is not None


def test_a_zoom_of_the_camera_is_no_approach() -> None:
    steps = tuple((0.0, 0.0, (1 + 0.06 * (i + 1)) / (1 + 0.06 * i), 0.0) for i in range(49))
    zoom = CameraMotion(tuple(range(50)), steps, fixed=False)
    assert World(camera=zoom).add("car", growing(0.6)).find("approaching", 0, CAMERA_ID) is None


def test_opening_the_arms_is_no_approach() -> None:
    world = World().add("person", lambda t: (150 - 10 * t, 60, 30 + 20 * t, 120))
    assert world.find("approaching", 0, CAMERA_ID) is None


def test_coming_in_across_the_border_is_entering() -> None:
    world = World().add("person", moving(-80, 100, 30, 80, vx=40))
    entering = world.find("entering", 0, CAMERA_ID)
    assert entering is not None
    assert 1.2 < entering.spans.parts[0].start < 1.5
    assert entering.spans.duration < 1.5
    assert world.find("leaving", 0, CAMERA_ID) is None


def test_going_out_across_the_border_is_leaving() -> None:
    world = World().add("person", moving(200, 100, 30, 80, vx=40))
    assert world.find("leaving", 0, CAMERA_ID) is not None


@pytest.mark.parametrize("cuts", [(), (20,)])
def test_what_is_there_when_a_shot_begins_has_not_entered(cuts: tuple[int, ...]) -> None:
    start = 2.0 if cuts else 0.0
    world = World(cuts=cuts).add("person", during(moving(0 - 40 * start, 100, 30, 80, vx=40), start, 5.0))
    assert world.find("entering", 0, CAMERA_ID) is None


def test_appearing_in_the_middle_is_not_entering() -> None:
    world = World().add("person", during(still(150, 100, 30, 80), 2.0, 5.0))
    assert world.find("entering", 0, CAMERA_ID) is None

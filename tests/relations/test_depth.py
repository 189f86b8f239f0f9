"""Who is in front, who touches."""

from __future__ import annotations

from tests.relations.worlds import World, moving, still


def test_of_two_people_that_meet_the_one_with_lower_feet_is_in_front() -> None:
    world = World().add("person", still(120, 40, 40, 120)).add("person", still(140, 50, 45, 140))
    assert world.find("in front of", 1, 0) is not None
    assert world.find("in front of", 0, 1) is None


def test_people_that_do_not_meet_are_not_ordered() -> None:
    world = World().add("person", still(60, 40, 40, 120)).add("person", still(180, 50, 45, 140))
    assert world.find("in front of", 1, 0) is None


def test_feet_below_the_frame_of_the_farther_one_order_nothing() -> None:
    world = World().add("person", still(120, 60, 60, 180)).add("person", still(150, 70, 60, 170))
    assert world.find("in front of", 1, 0) is None


def test_a_ball_before_the_trunk_is_in_front_of_the_person() -> None:
    world = World().add("person", still(120, 20, 70, 200)).add("ball", still(140, 90, 24, 24), round=True)
    assert world.find("in front of", 1, 0) is not None


def test_a_ball_beside_the_person_is_not_in_front() -> None:
    world = World().add("person", still(120, 20, 70, 200)).add("ball", still(188, 90, 24, 24), round=True)
    assert world.find("in front of", 1, 0) is None


def test_a_ball_seen_between_the_legs_is_not_in_front() -> None:
    legs = still(120, 120, 20, 100), still(170, 120, 20, 100)
    world = World().add("person", still(120, 20, 70, 100), *legs).add("ball", still(143, 190, 24, 24), round=True)
    assert world.find("in front of", 1, 0) is None


def test_people_with_their_feet_on_one_line_that_meet_touch() -> None:
    world = World().add("person", still(120, 60, 40, 120)).add("person", still(160, 58, 40, 122))
    assert world.find("touching") is not None


def test_people_that_meet_only_in_the_image_do_not_touch() -> None:
    world = World().add("person", still(120, 40, 40, 120)).add("person", still(140, 50, 45, 140))
    assert world.find("touching") is None


def test_unnamed_things_never_touch() -> None:
    world = World().add("object", still(120, 60, 40, 120)).add("object", still(160, 58, 40, 122))
    assert world.find("touching") is None
    assert world.find("overlapping") is not None


def test_a_piece_of_a_thing_has_no_relation_to_it() -> None:
    world = World().add("person", still(120, 20, 70, 200)).add("person", still(120, 20, 70, 150))
    world.bodies[0].parts = (still(119, 20, 72, 151),)
    assert world.find("in front of", 1, 0) is None


def test_of_two_that_cross_the_one_that_hides_the_other_is_in_front() -> None:
    world = World().add("object", moving(10, 80, 60, 60, vx=40)).add("object", moving(240, 90, 60, 60, vx=-40))
    assert world.find("in front of", 1, 0) is not None
    assert world.find("in front of", 0, 1) is None


def test_two_that_meet_without_hiding_anything_are_not_ordered() -> None:
    world = World().add("object", moving(10, 30, 60, 60, vx=40)).add("object", moving(240, 90, 60, 60, vx=-40))
    assert world.find("in front of", 1, 0) is None


def test_what_shrinks_and_stays_small_is_not_hidden() -> None:
    def shrinks(t: float) -> tuple[float, float, float, float]:
        return 100, 80, 60 if t < 2 else 30, 60

    world = World().add("object", shrinks).add("object", still(160, 80, 60, 60))
    assert world.find("in front of", 1, 0) is None

"""Where things are in the viewer's frame."""

from __future__ import annotations

from tests.relations.worlds import World, moving, still


def test_side_by_side_is_said_once_in_one_direction() -> None:
    world = World().add("cup", still(40, 100, 40, 40)).add("cup", still(120, 100, 40, 40))
    left = world.find("left of")
    assert left is not None
    assert left.spans.to_json() == [[0.0, 5.0]]
    assert not [r for r in world.relations() if r.predicate == "right of" or r.key == (1, "left of", 0)]


def test_the_right_one_with_the_lower_id_is_the_object() -> None:
    world = World().add("cup", still(120, 100, 40, 40)).add("cup", still(40, 100, 40, 40))
    assert world.find("left of", 1, 0) is not None


def test_overlapping_extents_are_not_left_of() -> None:
    world = World().add("cup", still(40, 60, 60, 40)).add("cup", still(70, 102, 60, 40))
    assert world.find("left of") is None


def test_things_far_apart_are_not_worth_saying() -> None:
    world = World(width=640).add("cup", still(10, 100, 20, 20)).add("cup", still(600, 100, 20, 20))
    assert world.relations() == ()


def test_a_pot_over_a_cup_is_above_it() -> None:
    world = World().add("pot", moving(60, 40, 60, 50, vy=-6)).add("cup", still(110, 110, 40, 40))
    assert world.find("above") is not None


def test_what_was_never_moved_may_just_be_farther_away() -> None:
    world = World().add("pot", still(60, 40, 60, 50)).add("cup", still(110, 110, 40, 40))
    assert world.find("above") is None


def test_a_person_higher_up_in_the_image_is_farther_away_and_not_above() -> None:
    world = World().add("person", still(100, 20, 30, 70)).add("person", still(100, 130, 35, 80))
    assert world.find("above") is None


def test_something_beside_is_not_above() -> None:
    world = World().add("pot", still(20, 90, 40, 40)).add("cup", still(120, 110, 40, 40))
    assert world.find("above") is None


def test_a_small_gap_is_near_and_a_wide_one_is_not() -> None:
    assert World().add("cup", still(40, 100, 40, 40)).add("cup", still(88, 100, 40, 40)).find("near") is not None
    assert World().add("cup", still(40, 100, 40, 40)).add("cup", still(160, 100, 40, 40)).find("near") is None


def test_people_at_different_depths_are_not_near() -> None:
    world = World().add("person", still(100, 20, 20, 50)).add("person", still(125, 60, 60, 150))
    assert world.find("near") is None


def test_masks_that_meet_overlap_and_masks_apart_do_not() -> None:
    assert World().add("cup", still(40, 100, 40, 40)).add("cup", still(70, 110, 40, 60)).find("overlapping") is not None
    assert World().add("cup", still(40, 100, 40, 40)).add("cup", still(88, 100, 40, 40)).find("overlapping") is None


def test_left_of_ends_when_the_things_have_changed_places() -> None:
    world = World(seconds=8.0).add("cup", moving(20, 100, 30, 30, vx=30)).add("cup", still(140, 104, 30, 30))
    first, second = world.find("left of"), world.find("left of", 1, 0)
    assert first is not None
    assert second is not None
    assert first.spans.parts[-1].end <= 3.2
    assert second.spans.parts[0].start >= 4.6

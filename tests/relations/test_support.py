"""Inside, on, riding."""

from __future__ import annotations

from tests.relations.worlds import Path, World, moving, still


def test_an_apple_that_stands_out_of_a_bowl_is_inside() -> None:
    world = World().add("bowl", still(100, 105, 80, 50)).add("apple", still(120, 90, 24, 25))
    assert world.find("inside", 1, 0) is not None


def test_an_apple_in_front_of_a_bowl_is_not_inside() -> None:
    world = World().add("bowl", still(100, 105, 80, 50)).add("apple", still(120, 125, 24, 30))
    assert world.find("inside", 1, 0) is None


def test_nothing_is_inside_what_does_not_close() -> None:
    world = World().add("person", still(120, 20, 70, 200)).add("ball", still(140, 90, 24, 24), round=True)
    assert world.find("inside", 1, 0) is None


def test_a_driver_is_inside_a_car_that_moves_and_not_inside_one_that_stands() -> None:
    def scene(speed: float) -> World:
        car, driver = moving(20, 100, 120, 60, vx=speed), moving(60, 108, 20, 20, vx=speed)
        return World().add("car", car).add("person", driver)

    assert scene(40).find("inside", 1, 0) is not None
    assert scene(0).find("inside", 1, 0) is None


def test_a_cup_at_rest_on_a_table() -> None:
    world = World().add("dining table", still(20, 120, 280, 100)).add("cup", still(100, 110, 30, 40))
    assert world.find("on", 1, 0) is not None


def test_a_cup_lifted_off_the_table_is_not_on_it() -> None:
    world = World().add("dining table", still(20, 120, 280, 100)).add("cup", still(100, 60, 30, 40))
    assert world.find("on", 1, 0) is None


def test_a_pot_before_a_person_is_not_on_the_person() -> None:
    world = World().add("person", still(100, 20, 120, 220)).add("pot", still(130, 80, 50, 50))
    assert world.find("on", 1, 0) is None


def rider(vx: float, lift: float) -> Path:
    return moving(75, 40 - lift, 25, 90, vx=vx)


def test_a_person_that_moves_with_a_horse_below_rides_it() -> None:
    world = World().add("horse", moving(40, 90, 110, 90, vx=35)).add("person", rider(35, 0))
    riding = world.find("riding", 1, 0)
    assert riding is not None
    assert not [r for r in world.relations() if r.predicate in ("in front of", "near", "overlapping", "holding")]


def test_a_person_behind_a_standing_horse_does_not_ride() -> None:
    world = World().add("person", rider(0, 0)).add("horse", still(40, 90, 110, 90))
    assert world.find("riding") is None


def test_a_person_who_leads_a_horse_does_not_ride_it() -> None:
    world = World().add("horse", moving(40, 90, 110, 90, vx=35)).add("person", moving(75, 70, 30, 112, vx=35))
    assert world.find("riding", 1, 0) is None

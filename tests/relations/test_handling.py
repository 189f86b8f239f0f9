"""Holding, carrying, kicking."""

from __future__ import annotations

import numpy as np
import pytest

from tests.relations.worlds import Path, World, moving, still

TRUNK = still(140, 40, 80, 190)


def lifted(x: float, y: float, w: float, h: float) -> Path:
    return lambda t: (x, y - 20 * min(t, 2.0), w, h)


def test_a_hand_that_lifts_a_pot_holds_it() -> None:
    world = World().add("person", TRUNK, lifted(100, 80, 45, 20)).add("pot", lifted(70, 70, 35, 40))
    holding = world.find("holding")
    assert holding is not None
    assert holding.spans.duration > 4.0
    assert not {r.predicate for r in world.relations()} & {"near", "overlapping", "on", "inside"}


def test_an_unnamed_thing_can_be_held() -> None:
    world = World().add("person", TRUNK, lifted(100, 80, 45, 20)).add("object", lifted(70, 70, 35, 40))
    assert world.find("holding") is not None


def test_a_thing_that_passes_before_a_still_person_is_not_held() -> None:
    world = World().add("person", TRUNK).add("pot", moving(120, 100, 35, 40, vx=16))
    assert world.find("holding") is None


def test_a_thing_at_rest_beside_a_person_is_not_held() -> None:
    world = World().add("person", TRUNK).add("cup", still(150, 120, 30, 30))
    assert world.find("holding") is None


def test_only_people_hold() -> None:
    world = World().add("object", TRUNK, lifted(100, 80, 45, 20)).add("pot", lifted(70, 70, 35, 40))
    assert world.find("holding") is None


def test_the_hold_ends_when_the_hand_goes_away() -> None:
    def hand(t: float) -> tuple[float, float, float, float]:
        return (100, 80 - 20 * min(t, 2.0), 45, 20) if t < 3 else (100 + 60 * (t - 3), 40, 45, 20)

    world = World().add("person", TRUNK, hand).add("pot", lifted(70, 70, 35, 40))
    holding = world.find("holding")
    assert holding is not None
    assert holding.spans.parts[-1].end < 4.0


def test_a_bag_that_walks_with_its_owner_is_carried() -> None:
    person, bag = moving(30, 60, 50, 150, vx=45), moving(75, 120, 25, 30, vx=45)
    world = World().add("person", person).add("handbag", bag)
    assert world.find("carrying") is not None
    assert world.find("moving together with") is None


def juggled(*, low: float) -> Path:
    """A ball that falls to row `low` and is thrown up again each second."""
    return lambda t: (165, low - 24 - 90 * (1 - (2 * (t % 1) - 1) ** 2), 24, 24)


@pytest.mark.parametrize("name", ["sports ball", "object"])
def test_a_ball_kept_up_with_the_knees_is_kicked(name: str) -> None:
    world = World(fps=20).add("person", still(150, 20, 60, 200)).add(name, juggled(low=180), round=True)
    kicking = world.find("kicking")
    assert kicking is not None
    assert kicking.spans.duration > 3.0
    assert world.find("holding") is None
    assert world.find("looking at") is not None


def test_two_kicks_are_no_proof_of_watching() -> None:
    def twice(t: float) -> tuple[float, float, float, float] | None:
        return juggled(low=180)(t) if 1.2 < t < 3.6 else (165, 66, 24, 24)

    world = World(fps=20).add("person", still(150, 20, 60, 200)).add("sports ball", twice, round=True)
    assert world.find("kicking") is not None
    assert world.find("looking at") is None


def test_a_ball_that_bounces_on_the_ground_is_not_kicked() -> None:
    world = World(fps=20).add("person", still(150, 20, 60, 180)).add("sports ball", juggled(low=205), round=True)
    assert world.find("kicking") is None


def test_one_reversal_may_be_chance() -> None:
    def once(t: float) -> tuple[float, float, float, float]:
        return 165, 150 - 40 * abs(t - 2.5), 24, 24

    world = World(fps=20).add("person", still(150, 20, 60, 200)).add("sports ball", once, round=True)
    assert world.find("kicking") is None


def test_what_is_not_round_is_not_taken_for_a_ball() -> None:
    def bat(t: float) -> tuple[float, float, float, float]:
        x, y, _, _ = juggled(low=180)(t) or (0, 0, 0, 0)
        return x, y, 8, 24

    world = World(fps=20).add("person", still(150, 20, 60, 200)).add("object", bat)
    assert world.find("kicking") is None


def test_frames_are_not_read_when_nobody_could_hold_anything() -> None:
    world = World().add("cup", still(40, 100, 40, 40)).add("cup", still(88, 100, 40, 40))
    world.pick = None  # type: ignore[method-assign, assignment]
    assert world.relations()
    assert np.isfinite([r.confidence for r in world.relations()]).all()

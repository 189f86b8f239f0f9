"""A mask that takes in a neighbour gives it back; one that grows by itself keeps what it has."""

from __future__ import annotations

from svg2_assets.scene.masks import Mask, union
from svg2_assets.trajectories.panoptic.leaks import repaired
from svg2_assets.trajectories.panoptic.settings import GateSettings


def box(x: float, y: float, w: float, h: float) -> Mask:
    return Mask.from_box((x, y, w, h), height=60, width=80)


def mend(now: dict[int, Mask], before: dict[int, Mask]) -> dict[int, Mask]:
    return repaired(now, before, {i: float(m.area) for i, m in before.items()}, GateSettings())


def test_a_neighbour_that_was_taken_in_is_given_back() -> None:
    own, other = box(10, 10, 20, 20), box(30, 10, 20, 20)
    assert mend({0: union([own, other]), 1: other}, {0: own, 1: other}) == {0: own}


def test_also_when_nobody_sees_the_neighbour_just_now() -> None:
    own, other = box(10, 10, 20, 20), box(30, 10, 20, 20)
    assert mend({0: union([own, other])}, {0: own, 1: other}) == {0: own}


def test_a_part_that_spreads_over_its_whole_keeps_its_place() -> None:
    whole, part = box(10, 10, 40, 40), box(12, 12, 8, 8)
    assert mend({1: whole}, {0: whole, 1: part}) == {1: part}


def test_what_comes_nearer_grows_and_what_held_another_before_holds_it_still() -> None:
    assert mend({0: box(5, 5, 40, 40)}, {0: box(10, 10, 20, 20)}) == {}
    whole, part = box(10, 10, 20, 20), box(12, 12, 8, 8)
    assert mend({0: box(5, 5, 40, 40), 1: part}, {0: whole, 1: part}) == {}


def test_a_small_growth_is_nobodys_business() -> None:
    own, other = box(10, 10, 20, 20), box(30, 10, 4, 20)
    assert mend({0: union([own, other]), 1: other}, {0: own, 1: other}) == {}

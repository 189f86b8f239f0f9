"""Levels, circles and nearest wholes, against walks up one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.scene.parts import circles, levels_of, nearest_wholes

ids = st.integers(0, 12)
any_links = st.dictionaries(ids, st.none() | ids)


@st.composite
def trees(draw: st.DrawFn) -> dict[int, int | None]:
    """Links without a circle: each object may be a part of one drawn before it."""
    order = draw(st.lists(ids, unique=True))
    return {object_id: draw(st.sampled_from([None, *order[:i]])) for i, object_id in enumerate(order)}


def walk(part_of: dict[int, int | None], object_id: int) -> list[int]:
    """The wholes of an object, the nearest first, up to the first that comes again."""
    found: list[int] = []
    at = part_of.get(object_id)
    while at is not None and at not in found:
        found.append(at)
        at = part_of.get(at)
    return found


@given(trees())
def test_a_level_is_the_number_of_wholes_and_itself(part_of: dict[int, int | None]) -> None:
    assert levels_of(part_of) == {i: 1 + len(walk(part_of, i)) for i in part_of}
    assert circles(part_of) == []


@given(any_links)
def test_who_is_its_own_whole_is_in_one_circle(part_of: dict[int, int | None]) -> None:
    found = circles(part_of)
    members = [i for circle in found for i in circle]
    assert sorted(members) == sorted(i for i in part_of if i in walk(part_of, i))
    for circle in found:
        assert [part_of[i] for i in circle] == [*circle[1:], circle[0]]


@given(any_links, st.sets(ids))
def test_the_nearest_whole_is_the_first_that_is_kept(part_of: dict[int, int | None], kept: set[int]) -> None:
    expected = {i: next((w for w in walk(part_of, i) if w in kept), None) for i in kept}
    assert nearest_wholes(part_of, kept=kept) == expected


def test_a_long_chain_is_no_burden() -> None:
    part_of: dict[int, int | None] = {i: i + 1 for i in range(100_000)} | {100_000: None}
    assert levels_of(part_of)[0] == 100_001
    assert circles(part_of) == []

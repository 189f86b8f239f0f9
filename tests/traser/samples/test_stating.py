from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.arrangement import Clip, Plan, Slots, arrange
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.samples.stating import predicates_at
from svg2_assets.traser.text import Statement, Thing, Told
from svg2_assets.traser.values import Grid, Role, Track
from tests.traser.vocabulary import Letters

GRID = Grid(4, 2, 2)
TOKENS = Letters()


def clip() -> Clip:
    """Two objects that are seen on all four steps of eight seconds."""
    tokens, covered = np.arange(GRID.steps) * GRID.cells, np.ones(GRID.steps, np.float32)
    boxes = [np.tile(np.array([0.5, x, 0.2, 0.1], np.float32), (GRID.steps, 1)) for x in (0.2, 0.7)]
    return Clip(GRID, np.arange(8.0), [Track(k, tokens, covered, b) for k, b in enumerate(boxes)])


def said(*statements: tuple[int, str, int, float, float]) -> dict[tuple[int, int, float], str]:
    """What is stated by own number, other number (0: a window's slots) and second, as letters."""
    told = Told(
        (Thing(1, "cat"), Thing(2, "dog")),
        tuple(Statement(s, p, o, Spans.of([Span(start, end)])) for s, p, o, start, end in statements),
    )
    plan = Plan(PRESETS["default"].arranging, Slots(2, 2), TOKENS)
    arranged = arrange(clip(), ([1], [2]), plan=plan)
    found = {}
    for place, ids in predicates_at(told, arranged, clip(), TOKENS).items():
        group = arranged.groups[place]
        assert ids.tolist() == sorted(set(ids.tolist()))
        own = group if group.role is Role.WINDOW else arranged.groups[group.pair[0]]
        other = int(group.meta[-1]) if group.role is Role.BESIDE else 0
        found[int(own.meta[-1]), other, float(group.meta[0])] = TOKENS.decode(ids.tolist())
    return found


def letters(text: str) -> str:
    return TOKENS.decode(sorted(set(TOKENS.encode(text))))


def test_a_pair_tells_what_holds_on_its_step_from_its_own_object_to_the_other() -> None:
    found = said((1, "eats", 2, 2.0, 6.0))
    assert {key for key, text in found.items() if text} == {(1, 2, 2.5), (1, 2, 4.5)}
    assert found[1, 2, 2.5] == letters("eats")
    assert len(found) == 2 * 4, "of every pair on every step, nothing where nothing holds"


@pytest.mark.parametrize(("until", "holds"), [(2.9, False), (3.0, True), (4.0, True)])
def test_what_holds_for_less_than_half_of_a_step_is_not_told(until: float, *, holds: bool) -> None:
    assert bool(said((1, "eats", 2, 2.0, until))[1, 2, 2.5]) == holds


def test_symmetric_relations_are_told_from_both_ends_and_joined_with_others() -> None:
    found = said((1, "near", 2, 0.0, 2.0), (2, "eats", 1, 0.0, 2.0))
    assert found[1, 2, 0.5] == letters("near")
    assert found[2, 1, 0.5] == letters("neareats")


def test_an_object_s_windows_tell_what_holds_between_it_and_the_camera() -> None:
    found = {key: text for key, text in said((2, "leaving", CAMERA_ID, 5.0, 8.0)).items() if text}
    assert found == {(2, 0, 4.5): letters("leaving")}


def test_an_answer_without_relations_states_nothing() -> None:
    assert said() == {}

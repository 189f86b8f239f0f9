from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.traser.arrangement import Clip, Plan, Slots, arrange, blocks_of, length_of
from svg2_assets.traser.neighbours import Neighbours
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.values import Grid, Role, Track, Window
from tests.traser.vocabulary import Letters

GRID = Grid(4, 2, 2)
WHOLE = Window(0, 4, 0.0, 8.0)
GONE = (np.nan,) * 4
LETTERS = Letters()


def clip_of(*boxes: list[tuple[float, ...]]) -> Clip:
    """Objects by their boxes (centre y, centre x, height, width) on each step."""
    tracks = [
        Track(k, np.arange(GRID.steps) * GRID.cells, np.ones(GRID.steps, np.float32), np.asarray(b, dtype=np.float32))
        for k, b in enumerate(boxes)
    ]
    return Clip(GRID, np.arange(8.0), tracks)


def going(x: float, to: float) -> list[tuple[float, ...]]:
    return [(0.5, x + (to - x) * k / 3, 0.2, 0.1) for k in range(4)]


def test_the_nearest_come_first_and_no_more_than_asked_for() -> None:
    clip = clip_of(going(0.1, 0.1), going(0.9, 0.9), going(0.3, 0.3), going(0.6, 0.6))
    assert [b.number for b in Neighbours(clip, 2).of(0, WHOLE)] == [3, 4]
    assert [b.number for b in Neighbours(clip, 9).of(0, WHOLE)] == [3, 4, 2]
    assert Neighbours(clip, 0).of(0, WHOLE) == ()
    assert Neighbours(clip_of(going(0, 1)), 3).of(0, WHOLE) == ()


def test_what_the_boxes_say_of_two_objects() -> None:
    clip = clip_of(
        going(0.1, 0.1), [(0.5, 0.7, 0.2, 0.1), (0.5, 0.5, 0.2, 0.1), (0.5, 0.3, 0.2, 0.1), (0.6, 0.1, 0.4, 0.1)]
    )
    (found,) = Neighbours(clip, 1).of(0, WHOLE)
    assert found.meta[:2].tolist() == [0.5, 6.5], "seconds of the first and last step"
    np.testing.assert_allclose(found.meta[2:6], [0, 0.6, 0.1, 0], atol=1e-6)
    assert found.meta[6] == pytest.approx(np.log(2))
    assert found.meta[7] == pytest.approx(0.5), "0.2 x 0.1 within 0.4 x 0.1"
    assert found.meta[8] == 2


def test_only_steps_count_that_show_both() -> None:
    early = [(0.5, 0.2, 0.1, 0.1), (0.5, 0.2, 0.1, 0.1), GONE, GONE]
    late = [GONE, (0.5, 0.8, 0.1, 0.1), (0.5, 0.3, 0.1, 0.1), (0.5, 0.3, 0.1, 0.1)]
    (found,) = Neighbours(clip_of(early, late), 3).of(0, WHOLE)
    assert found.meta[:2].tolist() == [2.5, 2.5]
    np.testing.assert_allclose(found.meta[2:6], [0, 0.6, 0, 0.6], atol=1e-6)
    assert Neighbours(clip_of(early, late), 3).of(0, Window(2, 4, 4.0, 8.0)) == ()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_one_is_beside_another_as_that_one_is_beside_it(data: st.DataObject) -> None:
    box = st.tuples(*(st.floats(0.1, 0.9) for _ in range(2)), *(st.floats(0.05, 0.5) for _ in range(2)))
    seen = st.lists(st.one_of(box, st.just(GONE)), min_size=4, max_size=4)
    near = Neighbours(clip_of(*data.draw(st.lists(seen, min_size=2, max_size=5))), 9)
    window = Window(data.draw(st.integers(0, 1)), data.draw(st.integers(2, 4)), 0.0, 8.0)
    found = {(k + 1, b.number): b.meta for k in range(len(near.clip.tracks)) for b in near.of(k, window)}
    for (one, other), meta in found.items():
        back = found[other, one]
        np.testing.assert_allclose(meta[2:7], -back[2:7], atol=1e-5)
        assert meta[7] == pytest.approx(back[7], abs=1e-6)
        assert np.isfinite(meta).all()


def test_a_window_has_a_slot_for_each_after_its_number() -> None:
    clip = clip_of(going(0.1, 0.5), going(0.9, 0.9), going(0.5, 0.1))
    plan = Plan(PRESETS["default"].arranging, Slots(2, 2), LETTERS)
    arranged = arrange(clip, ([1], [2]), plan=plan)
    slots = [g for g in arranged.groups if g.role is Role.BESIDE]
    said = [LETTERS.decode([int(arranged.ids[g.start - 1])]) for g in slots]
    assert said == [str(int(g.meta[8])) for g in slots]
    assert len(slots) == 3 * 2 * 2, "of three objects two others in each of two windows"
    assert all(arranged.ids[g.start] == LETTERS.marks.video and g.slots == 1 for g in slots)
    lengths = sum(length_of(b, k, plan=plan) for k, b in enumerate(blocks_of(clip, plan), 1))
    assert len(arranged) == 2 + lengths
    alone = Plan(replace(plan.arranging, roles=frozenset({Role.OBJECT})), Slots(2, 2), LETTERS)
    assert not [g for g in arrange(clip, ([1], [2]), plan=alone).groups if g.role is Role.BESIDE]

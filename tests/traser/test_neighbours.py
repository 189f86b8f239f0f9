from __future__ import annotations

from dataclasses import replace

import numpy as np
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


def test_what_the_boxes_say_of_two_objects_on_each_step() -> None:
    clip = clip_of(
        going(0.1, 0.1), [(0.5, 0.7, 0.2, 0.1), (0.5, 0.5, 0.2, 0.1), (0.5, 0.3, 0.2, 0.1), (0.6, 0.1, 0.4, 0.1)]
    )
    (found,) = Neighbours(clip, 1).of(0, WHOLE)
    assert found.number == 2
    assert found.pairs[:, 0].tolist() == [0.5, 2.5, 4.5, 6.5], "seconds of the steps"
    np.testing.assert_allclose(found.pairs[:, 1:3], [[0, 0.6], [0, 0.4], [0, 0.2], [0.1, 0]], atol=1e-6)
    np.testing.assert_allclose(found.pairs[:, 3:5], 0, atol=1e-6)
    np.testing.assert_allclose(found.pairs[:, 5:7], [[0, -0.2], [0, -0.4], [0.1, -0.4], [0.1, -0.2]], atol=1e-6)
    np.testing.assert_allclose(found.pairs[:, 7], [0, 0, 0, np.log(2)], atol=1e-6)
    np.testing.assert_allclose(found.pairs[:, 8], [0, 0, 0, 0.5], atol=1e-6)  # 0.2 x 0.1 within 0.4 x 0.1
    np.testing.assert_allclose(found.pairs[:, 9], [0.5, 0.3, 0.1, 0], atol=1e-6)
    np.testing.assert_allclose(found.pairs[:, 10], [-0.2, -0.4, -0.3, -0.1], atol=1e-6)
    assert found.pairs[:, 11:].tolist() == [[1, 2]] * 4


def test_only_steps_count_that_show_both() -> None:
    early = [(0.5, 0.2, 0.1, 0.1), (0.5, 0.2, 0.1, 0.1), GONE, GONE]
    late = [GONE, (0.5, 0.8, 0.1, 0.1), (0.5, 0.3, 0.1, 0.1), (0.5, 0.3, 0.1, 0.1)]
    (found,) = Neighbours(clip_of(early, late), 3).of(0, WHOLE)
    np.testing.assert_allclose(found.pairs[:, :7], [[2.5, 0, 0.6, 0, 0, 0, 0]], atol=1e-6)
    assert found.pairs[0, 10] == 0, "no step beside it shows both: nothing is known of a motion"
    assert Neighbours(clip_of(early, late), 3).of(0, Window(2, 4, 4.0, 8.0)) == ()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_one_is_beside_another_as_that_one_is_beside_it(data: st.DataObject) -> None:
    box = st.tuples(*(st.floats(0.1, 0.9) for _ in range(2)), *(st.floats(0.05, 0.5) for _ in range(2)))
    seen = st.lists(st.one_of(box, st.just(GONE)), min_size=4, max_size=4)
    near = Neighbours(clip_of(*data.draw(st.lists(seen, min_size=2, max_size=5))), 9)
    window = Window(data.draw(st.integers(0, 1)), data.draw(st.integers(2, 4)), 0.0, 8.0)
    found = {(k + 1, b.number): b.pairs for k in range(len(near.clip.tracks)) for b in near.of(k, window)}
    for (one, other), pairs in found.items():
        back = found[other, one]
        for there, here, sign in ((slice(1, 3), slice(1, 3), -1), (slice(3, 5), slice(5, 7), 1), (7, 7, -1)):
            np.testing.assert_allclose(pairs[:, there], sign * back[:, here], atol=1e-5)
        np.testing.assert_allclose(pairs[:, 8:11], back[:, 8:11], atol=1e-6)
        assert np.isfinite(pairs).all()


def test_a_window_has_slots_for_each_after_its_number() -> None:
    clip = clip_of(going(0.1, 0.5), going(0.9, 0.9), going(0.5, 0.1))
    plan = Plan(PRESETS["default"].arranging, Slots(2, 2), LETTERS)
    arranged = arrange(clip, ([1], [2]), plan=plan)
    slots = [g for g in arranged.groups if g.role is Role.BESIDE]
    assert len(slots) == 3 * 2 * 2 * 2, "of three objects two others in each of two windows of two steps"
    first = [g for g in slots if arranged.ids[g.start - 1] != LETTERS.marks.video]
    assert [LETTERS.decode([int(arranged.ids[g.start - 1])]) for g in first] == [str(int(g.meta[-1])) for g in first]
    assert len(first) == len(slots) / 2, "a number before the slots of a window's steps"
    assert all(arranged.ids[g.start] == LETTERS.marks.video and g.slots == 1 for g in slots)
    lengths = sum(length_of(b, k, plan=plan) for k, b in enumerate(blocks_of(clip, plan), 1))
    assert len(arranged) == 2 + lengths
    alone = Plan(replace(plan.arranging, roles=frozenset({Role.OBJECT})), Slots(2, 2), LETTERS)
    assert not [g for g in arrange(clip, ([1], [2]), plan=alone).groups if g.role is Role.BESIDE]


def test_a_pair_s_slot_knows_the_windows_of_both() -> None:
    clip = clip_of(going(0.1, 0.5), going(0.9, 0.9), going(0.5, 0.1))
    plan = Plan(PRESETS["default"].arranging, Slots(2, 2), LETTERS)
    blocks = blocks_of(clip, plan)
    shown = [replace(blocks[0], parts=blocks[0].parts[1:]), *blocks[1:]]  # as a budget leaves it
    for given_blocks in (blocks, shown):
        groups = arrange(clip, ([1], [2]), plan=plan, blocks=given_blocks).groups
        for group in (g for g in groups if g.role is Role.BESIDE):
            own, other = (groups[k] if k >= 0 else None for k in group.pair)
            assert own is not None
            assert own.meta[0] <= group.meta[0] <= own.meta[1]
            if other is None:
                assert given_blocks is shown
                assert (group.meta[-1], group.meta[0] < 4) == (1, True)
            else:
                assert other.role is Role.WINDOW
                assert other.meta[-1] == group.meta[-1] != own.meta[-1]
                assert other.meta[:2].tolist() == own.meta[:2].tolist()


def test_a_cut_leaves_no_pair_with_a_window_that_is_gone() -> None:
    clip = clip_of(going(0.1, 0.5), going(0.9, 0.9))
    plan = Plan(replace(PRESETS["default"].arranging, scene=False, camera=False), Slots(2, 2), LETTERS)
    whole = arrange(clip, ([1], [2]), [3] * 9, plan=plan)
    second = next(g for g in whole.groups if g.role is Role.WINDOW and g.meta[-1] == 2)
    cut = Plan(replace(plan.arranging, cut_at=second.start), Slots(2, 2), LETTERS)
    groups = arrange(clip, ([1], [2]), [3] * 9, plan=cut).groups
    pairs = [g.pair for g in groups if g.role is Role.BESIDE]
    assert pairs
    assert all(0 <= own < len(groups) and other == -1 for own, other in pairs)

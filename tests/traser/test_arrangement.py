"""Blocks of slots in place of the clip's tokens: against the plain wording of the specification, and what is added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.traser.arrangement import IGNORED, Clip, Plan, Slots, Subject, arrange, blocks_of, length_of
from svg2_assets.traser.presets import PRESETS, Arranging
from svg2_assets.traser.sampling import frame_indices
from svg2_assets.traser.values import Arranged, Grid, Group, Role, Track
from tests.traser.vocabulary import Letters

RELEASE, DEFAULT = PRESETS["release"].arranging, PRESETS["default"].arranging
PROMPT = (list(range(900, 910)), [950, 951])
LETTERS = Letters()


def plan_of(arranging: Arranging = RELEASE, *, slots: int = 32) -> Plan:
    return Plan(arranging, Slots(slots, slots), LETTERS)


def track(tokens: list[int], grid: Grid, *, number: int = 0, boxes: np.ndarray | None = None) -> Track:
    nowhere = np.full((grid.steps, 4), np.nan, dtype=np.float32)
    return Track(
        number, np.asarray(tokens), np.full(len(tokens), 0.75, np.float32), nowhere if boxes is None else boxes
    )


def clip_of(tokens: list[list[int]], grid: Grid, times: np.ndarray | None = None) -> Clip:
    when = np.arange(2 * grid.steps, dtype=np.float64) if times is None else times
    return Clip(grid, when, [track(t, grid, number=k) for k, t in enumerate(tokens)])


def text_of(arranged: Arranged, group: Group) -> str:
    """What stands before a group's slots, back to the mark before it."""
    start = group.start
    while start > 0 and arranged.ids[start - 1] >= 10:
        start -= 1
    return LETTERS.decode(arranged.ids[start : group.start].tolist())


@st.composite
def clips(draw: st.DrawFn) -> Clip:
    grid = Grid(draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    chosen = st.sets(st.integers(0, grid.tokens - 1), min_size=1).map(sorted)
    return clip_of(draw(st.lists(chosen, max_size=12)), grid)


@settings(max_examples=60, deadline=None)
@given(clips())
def test_the_sequence_is_that_of_the_plain_implementation(clip: Clip) -> None:
    plain = pytest.importorskip("benchmarks.traser_plain", exc_type=ImportError)
    marks = LETTERS.marks
    ids = plain.Ids(marks.object_start, marks.object_end, marks.vision_start, marks.vision_end, marks.video)
    grid = (clip.grid.steps, clip.grid.rows, clip.grid.cols)
    expected, filled = plain.arrange([t.tokens for t in clip.tracks], grid, PROMPT, encode=LETTERS.encode, ids=ids)
    arranged = arrange(clip, PROMPT, plan=plan_of())
    assert arranged.ids.tolist() == expected
    assert [(g.start, g.tokens.tolist()) for g in arranged.groups] == filled


@settings(max_examples=60, deadline=None)
@given(clips(), st.sets(st.sampled_from([Role.OBJECT, Role.WINDOW])), st.booleans(), st.booleans())
def test_lengths_are_known_beforehand(clip: Clip, roles: set[Role], scene: bool, camera: bool) -> None:
    plan = plan_of(Arranging(roles=frozenset(roles), scene=scene, camera=camera), slots=5)
    answer = [7, 8, 9]
    arranged = arrange(clip, PROMPT, answer, plan=plan)
    lengths = [length_of(b, k, plan=plan) for k, b in enumerate(blocks_of(clip, plan), 1)]
    assert len(arranged) == len(PROMPT[0]) + sum(lengths) + len(PROMPT[1]) + len(answer)
    assert len(arranged.ids) == len(arranged.labels)
    slots = np.concatenate([np.arange(g.start, g.start + g.slots) for g in arranged.groups] or [[]])
    assert sorted(slots.tolist()) == np.flatnonzero(arranged.ids == LETTERS.marks.video).tolist()
    assert arranged.labels[-3:].tolist() == answer
    assert (arranged.labels[:-3] == IGNORED).all()


def test_without_resamplers_the_tokens_themselves_stand_in_their_windows() -> None:
    grid = Grid(4, 1, 2)
    clip = clip_of([[0, 1, 3, 6]], grid)
    arranged = arrange(clip, PROMPT, plan=plan_of(Arranging(roles=frozenset(), scene=True, camera=True)))
    assert [(g.role, g.slots, g.tokens.tolist()) for g in arranged.groups] == [
        (Role.TOKENS, 3, [0, 1, 3]),
        (Role.TOKENS, 1, [6]),
    ]


def test_only_the_object_resampler_leaves_no_stamp() -> None:
    arranged = arrange(
        clip_of([[0, 6]], Grid(4, 1, 2)), PROMPT, plan=plan_of(Arranging(roles=frozenset({Role.OBJECT})))
    )
    assert len(arranged.groups) == 1
    assert "sec" not in LETTERS.decode(arranged.ids.tolist())


def test_objects_are_numbered_from_one_and_windows_without_tokens_are_left_out() -> None:
    grid = Grid(6, 1, 1)
    arranged = arrange(clip_of([[0, 5], [2]], grid), PROMPT, plan=plan_of())
    told = [(g.role.value, text_of(arranged, g), g.tokens.tolist()) for g in arranged.groups]
    assert told == [
        ("object", "", [0, 5]),
        ("window", "<0 - 4 sec>", [0]),
        ("window", "<8 - 12 sec>", [5]),
        ("object", "", [2]),
        ("window", "<4 - 8 sec>", [2]),
    ]
    said = LETTERS.decode(arranged.ids.tolist())
    assert said.count("Object 1: ") == said.count("Object 2: ") == 1


def test_a_three_minute_video_is_told_on_its_own_clock_by_default_and_not_as_released() -> None:
    indices = frame_indices(180 * 24, 180.0)
    times = indices / 24
    grid = Grid(64, 1, 1)
    clip = clip_of([list(range(64))], grid, times)
    ours = arrange(clip, PROMPT, plan=plan_of(replace(DEFAULT, scene=False, camera=False)))
    theirs = arrange(clip, PROMPT, plan=plan_of())
    last = [text_of(a, a.groups[-1]) for a in (ours, theirs)]
    assert last == ["<176 - 180 sec>", "<124 - 128 sec>"]
    for group in ours.groups[1:]:
        label = text_of(ours, group)
        start, end = (float(n) for n in label.strip("<>").removesuffix(" sec").split(" - "))
        middles = times.reshape(-1, 2).mean(axis=1)[group.tokens]
        assert ((start <= middles) & (middles < end)).all()


def test_a_two_second_video_has_one_window() -> None:
    times = frame_indices(48, 2.0) / 24
    assert len(times) == 4
    for arranging in (RELEASE, replace(DEFAULT, scene=False, camera=False)):
        arranged = arrange(clip_of([[0, 1]], Grid(2, 1, 1), times), PROMPT, plan=plan_of(arranging))
        assert [text_of(arranged, g) for g in arranged.groups if g.role is Role.WINDOW] == ["<0 - 4 sec>"]


def test_the_scene_block_has_the_tokens_of_no_object_and_the_camera_block_the_rim() -> None:
    grid = Grid(2, 4, 5)
    clip = clip_of([[0, 6, 7], [7, 8, 26]], grid)
    plan = plan_of(DEFAULT)
    arranged = arrange(clip, PROMPT, plan=plan)
    blocks = {b.subject: b for b in blocks_of(clip, plan)}
    assert set(blocks[Subject.SCENE].tokens.tolist()) == set(range(grid.tokens)) - {0, 6, 7, 8, 26}
    rows, cols = np.divmod(blocks[Subject.CAMERA].tokens % grid.cells, grid.cols)
    assert ((rows % 3 == 0) | (cols % 4 == 0)).all()
    assert len(rows) == 2 * (20 - 6)
    said = LETTERS.decode(arranged.ids.tolist())
    assert said.index("Object 2: ") < said.index("Scene: ") < said.index("Camera: ")
    for block in (blocks[Subject.SCENE], blocks[Subject.CAMERA]):
        assert (block.places[:, 3:] == 0).all()  # of no object


def test_a_scene_without_a_free_token_has_no_block() -> None:
    plan = plan_of(replace(DEFAULT, camera=False))
    assert [b.subject for b in blocks_of(clip_of([[0, 1]], Grid(2, 1, 1)), plan)] == [Subject.OBJECT]


def test_places_tell_when_and_where_a_token_is_and_its_object() -> None:
    grid = Grid(2, 2, 4)
    boxes = np.asarray([[0.5, 0.25, 0.4, 0.2], [np.nan] * 4], dtype=np.float32)
    clip = Clip(grid, np.asarray([0.0, 1.0, 2.5]), [track([3, 12], grid, boxes=boxes)])
    places = blocks_of(clip, plan_of())[0].places
    np.testing.assert_allclose(places[0], [0.5, 0.25, 0.875, 0.75, 0.5, 0.25, 0.4, 0.2], atol=1e-6)
    np.testing.assert_allclose(places[1], [2.5, 0.75, 0.125, 0.75, 0, 0, 0, 0], atol=1e-6)  # the odd last frame
    meta = arrange(clip, PROMPT, plan=plan_of()).groups[0].meta
    np.testing.assert_allclose(meta, [0.5, 2.5, 0.5, 0.25, np.log(0.08), 0, 0, 0, 1], atol=1e-5)


def test_the_released_training_cuts_the_end_and_says_what_is_lost() -> None:
    clip = clip_of([[0], [1]], Grid(1, 1, 2))
    whole = arrange(clip, PROMPT, [7] * 20, plan=plan_of())
    cut = arrange(clip, PROMPT, [7] * 20, plan=plan_of(replace(RELEASE, cut_at=len(whole) - 5)))
    assert cut.ids.tolist() == whole.ids.tolist()[:-5]
    assert cut.notes == (
        f"the sequence of {len(whole)} tokens is cut at {len(whole) - 5}: 5 of the answer's 20 tokens are lost",
    )
    inside = arrange(clip, PROMPT, [7] * 20, plan=plan_of(replace(RELEASE, cut_at=whole.groups[-1].start + 3)))
    assert len(inside.groups) == len(whole.groups) - 1
    assert (inside.labels == IGNORED).all()
    assert "20 of the answer's 20" in inside.notes[0]


def test_nothing_is_cut_where_nothing_is_learned() -> None:
    clip = clip_of([[0]], Grid(1, 1, 1))
    assert not arrange(clip, PROMPT, plan=plan_of(replace(RELEASE, cut_at=30))).notes


def test_groups_know_whose_they_are() -> None:
    grid = Grid(2, 3, 4)
    clip = Clip(grid, np.arange(4.0), [track([3, 12], grid), track([4], grid)])
    plan = replace(plan_of(), arranging=replace(plan_of().arranging, scene=True, camera=True))
    numbers = [int(g.meta[8]) for g in arrange(clip, PROMPT, plan=plan).groups]
    assert list(dict.fromkeys(numbers)) == [1, 2, 0, -1]

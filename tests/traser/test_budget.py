"""What goes when a sequence is too long, and how many passes it takes to ask about everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene.errors import PhaseError
from svg2_assets.traser.arrangement import Clip, Plan, Slots, Subject, arrange, blocks_of
from svg2_assets.traser.budget import Fitted, fit, nearness, passes, salience
from svg2_assets.traser.presets import PRESETS, Arranging
from svg2_assets.traser.values import Grid, Role, Track
from tests.traser.vocabulary import Letters

GRID = Grid(16, 8, 8)
PROMPT = (list(range(900, 910)), [950, 951])
ANSWER = [77] * 30


def plan_of(arranging: Arranging | None = None, **more) -> Plan:
    return Plan(replace(arranging or Arranging(salient=True), **more), Slots(32, 32), Letters())


def track(
    number: int, *, cells: int = 4, steps: range = range(16), at: tuple[float, float] = (0.5, 0.5), speed: float = 0.0
) -> Track:
    """`cells` cells a step, the box's centre going right by `speed` a step."""
    tokens = np.concatenate([s * GRID.cells + np.arange(cells) for s in steps])
    boxes = np.full((GRID.steps, 4), np.nan, dtype=np.float32)
    for n, s in enumerate(steps):
        boxes[s] = at[0], at[1] + speed * n, 0.1, 0.1
    return Track(number, tokens, np.ones(len(tokens), np.float32), boxes)


def clip_of(tracks: list[Track]) -> Clip:
    return Clip(GRID, np.arange(2 * GRID.steps, dtype=np.float64), tracks)


def written(fitted: Fitted, plan: Plan) -> int:
    arranged = arrange(fitted.clip, PROMPT, ANSWER, plan=plan, blocks=fitted.blocks)
    assert arranged.labels[-len(ANSWER) :].tolist() == ANSWER
    assert not arranged.notes
    return len(arranged)


def fitted_to(clip: Clip, plan: Plan, **more) -> Fitted:
    return fit(clip, plan, video="clip.mp4", prompt=len(PROMPT[0] + PROMPT[1]), answer=len(ANSWER), **more)


def test_what_fits_stays_whole() -> None:
    clip, plan = clip_of([track(0), track(1)]), plan_of()
    fitted = fitted_to(clip, plan)
    assert [b.parts for b in fitted.blocks] == [b.parts for b in blocks_of(clip, plan)]
    assert (fitted.kept, fitted.dropped, fitted.notes) == ((0, 1), (), ())
    assert written(fitted, plan) == fitted.length + len(PROMPT[0] + PROMPT[1] + ANSWER)


def test_windows_go_before_objects_and_the_least_worth_first() -> None:
    big, small = track(0, cells=30, speed=0.03), track(1, cells=1)
    clip = clip_of([big, small])
    whole = fitted_to(clip, plan_of()).length + 42
    fitted = fitted_to(clip, plan := plan_of(most_tokens=whole - 100))
    assert fitted.kept == (0, 1)
    assert [len(b.parts) for b in fitted.blocks] == [8, 8 - 3]
    assert fitted.blocks[1].parts[0].window.start == 0  # where it comes,
    assert fitted.blocks[1].parts[-1].window.end == 32  # and where it goes, are told to the last
    assert written(fitted, plan) <= whole - 100
    assert len(fitted.notes) == 1
    assert fitted.notes[0].startswith(f"3 of 16 windows, of 1 blocks, are left out to keep within {whole - 100} tokens")


def test_the_whole_is_still_shown_when_windows_are_not() -> None:
    clip = clip_of([track(0)])
    fitted = fitted_to(clip, plan := plan_of(most_tokens=150))
    arranged = arrange(fitted.clip, PROMPT, ANSWER, plan=plan, blocks=fitted.blocks)
    whole = [g for g in arranged.groups if g.role is Role.OBJECT]
    assert whole[0].tokens.tolist() == clip.tracks[0].tokens.tolist()
    assert len(arranged) <= 150


def test_without_the_object_resampler_an_object_keeps_a_window() -> None:
    clip = clip_of([track(0), track(1, cells=9)])
    fitted = fitted_to(clip, plan := plan_of(roles=frozenset({Role.WINDOW}), most_tokens=200))
    assert all(b.parts for b in fitted.blocks)
    assert written(fitted, plan) <= 200


def test_then_objects_go_and_are_named() -> None:
    clip = clip_of([track(0, cells=1, steps=range(2)), track(1, cells=20), track(2, cells=20, speed=0.05)])
    plan = plan_of(most_tokens=42 + 2 * 47 + 3)
    fitted = fitted_to(clip, plan)
    assert fitted.kept == (1, 2)
    assert [d.number for d in fitted.dropped] == [0]
    assert fitted.notes[0] == "object 1 is less salient than those that fit 139 tokens"
    assert written(fitted, plan) <= 139


def test_worth_can_keep_what_an_answer_speaks_of() -> None:
    clip = clip_of([track(0, cells=1, steps=range(2)), track(1, cells=20)])
    plan = plan_of(most_tokens=42 + 50)
    assert fitted_to(clip, plan).kept == (1,)
    assert fitted_to(clip, plan, worth=[10, 1]).kept == (0,)


def test_scene_and_camera_go_before_an_object() -> None:
    clip = clip_of([track(0), track(1)])
    arranging = replace(PRESETS["default"].arranging, most_tokens=42 + 2 * 47 + 10)
    fitted = fitted_to(clip, plan := plan_of(arranging))
    assert [b.subject for b in fitted.blocks] == [Subject.OBJECT] * 2
    assert set(fitted.notes[:2]) == {
        "there is no room for the block of the scene",
        "there is no room for the block of the camera",
    }
    assert written(fitted, plan) <= plan.arranging.most_tokens


def test_of_108_objects_the_most_salient_40_stay_in_their_order() -> None:
    tracks = [track(k, cells=1 + k % 9, steps=range(1 + k % 16)) for k in range(108)]
    clip = clip_of(tracks)
    fitted = fitted_to(clip, plan_of())
    assert len(fitted.kept) == 40
    assert list(fitted.kept) == sorted(fitted.kept)
    scores = salience(clip)
    assert scores[list(fitted.kept)].min() >= np.delete(scores, fitted.kept).max()
    assert len(fitted.dropped) == 68
    assert [t.number for t in fitted.clip.tracks] == list(fitted.kept)


def test_presets_that_mimic_the_release_take_the_first_40_and_leave_the_cut_to_arrangement() -> None:
    clip = clip_of([track(k) for k in range(50)])
    fitted = fitted_to(clip, plan := plan_of(PRESETS["release"].arranging, cut_at=2000))
    assert fitted.kept == tuple(range(40))
    assert fitted.dropped[0].reason == "object 41 comes later than the 40 objects that a sequence has"
    arranged = arrange(fitted.clip, PROMPT, ANSWER, plan=plan, blocks=fitted.blocks)
    assert len(arranged) == 2000
    assert "30 of the answer's 30 tokens are lost" in arranged.notes[0]


def test_no_room_for_a_single_object_is_an_error() -> None:
    with pytest.raises(PhaseError, match=r"clip\.mp4: traser: expected room for an object .* 12 of the prompt and 30"):
        fitted_to(clip_of([track(0)]), plan_of(most_tokens=60))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 15), st.integers(1, 16)), min_size=1, max_size=14),
    st.integers(90, 6000),
    st.sampled_from([{Role.OBJECT}, {Role.WINDOW}, {Role.OBJECT, Role.WINDOW}, set()]),
    st.booleans(),
)
def test_it_always_fits_or_says_that_it_cannot(
    shapes: list[tuple[int, int, int]], most: int, roles: set[Role], surroundings: bool
) -> None:
    tracks = [
        track(k, cells=cells, steps=range(first, min(first + steps, 16)))
        for k, (cells, first, steps) in enumerate(shapes)
    ]
    plan = plan_of(roles=frozenset(roles), scene=surroundings, camera=surroundings, most_tokens=most)
    try:
        fitted = fitted_to(clip_of(tracks), plan)
    except PhaseError:
        return
    assert fitted.kept
    assert written(fitted, plan) <= most
    assert sorted([*fitted.kept, *(d.number for d in fitted.dropped)]) == list(range(len(tracks)))


def test_what_moves_and_is_seen_long_is_salient_not_what_is_large_alone() -> None:
    wall, walker, speck = track(0, cells=40), track(1, cells=5, speed=0.05), track(2, cells=1, steps=range(1))
    scores = salience(clip_of([wall, walker, speck]))
    assert scores[1] > scores[0] > scores[2]
    assert ((scores >= 0) & (scores <= 1)).all()


def test_passes_ask_about_each_object_once_and_keep_neighbours_together() -> None:
    left = [track(k, at=(0.2, 0.1 + 0.02 * (k % 3))) for k in range(0, 60, 2)]
    right = [track(k, at=(0.8, 0.8 + 0.02 * (k % 3))) for k in range(1, 60, 2)]
    tracks = sorted([*left, *right], key=lambda t: t.number)
    clip = clip_of(tracks)
    groups = passes(clip, 40)
    assert [len(g) for g in groups] == [30, 30]
    assert sorted(i for g in groups for i in g) == list(range(60))
    assert {frozenset(i % 2 for i in g) for g in groups} == {frozenset({0}), frozenset({1})}


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (40, [40]), (41, [21, 20]), (108, [36, 36, 36])])
def test_as_few_passes_as_hold_all(count: int, sizes: list[int]) -> None:
    groups = passes(clip_of([track(k) for k in range(count)]), 40)
    assert [len(g) for g in groups] == sizes
    assert all(list(g) == sorted(g) for g in groups)


def test_nearness_is_the_share_of_common_time_side_by_side() -> None:
    here = track(0, at=(0.5, 0.3))
    passing = track(1, at=(0.5, 0.3), steps=range(4), speed=0.08)
    beside = nearness(clip_of([here, passing, track(2, at=(0.9, 0.9))]))
    assert beside[0, 1] == beside[1, 0] == 0.5
    assert beside[0, 2] == 0
    with pytest.raises(ValueError, match="at least 1"):
        passes(clip_of([here]), 0)

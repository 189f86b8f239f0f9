"""Spans that do not flicker."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.relations.hysteresis import spans_of, steady, without
from svg2_assets.relations.sampling import Grid, sample_grid
from svg2_assets.relations.thresholds import Hysteresis
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.video import Video

RULES = Hysteresis()


def grid(seconds: float = 10.0, cuts: tuple[int, ...] = ()) -> Grid:
    frames = round(seconds * 10)
    return sample_grid(Video("f" * 16, "v.mp4", "", 64, 48, 10.0, frames, frames / 10), cuts, rate=5.0)


def spans(raw: str, cuts: tuple[int, ...] = (), cells: np.ndarray | None = None) -> list[list[float]]:
    flags = np.array([c == "#" for c in raw])
    times = grid(len(raw) / 5, cuts)
    at = np.arange(len(raw)) if cells is None else cells
    found = spans_of(flags[at], at, times, RULES, shortest=RULES.shortest, shortest_share=RULES.shortest_share)
    return found.to_json()


def test_a_dropout_does_not_end_a_span() -> None:
    assert spans("." * 5 + "##########.##########" + "." * 9) == [[1.0, 5.2]]


def test_a_blip_is_nothing() -> None:
    assert spans("." * 12 + "##" + "." * 12) == []


def test_alternation_is_not_a_state() -> None:
    assert spans("#." * 15) == []


def test_a_span_begins_and_ends_with_its_own_evidence() -> None:
    assert spans("." * 10 + "#" * 10 + "." * 10) == [[2.0, 4.0]]


def test_a_short_shot_may_have_short_spans() -> None:
    assert spans("..######..") == [[0.4, 1.6]]
    assert spans(".####.....") == [[0.2, 1.0]]


def test_no_span_crosses_a_cut() -> None:
    assert spans("#" * 20, cuts=(20,)) == [[0.0, 1.9], [2.0, 4.0]]


def test_a_span_ends_where_a_cell_is_missing() -> None:
    there = np.array([*range(10), *range(14, 24)])
    assert spans("#" * 24, cells=there) == [[0.0, 2.0], [2.8, 4.8]]


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 9))
def test_the_state_stays_within_its_evidence(raw: list[bool], window: int) -> None:
    flags = np.array(raw)
    state = steady(flags, window=min(window, len(raw)), on=0.7, off=0.3)
    changes = int(np.abs(np.diff(state.astype(int))).sum())
    assert changes <= int(np.abs(np.diff(flags.astype(int))).sum())
    assert not state[: int(np.argmax(flags))].any() if flags.any() else not state.any()


def test_taking_spans_away() -> None:
    whole = Spans.of([(0, 2), (3, 6)])
    assert without(whole, [(1, 4), (5, 5.5)]).to_json() == [[0, 1], [4, 5], [5.5, 6]]
    assert without(whole, []) == whole
    assert without(whole, [(0, 9)]) == Spans()

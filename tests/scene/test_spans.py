"""Span algebra against sets of instants as the oracle: a span with whole ends is a set of unit cells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.spans import Span, Spans, runs, tiou
from svg2_assets.scene.video import Video
from tests.scene.strategies import span_sets, videos

many = settings(max_examples=100, deadline=None)
TICKS = 40
Pairs = list[tuple[int, int]]


def cells(spans: Spans) -> set[int]:
    """The unit cells covered by spans with whole ends."""
    return {t for s in spans for t in range(round(s.start), round(s.end))}


def of(pairs: Pairs) -> Spans:
    return Spans.of(pairs)


def is_normal(spans: Spans) -> bool:
    return all(a.end < b.start for a, b in zip(spans.parts, spans.parts[1:], strict=False))


@many
@given(span_sets())
def test_building_sorts_and_merges(pairs: Pairs) -> None:
    spans = of(pairs)
    assert is_normal(spans)
    assert cells(spans) == {t for a, b in pairs for t in range(a, b)}
    assert spans.duration == len(cells(spans))
    assert Spans.of(spans) == spans == of(pairs[::-1])


@many
@given(span_sets(), span_sets())
def test_union_and_intersection_are_those_of_sets(first: Pairs, second: Pairs) -> None:
    a, b = of(first), of(second)
    assert cells(a | b) == cells(a) | cells(b)
    assert cells(a & b) == cells(a) & cells(b)
    assert is_normal(a | b)
    assert is_normal(a & b)


@many
@given(span_sets(), span_sets(), span_sets())
def test_laws(first: Pairs, second: Pairs, third: Pairs) -> None:
    a, b, c = of(first), of(second), of(third)
    assert a | b == b | a
    assert a & b == b & a
    assert a | (b | c) == (a | b) | c
    assert a & (b & c) == (a & b) & c
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (a & b) == a == a & (a | b)
    assert a | Spans() == a
    assert a & Spans() == Spans()


@many
@given(span_sets(), span_sets())
def test_tiou(first: Pairs, second: Pairs) -> None:
    a, b = of(first), of(second)
    either = cells(a) | cells(b)
    assert tiou(a, b) == tiou(b, a) == pytest.approx(len(cells(a) & cells(b)) / len(either) if either else 0)
    assert tiou(a, a) == (1 if first else 0)


@many
@given(span_sets(), span_sets(), st.integers(0, 5))
def test_containment_to_within_a_tolerance(first: Pairs, second: Pairs, tolerance: int) -> None:
    a, b = of(first), of(second)
    assert a.contains(b, tolerance=tolerance) == (len(cells(b) - cells(a)) <= tolerance)


@many
@given(span_sets(), st.integers(0, 10))
def test_closing_fills_short_gaps_only(pairs: Pairs, gap: int) -> None:
    spans = of(pairs)
    closed = spans.closed(gap)
    assert is_normal(closed)
    assert cells(spans) <= cells(closed)
    added = Spans.of((t, t + 1) for t in cells(closed) - cells(spans))
    assert all(part.duration <= gap for part in added)
    assert all(b.start - a.end > gap for a, b in zip(closed.parts, closed.parts[1:], strict=False))


@many
@given(span_sets(), st.integers(0, 10))
def test_only_long_parts_stay(pairs: Pairs, seconds: int) -> None:
    spans = of(pairs)
    assert set(spans.longer_than(seconds)) == {p for p in spans if p.duration >= seconds}


@many
@given(st.lists(st.booleans(), max_size=TICKS))
def test_flags_become_spans_of_their_cells(flags: list[bool]) -> None:
    spans = Spans.where(flags, np.arange(len(flags) + 1))
    assert cells(spans) == {i for i, flag in enumerate(flags) if flag}


def test_flags_need_one_edge_more() -> None:
    with pytest.raises(InvalidSceneValue, match="3 samples need 4 edges"):
        Spans.where([True, False, True], [0, 1, 2])


@pytest.mark.parametrize("ends", [(1, 1), (2, 1), (-1, 1), (0, math.inf), (math.nan, 1), (0, math.nan)])
def test_what_is_no_span_is_refused(ends: tuple[float, float]) -> None:
    with pytest.raises(InvalidSceneValue, match="a span is"):
        Span(*ends)


@many
@given(videos(), st.data())
def test_frames_are_on_screen_until_the_next(video: Video, data: st.DataObject) -> None:
    frames = sorted(data.draw(st.sets(st.integers(0, video.num_frames - 1))))
    spans = video.spans_of(frames)
    shown = [video.edges[f + 1] - video.edges[f] for f in frames]
    assert spans.duration == pytest.approx(sum(shown))
    for frame in range(video.num_frames):
        middle = (video.edges[frame] + video.edges[frame + 1]) / 2
        assert any(s.start <= middle < s.end for s in spans) == (frame in frames)
        assert video.time_of(frame) == pytest.approx(video.edges[frame])


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"num_frames": 0}, {"fps": 0.0}, {"duration": -1.0}, {"frame_times": (0.0, 1.0)}]
)
def test_what_is_no_video_is_refused(wrong: dict[str, object]) -> None:
    good = {"id": "v", "uri": "", "sha256": "", "width": 4, "height": 4, "fps": 5.0, "num_frames": 3, "duration": 0.6}
    Video(**good)  # type: ignore[arg-type]
    with pytest.raises(InvalidSceneValue, match="video v"):
        Video(**(good | wrong))  # type: ignore[arg-type]


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.lists(st.integers(1, 9), min_size=20, max_size=20))
def test_cells_are_the_inverse_of_where(flags: list[bool], steps: list[int]) -> None:
    edges = np.cumsum([0, *steps[: len(flags)]]) / 7
    assert Spans.where(flags, edges).cells(edges).tolist() == flags
    assert runs(flags) == [
        (i, next(k for k in range(i, len(flags) + 1) if k == len(flags) or not flags[k]) - 1)
        for i in range(len(flags))
        if flags[i] and (i == 0 or not flags[i - 1])
    ]


@given(span_sets(ticks=40).filter(bool), st.integers(1, 40))
def test_cells_are_those_that_are_covered_for_half_and_never_none_within_the_edges(
    parts: list[tuple[int, int]], count: int
) -> None:
    spans, edges = Spans.of((a / 4, b / 4) for a, b in parts), np.arange(count + 1)
    covered = [(spans & Spans.of([(i, i + 1)])).duration for i in range(count)]
    cells = spans.cells(edges)
    if max(covered) < 0.5:
        assert cells.sum() == (max(covered) > 0)
        assert covered[int(np.argmax(cells))] == max(covered)
    else:
        assert cells.tolist() == [c >= 0.5 for c in covered]

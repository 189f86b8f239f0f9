"""The best overlap with many spans: the same as comparing all with all, without doing so."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.graphs import overlaps
from svg2_assets.evaluation.graphs.overlaps import Many, overlap, passed
from svg2_assets.evaluation.graphs.settings import THRESHOLDS
from svg2_assets.scene.spans import Spans, tiou
from tests.evaluation.graphs.scenes import spans

many = settings(max_examples=40, deadline=None)


def all_with_all(wanted, given_, thresholds=THRESHOLDS):
    best = [max((tiou(w, g) for g in given_), default=0.0) for w in wanted]
    return [sum(b > t for t in thresholds) for b in best]


@many
@given(st.lists(spans(), max_size=30), st.lists(spans(), max_size=30), st.sampled_from([1, 3, 64]))
def test_the_search_finds_what_comparing_all_with_all_finds(wanted, others, leaf):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlaps, "FEW", -1 if wanted and others else 0)  # never one by one
        patch.setattr(overlaps, "LEAF", leaf)
        patch.setattr(overlaps, "BLOCK", 4)
        assert passed(Many(wanted), Many(others), THRESHOLDS).tolist() == all_with_all(wanted, others)


@pytest.mark.parametrize("parts", [1, 3])
def test_and_so_it_does_among_hundreds_at_any_time(parts):
    draw = random.Random(4)

    def some(n: int) -> list[Spans]:
        ends = [sorted(draw.uniform(0, 30) for _ in range(2 * parts)) for _ in range(n)]
        return [Spans.of(zip(e[::2], e[1::2], strict=True)) for e in ends]

    wanted, others = some(150), some(200)
    found = passed(Many(wanted), Many(others), THRESHOLDS)
    assert found.tolist() == all_with_all(wanted, others)
    assert len(set(found.tolist())) > 1


@many
@given(spans(), spans())
def test_the_quick_way_is_tiou_to_the_last_digit(a, b):
    assert overlap(a, b) == tiou(a, b)


@given(st.floats(0, 100), st.floats(0.001, 100), st.floats(0, 100), st.floats(0.001, 100))
def test_and_so_it_is_at_any_time(start, length, other, its):
    a, b = Spans.of([(start, start + length)]), Spans.of([(other, other + its)])
    assert overlap(a, b) == tiou(a, b)
    assert passed(Many([a] * 9), Many([b] * 9), (0.5,)).tolist() == [int(tiou(a, b) > 0.5)] * 9


def test_what_is_alike_and_many_is_looked_at_once(monkeypatch):
    compared = []
    monkeypatch.setattr(overlaps, "tiou", lambda a, b: compared.append((a, b)) or tiou(a, b))
    holes, middles = Spans.of([(0, 1), (9, 10)]), Spans.of([(1, 2), (8, 9)])
    assert passed(Many([holes] * 500), Many([middles] * 500), THRESHOLDS).tolist() == [0] * 500
    assert len(compared) <= 2

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.traser.samples.counting import Counts, Reason
from svg2_assets.traser.samples.settings import RelationSettings
from svg2_assets.traser.samples.statements import spans_within, statements_of
from svg2_assets.traser.samples.values import DraftRelation, SampleRelation
from tests.traser.samples.drafts import said


def told(
    *relations: DraftRelation, kept: set[int] | None = None, duration: float = 10.0, **rules: object
) -> tuple[list[tuple[int, str, int, list[list[float]]]], Counts]:
    counts = Counts()
    found = statements_of(
        relations,
        kept={1, 2, 3} if kept is None else kept,
        known={1, 2, 3, 4},
        duration=duration,
        rules=RelationSettings(**rules),  # type: ignore[arg-type]
        counts=counts,
    )
    return [(r.subject, r.predicate, r.object, r.spans.to_json()) for r in found], counts


def test_a_triplet_said_twice_is_told_once_with_the_time_of_both() -> None:
    found, counts = told(said(1, "near", 2, (0, 2)), said(1, "Near", 2, (5, 7)), said(1, "near", 2, (1, 3)))
    assert found == [(1, "near", 2, [[0, 3], [5, 7]])]
    assert counts[Reason.REPEATED] == 2
    assert counts[Reason.RELATION] == 1


def test_overlapping_spans_of_one_relation_are_united_and_counted() -> None:
    found, counts = told(said(1, "holding", 2, (2, 12), (2, 13), (2, 8)), duration=20)
    assert found == [(1, "holding", 2, [[2, 13]])]
    assert counts[Reason.UNITED] == 2


def test_spans_that_are_none_go_and_are_counted_by_what_is_wrong_with_them() -> None:
    counts = Counts()
    given_ = [(3, 3), (5, 2), (-4, -1), (10, 12), (-1, 2), (8, 99), (math.nan, 1), (0, math.inf)]
    assert spans_within(given_, 10.0, counts).to_json() == [[0, 2], [8, 10]]
    assert set(counts.by_reason) == {
        Reason.NO_LENGTH, Reason.REVERSED, Reason.OUTSIDE, Reason.CLIPPED, Reason.NOT_A_NUMBER,
    }  # fmt: skip
    assert counts[Reason.OUTSIDE] == counts[Reason.CLIPPED] == counts[Reason.NOT_A_NUMBER] == 2
    found, counts = told(said(1, "near", 2, (3, 3)), said(1, "above", 2, (30, 40)))
    assert found == []
    assert counts[Reason.NO_TIME] == 2


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=8), st.floats(0.1, 200))
def test_whatever_a_source_says_of_time_becomes_spans_within_the_video(
    parts: list[tuple[float, float]], duration: float
) -> None:
    counts = Counts()
    spans = spans_within(parts, duration, counts)
    assert all(0 <= s.start < s.end <= duration for s in spans)
    gone = (Reason.NO_LENGTH, Reason.REVERSED, Reason.OUTSIDE, Reason.NOT_A_NUMBER)
    assert len(spans) + counts[Reason.UNITED] + sum(counts[r] for r in gone) == len(parts)


def test_what_is_said_from_both_ends_is_told_from_the_usual_one() -> None:
    found, counts = told(
        said(2, "right of", 1, (0, 2)),
        said(1, "left of", 2, (4, 6)),
        said(3, "near", 1, (0, 1)),
        said(1, "near", 3, (2, 3)),
        said(3, "below", 2, (0, 1)),
    )
    assert found == [
        (1, "left of", 2, [[0, 2], [4, 6]]),
        (1, "near", 3, [[0, 1], [2, 3]]),
        (3, "below", 2, [[0, 1]]),
    ]
    assert counts[Reason.MIRRORED] == 2
    both, _ = told(said(2, "right of", 1), said(1, "left of", 2), mirrored=True)
    assert [f[:3] for f in both] == [(1, "left of", 2), (2, "right of", 1)]


def test_relations_of_objects_that_are_not_told_go_and_the_cameras_stay() -> None:
    found, counts = told(
        said(1, "near", 3), said(3, "entering", CAMERA_ID), said(1, "entering", CAMERA_ID), said(1, "near", 9),
        said(2, "near", 2), said(1, "", 2), kept={1, 2},
    )  # fmt: skip
    assert [f[:3] for f in found] == [(1, "entering", CAMERA_ID)]
    assert counts[Reason.DROPPED_END] == 2
    assert counts[Reason.UNKNOWN_END] == counts[Reason.ITSELF] == counts[Reason.GARBLED_PREDICATE] == 1


def test_an_act_of_an_instant_over_the_whole_clip_is_not_believed() -> None:
    acts = (said(1, "kicks", 2, (0, 10)), said(1, "kicking", 3, (2, 3)), said(2, "holding", 3, (0, 10)))
    found, counts = told(*acts)
    assert [f[1] for f in found] == ["kicking", "holding"]
    assert counts[Reason.INSTANT] == 1
    assert len(told(*acts, instant_share=1.01)[0]) == 3
    assert len(told(said(1, "kicks", 2, (0, 2)), duration=2)[0]) == 1


def test_of_too_many_relations_the_longest_of_each_category_stay() -> None:
    spatial = [said(1, f"near {i}", 2, (0, 1 + i)) for i in range(1, 5)]
    social = said(1, "hugging", 2, (0, 0.5), category=Category.SOCIAL)
    unknown = said(2, "beside", 3, (0, 1), category=None)
    found, counts = told(*spatial, social, unknown, most=3)
    assert {f[1] for f in found} == {"hugging", "beside", "near 4"}
    assert counts[Reason.TOO_MANY_RELATIONS] == 3


def test_the_category_stays_and_the_surer_of_two_counts() -> None:
    counts = Counts()
    twice = (
        DraftRelation(1, "near", 2, [(0, 1)], None, 0.2),
        DraftRelation(1, "near", 2, [(0, 1)], Category.SPATIAL, 0.9),
    )
    rules = RelationSettings(least_confidence=0.1)
    (one,) = statements_of(twice, kept={1, 2}, known={1, 2}, duration=5, rules=rules, counts=counts)
    assert isinstance(one, SampleRelation)
    assert (one.category, one.confidence) == (Category.SPATIAL, 0.9)
    unsure = statements_of(
        twice, kept={1, 2}, known={1, 2}, duration=5, rules=RelationSettings(least_confidence=0.95), counts=counts
    )  # fmt: skip
    assert unsure == ()
    assert counts[Reason.UNSURE] == 2


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_in_which_things_are_said_does_not_matter(order: int) -> None:
    all_ = [said(1, "near", 2, (0, 2)), said(2, "near", 1, (1, 5)), said(1, "left of", 2), said(2, "right of", 1)]
    found, _ = told(*all_[::order])
    assert found == [(1, "left of", 2, [[0, 4]]), (1, "near", 2, [[0, 5]])]

"""The answers about overlapping windows become one."""

from __future__ import annotations

from svg2_assets.relations.vlm.stitching import stitched, united
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import Category

FIRST, SECOND = Span(0, 40), Span(30, 70)  # 30 to 40 s is seen by both; its middle is 35 s


def near(*spans: tuple[float, float], confidence: float = 0.8, object_: int = 1) -> Relation:
    return Relation(0, "near", object_, Category.SPATIAL, Spans.of(spans), confidence)


def spans(*parts: tuple[Span, list[Relation]]) -> list[list[list[float]]]:
    return [r.spans.to_json() for r in stitched(parts)]


def test_a_relation_that_both_windows_see_becomes_one() -> None:
    assert spans((FIRST, [near((20, 40))]), (SECOND, [near((30, 55))])) == [[[20, 55]]]


def test_the_end_that_the_later_window_sees_counts() -> None:
    assert spans((FIRST, [near((20, 33))]), (SECOND, [near((30, 50))])) == [[[20, 50]]]
    assert spans((FIRST, [near((20, 40))]), (SECOND, [near((30, 36))])) == [[[20, 40]]]


def test_what_one_window_alone_says_of_the_common_time_holds_up_to_its_middle() -> None:
    assert spans((FIRST, [near((20, 40))]), (SECOND, [])) == [[[20, 35]]]
    assert spans((FIRST, []), (SECOND, [near((30, 50))])) == [[[35, 50]]]


def test_a_short_act_that_the_better_window_did_not_see_is_dropped() -> None:
    assert spans((FIRST, [near((37, 39))]), (SECOND, [])) == []
    assert spans((FIRST, [near((31, 33))]), (SECOND, [])) == [[[31, 33]]]
    assert spans((FIRST, []), (SECOND, [near((31, 33))])) == []


def test_separate_times_stay_separate() -> None:
    assert spans((FIRST, [near((0, 10))]), (SECOND, [near((50, 60))])) == [[[0, 10], [50, 60]]]


def test_windows_that_only_touch_join_what_touches() -> None:
    assert spans((Span(0, 40), [near((20, 40))]), (Span(40, 80), [near((40, 55))])) == [[[20, 55]]]


def test_confidence_is_the_mean_over_time() -> None:
    (relation,) = stitched(
        [(Span(0, 40), [near((0, 30), confidence=0.9)]), (Span(40, 80), [near((40, 50), confidence=0.5)])]
    )
    assert relation.confidence == 0.8


def test_different_statements_are_not_mixed() -> None:
    both = stitched([(FIRST, [near((0, 20)), near((0, 10), object_=2)]), (SECOND, [near((45, 50))])])
    assert sorted((r.object, r.spans.to_json()) for r in both) == [(1, [[0, 20], [45, 50]]), (2, [[0, 10]])]


def test_three_windows_in_a_row() -> None:
    third = Span(60, 100)
    parts = (FIRST, [near((10, 40))]), (SECOND, [near((30, 70))]), (third, [near((60, 90))])
    assert spans(*parts) == [[[10, 90]]]


def test_two_sets_of_objects_of_one_window_are_united() -> None:
    joined = united([[near((0, 10), confidence=0.9)], [near((5, 20), confidence=0.6), near((1, 2), object_=2)]])
    assert [(r.object, r.spans.to_json(), r.confidence) for r in joined] == [(1, [[0, 20]], 0.72), (2, [[1, 2]], 0.8)]


def test_nothing_gives_nothing() -> None:
    assert stitched([]) == []
    assert stitched([(FIRST, []), (SECOND, [])]) == []

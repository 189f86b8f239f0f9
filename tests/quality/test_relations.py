"""Checks of relations and of assembled graphs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.quality.conftest import FPS, FRAMES


def found(report: Any) -> list[tuple[str, str]]:
    return [(f.video_id, f.severity.value) for f in report.findings]


def spans(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    return [{"start": a, "end": b} for a, b in pairs]


@pytest.mark.parametrize("ends", [(0, 9), (9, 0)])
def test_an_endpoint_that_does_not_exist(store: Any, ends: tuple[int, int]) -> None:
    store.relate("b", ends[0], "above", ends[1])
    report = store.judge("relations", "endpoints_exist")
    assert found(report) == [("b", "error")]
    assert "9 has no trajectory" in report.findings[0].message


def test_the_camera_is_an_endpoint(store: Any) -> None:
    store.relate("b", -1, "following", 0, category="motion")
    for check in ("endpoints_exist", "spans_within_covisibility", "category_legal"):
        assert store.judge("relations", check).passed


def test_an_object_related_to_itself(store: Any) -> None:
    store.relate("a", 1, "above", 1)
    assert found(store.judge("relations", "no_self_relation")) == [("a", "error")]


@pytest.mark.parametrize(
    "changed", [{"predicate": " "}, {"category": "temporal"}, {"confidence": 1.2}, {"confidence": float("nan")}]
)
def test_a_malformed_relation(store: Any, changed: dict[str, Any]) -> None:
    store.row("relations", video_id="a").update(changed)
    assert found(store.judge("relations", "well_formed")) == [("a", "error")]


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([], "holds at no time"),
        ([(1.0, 1.0)], "not a span"),
        ([(-0.5, 1.0)], "not a span"),
        ([(0.0, float("nan"))], "not a span"),
        ([(1.0, 1.5), (0.0, 0.5)], "not sorted"),
        ([(0.0, 1.0), (0.5, 1.5)], "not sorted and disjoint"),
        ([(0.0, FRAMES / FPS + 0.5)], "the video ends at"),
    ],
)
def test_spans_that_are_none_or_leave_the_video(store: Any, pairs: Any, says: str) -> None:
    store.row("relations", video_id="b")["spans"] = spans(*pairs)
    report = store.judge("relations", "spans_inside_video")
    assert found(report) == [("b", "error")]
    assert says in report.findings[0].message


@pytest.mark.parametrize(
    ("pairs", "seen"),
    [
        ([(0.5, 1.5)], True),
        ([(0.4, 1.6)], True),  # one frame of 0.1 s too early and too late
        ([(0.2, 1.5)], False),
        ([(0.5, 1.9)], False),
        ([(0.6, 0.8), (1.7, 2.0)], False),
    ],
)
def test_a_relation_holds_only_while_both_are_visible(store: Any, pairs: Any, seen: bool) -> None:
    store.add_object("a", 2, name="cat", frames=range(5, 15))
    store.relate("a", 0, "above", 2, spans=spans(*pairs))
    report = store.judge("relations", "spans_within_covisibility")
    assert found(report) == ([] if seen else [("a", "error")])
    assert all("the object is not visible from" in f.message for f in report.findings)


def test_covisibility_follows_the_true_timestamps_of_a_variable_rate_video(store: Any) -> None:
    times = [*(i * 0.02 for i in range(10)), *(1.0 + i * 0.1 for i in range(10))]
    store.row("videos", video_id="a").update(variable_rate=True, frame_times=times, duration=2.0)
    store.add_object("a", 2, name="cat", frames=range(10, 20))
    store.relate("a", 0, "above", 2, spans=spans((1.0, 2.0)))
    assert store.judge("relations", "spans_within_covisibility").passed
    store.row("relations", video_id="a", relation_id=1)["spans"] = spans((0.0, 0.9))
    assert found(store.judge("relations", "spans_within_covisibility")) == [("a", "error")]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ((0, "near", 1), "is stated twice"),
        ((1, "near", 0), "says the same as 1 'near' 0"),
        ((1, "right of", 0), "says the same as 1 'right of' 0"),
        ((0, "right of", 1), "contradicts 0 'right of' 1 for 1.00 s"),
        ((1, "left of", 0), "contradicts 1 'left of' 0 for 1.00 s"),
    ],
)
def test_contradictions_and_repetitions(store: Any, statement: tuple[int, str, int], says: str) -> None:
    if statement[1] != "near":
        store.relate("b", 0, "left of", 1)
    store.relate("b", *statement)
    report = store.judge("relations", "no_contradictions")
    assert found(report) == [("b", "error")]
    assert says in report.findings[0].message


def test_contraries_of_one_way_predicates(store: Any) -> None:
    store.relate("b", 0, "approaching", 1, category="motion")
    store.relate("b", 1, "moving away from", 0, category="motion")
    assert store.judge("relations", "no_contradictions").passed  # one flees, the other gives chase
    store.relate("b", 0, "moving away from", 1, category="motion")
    assert found(store.judge("relations", "no_contradictions")) == [("b", "error")]


def test_contraries_at_different_times_are_fine(store: Any) -> None:
    store.relate("b", 0, "left of", 1, spans=spans((0.0, 1.0)))
    store.relate("b", 0, "right of", 1, spans=spans((1.0, 2.0)))
    assert store.judge("relations", "no_contradictions").passed


@pytest.mark.parametrize(
    ("category", "subject", "object_", "legal"),
    [
        ("functional", 0, 1, True),
        ("functional", 2, 0, False),
        ("social", 0, 2, False),
        ("attentional", 2, 0, False),
        ("spatial", 2, 0, True),
        ("social", -1, 0, False),
    ],
)
def test_the_category_suits_its_ends(store: Any, category: str, subject: int, object_: int, legal: bool) -> None:
    store.add_object("a", 2, name="cup")
    store.relate("a", subject, "with", object_, category=category)
    assert found(store.judge("relations", "category_legal")) == ([] if legal else [("a", "error")])


@pytest.mark.parametrize("column", ["num_objects", "num_relations", "num_attributes"])
def test_a_graph_that_lost_something_on_the_way(store: Any, column: str) -> None:
    assert store.judge("scene_graphs", "counts_agree").passed
    store.row("scene_graphs", video_id="b")[column] = 7
    report = store.judge("scene_graphs", "counts_agree")
    assert found(report) == [("b", "error")]
    assert f"{column} = 7" in report.findings[0].message


def test_a_video_without_a_graph(store: Any) -> None:
    store.rows["scene_graphs"].pop()
    assert found(store.judge("scene_graphs", "counts_agree")) == [("b", "error")]

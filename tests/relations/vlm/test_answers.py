"""Answers are read as far as they can be; what does not read is counted."""

from __future__ import annotations

from typing import Any

import pytest

from svg2_assets.relations.vlm.answers import Draft, read_drafts, read_released
from svg2_assets.relations.vlm.frames import released_samples
from svg2_assets.scene.video import Video

GOOD = {
    "subject": 1,
    "predicate": "on",
    "object": 2,
    "category": "spatial",
    "spans": [{"start": 1.0, "end": 2.5}],
    "confidence": 0.7,
}


def test_named_fields_are_read() -> None:
    assert read_drafts({"relations": [GOOD]}) == ([Draft(1, "on", 2, "spatial", ((1.0, 2.5),), 0.7)], 0)


@pytest.mark.parametrize("value", [None, [], "text", {}, {"relations": None}, {"relations": {}}, {"other": [GOOD]}])
def test_an_answer_of_another_form_has_no_relation(value: Any) -> None:
    assert read_drafts(value) == ([], 0)


@pytest.mark.parametrize(
    "wrong",
    [
        "on",
        {},
        {**GOOD, "subject": "1"},
        {**GOOD, "subject": True},
        {**GOOD, "object": 2.5},
        {**GOOD, "predicate": None},
        {**GOOD, "category": 3},
        {**GOOD, "spans": "always"},
        {k: v for k, v in GOOD.items() if k != "spans"},
    ],
)
def test_entries_that_do_not_read_are_counted(wrong: Any) -> None:
    drafts, malformed = read_drafts({"relations": [wrong, GOOD]})
    assert len(drafts) == 1
    assert malformed == 1


@pytest.mark.parametrize(
    "span", [{"start": float("nan"), "end": 1}, {"start": 0, "end": 1e300}, {"start": 1}, [1], "x", {}]
)
def test_a_span_that_does_not_read_is_left_out(span: Any) -> None:
    (draft,), malformed = read_drafts({"relations": [{**GOOD, "spans": [span, {"start": 1, "end": 2}]}]})
    assert draft.spans == ((1.0, 2.0),)
    assert malformed == 0


@pytest.mark.parametrize(("given", "read"), [(7, 1.0), (-1, 0.0), (None, 0.5), ("high", 0.5)])
def test_confidence_is_brought_into_its_range(given: Any, read: float) -> None:
    assert read_drafts({"relations": [{**GOOD, "confidence": given}]})[0][0].confidence == read


def test_endless_answers_are_cut() -> None:
    drafts, malformed = read_drafts({"relations": [{**GOOD, "spans": [{"start": 0, "end": 1}] * 500}] * 6_000})
    assert len(drafts) == 5_000
    assert malformed == 0
    assert len(drafts[0].spans) == 64


def clip(fps: float, seconds: float) -> Video:
    return Video("v" * 16, "v.mp4", "", 320, 240, fps, round(fps * seconds), seconds)


def test_released_tuples_become_seconds_from_the_first_frame_to_the_end_of_the_last() -> None:
    samples = released_samples(clip(30, 10))
    value = {"relationships": [[1, "pouring_into", 2, [[0, 3], [5, 5]], "functional"]]}
    assert read_released(value, samples) == (
        [Draft(1, "pouring_into", 2, "functional", ((0.0, 4.0), (5.0, 6.0)), 1.0)],
        0,
    )


def test_the_last_released_frame_stands_for_the_rest_of_the_video() -> None:
    samples = released_samples(clip(30, 9.5))
    (draft,), _ = read_released({"relationships": [[1, "on", 2, [[0, 9]]]]}, samples, category="spatial")
    assert draft.spans == ((0.0, 9.5),)
    assert draft.category == "spatial"


def test_positions_of_a_thinned_sample_are_true_seconds() -> None:
    samples = released_samples(clip(10, 100))
    (draft,), _ = read_released({"relationships": [[1, "on", 2, [[1, 1]]]]}, samples, category="spatial")
    assert draft.spans == ((4.0, 8.0),)


@pytest.mark.parametrize(
    "wrong",
    [[1, "on", 2], [1, "on", 2, [[0, 1]], "spatial", 3], ["1", "on", 2, [[0, 1]]], [1, 5, 2, [[0, 1]]], {}, "x"],
)
def test_released_tuples_of_another_form_are_counted(wrong: Any) -> None:
    assert read_released({"relationships": [wrong]}, released_samples(clip(30, 10)), category="spatial") == ([], 1)


@pytest.mark.parametrize("span", [[0, 99], [-1, 2], [3, 1], [0], "x", [0.5, 2]])
def test_positions_outside_the_sample_are_not_read(span: Any) -> None:
    value = {"relationships": [[1, "on", 2, [span]]]}
    (draft,), _ = read_released(value, released_samples(clip(30, 10)), category="spatial")
    assert draft.spans == ()

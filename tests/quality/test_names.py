"""Names against descriptions, verification, wholes and counts."""

from __future__ import annotations

from typing import Any

import pytest

from svg2_assets.quality.names import mentions, one_of


def found(report: Any) -> list[tuple[str, str]]:
    return [(f.video_id, f.severity.value) for f in report.findings]


def rename(store: Any, video_id: str, object_id: int, name: str, *stages: str) -> None:
    for stage in stages or ("parsed", "verified"):
        store.row("labels", video_id=video_id, object_id=object_id, stage=stage)["name"] = name


def describe(store: Any, video_id: str, object_id: int, text: str) -> None:
    store.row("descriptions", video_id=video_id, object_id=object_id)["text"] = text


def test_a_name_of_which_the_description_does_not_speak(store: Any) -> None:
    assert store.judge("parsed_labels", "name_vs_description").passed
    rename(store, "a", 1, "saxophone")
    report = store.judge("parsed_labels", "name_vs_description")
    assert found(report) == [("a", "warn")]
    assert "'saxophone', of which its description does not speak" in report.findings[0].message


def test_no_name_and_no_description_are_no_disagreement(store: Any) -> None:
    rename(store, "a", 0, "object")
    describe(store, "b", 0, "  ")
    assert store.judge("parsed_labels", "name_vs_description").passed


@pytest.mark.parametrize(
    ("name", "text", "speaks"),
    [
        ("dog", "Two brown DOGS on a lawn.", True),
        ("wooden table", "A table made of oak.", True),
        ("animal", "A golden retriever runs.", True),
        ("dog", "An animal with a long tail.", True),
        ("woman", "A person in a red coat.", True),
        ("person", "Witness efficientnet, 3 looks: jersey 0.4.", True),
        ("traffic light", "A traffic light above the street.", True),
        ("ball", "Witness nanodet, 9 looks: sports ball 0.6.", True),
        ("berry", "A bowl of berries", True),
        ("cat", "Witness nanodet, 9 looks: dog 0.6.", False),
        ("cat", "A catalogue lies on the floor.", False),
        ("person", "A grey rock.", False),
        ("犬", "芝生の上の犬", False),
    ],
)
def test_what_speaks_of_a_name(name: str, text: str, speaks: bool) -> None:
    assert mentions(text, name) is speaks


def test_a_name_that_changed_for_no_reason_is_an_error(store: Any) -> None:
    assert store.judge("verified_labels", "name_vs_verification").passed
    rename(store, "a", 1, "object", "verified")
    assert found(store.judge("verified_labels", "name_vs_verification")) == [("a", "error")]
    store.row("labels", video_id="a", object_id=1, stage="verified")["reason"] = "not sure enough of dog (0.20)"
    assert store.judge("verified_labels", "name_vs_verification").passed


@pytest.mark.parametrize(
    ("verdict", "score", "odd"),
    [
        ("supported", 0.9, False),
        ("supported", 0.2, True),
        ("contradicted", 0.8, True),
        ("contradicted", 0.2, False),
        ("unverified", 0.9, False),
        ("supported", None, False),
    ],
)
def test_a_verdict_and_a_score_that_disagree(store: Any, verdict: str, score: float | None, odd: bool) -> None:
    store.row("labels", video_id="b", object_id=1, stage="verified").update(verdict=verdict, score=score)
    assert found(store.judge("verified_labels", "name_vs_verification")) == [("b", "warn")] * odd


@pytest.mark.parametrize(
    ("part", "whole", "odd"),
    [
        ("dog", "dog", True),
        ("person", "dog", True),
        ("chair", "house", True),
        ("ear", "dog", False),
        ("object", "object", False),
        ("dog", "object", False),
        ("person", "car", False),
        ("dog", "couch", False),
        ("person", "crowd of people", False),
        ("sheep", "flock", False),
    ],
)
def test_names_of_parts(store: Any, part: str, whole: str, odd: bool) -> None:
    rename(store, "a", 1, whole)
    store.add_object("a", 2, name=part, box=(52, 32, 6, 6), part_of=1)
    assert found(store.judge("verified_labels", "part_vs_whole")) == [("a", "warn")] * odd


def test_one_of_three_needs_three(store: Any) -> None:
    describe(store, "a", 1, "One of three dogs that play on a lawn.")
    report = store.judge("verified_labels", "count_vs_description")
    assert found(report) == [("a", "warn")]
    assert report.findings[0].message == "object 1 ('dog') is described as one of 3 or more; 1 found"
    store.add_object("a", 2, name="dog", box=(70, 10, 10, 10))
    assert not store.judge("verified_labels", "count_vs_description").passed
    store.add_object("a", 3, name="animal", box=(80, 10, 10, 10))
    assert store.judge("verified_labels", "count_vs_description").passed


def test_dogs_of_another_video_do_not_count(store: Any) -> None:
    describe(store, "a", 1, "one of several dogs")
    assert found(store.judge("verified_labels", "count_vs_description")) == [("a", "warn")]


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("One of the two cups", 2),
        ("it is one of several", 2),
        ("one of 12 lamps", 12),
        ("one of these seven birds", 7),
        ("one of a group of cows", 2),
        ("one of its legs", None),
        ("someone of three", None),
        ("", None),
    ],
)
def test_of_how_many_a_description_speaks(text: str, many: int | None) -> None:
    assert one_of(text) == many

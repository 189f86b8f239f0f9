from __future__ import annotations

import json

import polars as pl
import pytest

from svg2_assets.scene_graphs.query import Match, Question, find_relations
from tests.scene_graphs import tables

LABELS = tables.labels(
    tables.label("a", 0, "person"),
    tables.label("a", 1, "coffee mug"),
    tables.label("a", 2, "Car"),
    tables.label("a", 2, "truck", stage="parsed"),
    tables.label("b", 0, "person"),
    tables.label("b", 1, "car"),
)
RELATIONS = tables.relations(
    tables.relation("a", 0, (0, "holding", 1), category="functional", spans=[(1.0, 2.5), (4.0, 5.0)]),
    tables.relation("a", 1, (0, "left of", 2)),
    tables.relation("a", 2, (1, "near", 2), spans=[(0.0, 1.0)]),
    tables.relation("b", 0, (0, "near", 1), spans=[(3.0, 9.0)], confidence=0.6),
    tables.relation("b", 1, (-1, "approaching", 1), category="motion"),
)
VIDEOS = tables.videos({"video_id": "a", "uri": "/z.mp4"}, {"video_id": "b", "uri": "/y.mp4"})


def ask(relations: pl.DataFrame = RELATIONS, **asked: object) -> list[Match]:
    return find_relations(Question(**asked), videos=VIDEOS, labels=LABELS, relations=relations)  # type: ignore[arg-type]


def said(matches: list[Match]) -> list[tuple[str, str, str]]:
    return [(m.subject, m.predicate, m.object) for m in matches]


def test_a_relation_is_found_with_its_names_times_and_video():
    (match,) = ask(subject="person", predicate="holding", object="mug")
    assert (match.video_id, match.uri) == ("a", "/z.mp4")
    assert (match.subject_id, match.object_id, match.object) == (0, 1, "coffee mug")
    assert match.spans == ((1.0, 2.5), (4.0, 5.0))
    assert (match.seconds, match.confidence, match.category) == (2.5, 0.8, "functional")
    assert json.loads(json.dumps(match.to_json()))["spans"] == [[1.0, 2.5], [4.0, 5.0]]


@pytest.mark.parametrize("name", ["coffee mug", "COFFEE  MUG", "mug", " Mug "])
def test_a_name_is_matched_whole_or_by_its_head_noun_whatever_its_case(name: str):
    assert len(ask(object=name, predicate="holding")) == 1


@pytest.mark.parametrize("name", ["coffee", "ug", "big mug", "", "mug%", "m.g", "truck"])
def test_a_name_is_not_matched_by_another_part_of_it_by_a_pattern_or_by_an_unverified_label(name: str):
    assert ask(object=name) == []


def test_an_inverse_predicate_finds_what_is_stored_the_other_way_round():
    (match,) = ask(subject="car", predicate="right of", object="person")
    assert said([match]) == [("Car", "right of", "person")]
    assert (match.subject_id, match.object_id) == (2, 0)
    assert ask(subject="person", predicate="right of") == []
    assert said(ask(predicate="held by")) == [("coffee mug", "held by", "person")]


def test_a_symmetric_predicate_is_found_from_both_ends_once():
    assert said(ask(subject="car", predicate="near", object="person")) == [("car", "near", "person")]
    assert said(ask(subject="person", predicate="near", object="car")) == [("person", "near", "car")]
    assert len(ask(predicate="near")) == 2


def test_without_a_predicate_each_relation_is_told_as_stored_unless_only_the_other_way_fits():
    assert said(ask(subject="person", object="car")) == [("person", "near", "car"), ("person", "left of", "Car")]
    assert ("Car", "right of", "person") in said(ask(subject="car"))
    assert len(ask()) == RELATIONS.height


def test_what_people_say_finds_what_the_store_calls_otherwise():
    (match,) = ask(subject="person", predicate="next to", object="car", min_seconds=2)
    assert (match.video_id, match.predicate) == ("b", "near")


def test_time_is_summed_over_spans():
    assert said(ask(predicate="holding", min_seconds=2.5)) == [("person", "holding", "coffee mug")]
    assert ask(predicate="holding", min_seconds=2.6) == []


def test_the_camera_can_be_asked_for():
    (match,) = ask(subject="camera")
    assert (match.subject_id, match.predicate, match.object) == (-1, "approaching", "car")


def test_matches_come_by_address_then_by_time():
    assert [(m.uri, m.spans[0][0]) for m in ask()] == sorted((m.uri, m.spans[0][0]) for m in ask())
    assert ask()[0].uri == "/y.mp4"


def test_an_object_without_a_label_is_called_object_and_a_superseded_video_is_not_searched():
    stray = tables.relations(tables.relation("b", 0, (0, "near", 7)), tables.relation("gone", 0, (0, "near", 1)))
    assert said(ask(stray)) == [("person", "near", "object")]


def test_answers_stand_in_one_order_whatever_the_order_of_the_rows():
    twice = [tables.relation("a", i, (0, "near", 1), confidence=c) for i, c in enumerate((0.9, 0.1, 0.5))]
    for rows in (twice, twice[::-1]):
        assert [m.confidence for m in ask(tables.relations(*rows))] == [0.1, 0.5, 0.9]


def test_empty_tables_have_no_answer():
    assert ask(tables.relations(), subject="person", predicate="right of") == []


@pytest.mark.parametrize("asked", ["sofa", "Sofas", "couch", "settee"])
def test_a_name_finds_what_is_called_otherwise_and_tells_it_as_it_was_named(asked: str):
    labels = tables.labels(
        tables.label("a", 0, "dog"), tables.label("a", 1, "Sofa"), tables.label("a", 2, "leather couch")
    )
    relations = tables.relations(tables.relation("a", 0, (0, "on", 1)), tables.relation("a", 1, (0, "near", 2)))
    found = find_relations(Question(object=asked), videos=VIDEOS, labels=labels, relations=relations)
    assert "Sofa" in {m.object for m in found}
    assert len(find_relations(Question(subject="doggy"), videos=VIDEOS, labels=labels, relations=relations)) == 2

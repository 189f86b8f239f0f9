"""Answers of a model as records: what is kept, what is moved, what is thrown away."""

from __future__ import annotations

from typing import Any

import pytest

from svg2_assets.labels.answers import read, read_upstream
from svg2_assets.labels.faults import Fault
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import AttributeType
from tests.labels.gateways import record


def one(**fields: Any) -> Any:
    return read({"objects": [record(1, "dog") | fields]}, [1]).records[1]


def attribute(kind: str, value: Any) -> dict[str, Any]:
    return {"type": kind, "value": value}


def test_a_good_record_is_taken_as_it_is() -> None:
    found = one(
        name="A Dog",
        confidence=0.8,
        alternatives=["wolf", "Dog", "object", "foxes"],
        attributes=[attribute("color", "brown"), attribute("text", "REX <3"), attribute("part", "long tail")],
        actions=["runs after a ball"],
        relationships=["on the grass"],
    )
    assert (found.name, found.given, found.fault, found.confidence) == ("dog", "A Dog", None, 0.8)
    assert found.alternatives == ("wolf", "fox")
    assert found.attributes == (
        Attribute("brown", AttributeType.COLOR, 0.8),
        Attribute("long tail", AttributeType.PART, 0.8),
    )
    assert (found.actions, found.relationships) == (("runs after a ball",), ("on the grass",))


def test_ids_that_were_not_asked_about_and_incomplete_records_are_left_out() -> None:
    incomplete = {"id": 3, "name": "cat", "uncertain": False}
    strange = [record(9, "cat"), incomplete, "cat", None, 7, record(True, "cat"), record(2, "cow") | {"id": "2"}]  # type: ignore[arg-type]
    reading = read({"objects": [record(1, "dog"), *strange]}, [1, 2, 3])
    assert {i: r.name for i, r in reading.records.items()} == {1: "dog", 2: "cow"}
    assert reading.strays == 6


@pytest.mark.parametrize("value", [None, "dog", [], {"objects": None}, {"objects": "dog"}, {"other": []}])
def test_an_answer_of_another_form_holds_no_records(value: Any) -> None:
    assert read(value, [1]).records == {}


def test_an_object_that_is_named_twice_is_at_fault_unless_both_mean_the_same() -> None:
    reading = read({"objects": [record(1, "dog"), record(1, "cat"), record(2, "sofa"), record(2, "couch")]}, [1, 2])
    assert {i: (r.name, r.fault) for i, r in reading.records.items()} == {1: ("dog", Fault.REPEATED), 2: ("sofa", None)}


def test_attributes_that_are_actions_or_relations_go_where_they_belong() -> None:
    found = one(
        attributes=[
            attribute("other", "running"),
            attribute("state", "holding a cup"),
            attribute("pose", "sitting on a bench"),
            attribute("other", "next to the car"),
            attribute("pose", "lying down"),
            attribute("motion", "moving left"),
            attribute("shape", "tapering"),
            attribute("position", "on the left side"),
            attribute("clothing", "wearing a red top"),
            attribute("state", "covered in snow"),
            attribute("text", "RUNNING MAN"),
        ],
        actions=["runs"],
    )
    assert [a.value for a in found.attributes] == [
        "lying down",
        "moving left",
        "tapering",
        "on the left side",
        "wearing a red top",
        "covered in snow",
        "RUNNING MAN",
    ]
    assert found.actions == ("runs", "running", "holding a cup")
    assert found.relationships == ("sitting on a bench", "next to the car")


def test_nothing_in_an_answer_is_trusted() -> None:
    found = one(
        name="dog\x00\x1b[31m\u202e" + "very " * 10_000,
        confidence=float("nan"),
        uncertain="yes",
        alternatives="wolf",
        attributes=[attribute("smell", "sour"), attribute("color", 5), "shiny", None, attribute("color", "<b>red</b>")],
        actions=[f"action {i}" for i in range(500)],
        relationships=["x" * 5000, "\x07", "ON", "on"],
    )
    assert found.fault is not None
    assert len(found.given) <= 80
    assert found.given.isprintable()
    assert (found.confidence, found.uncertain, found.alternatives) == (0.0, False, ("wolf",))
    assert [(a.value, a.type) for a in found.attributes] == [
        ("sour", AttributeType.OTHER),
        ("shiny", AttributeType.OTHER),
    ]
    assert len(found.actions) == 32
    assert [len(r) for r in found.relationships] == [120, 2]
    assert one(confidence=7).confidence == 1.0
    assert one(confidence="high").confidence == 0.0


def test_the_record_of_the_specification_says_uncertain_in_the_name() -> None:
    value = {
        "object": "Dog (uncertain)",
        "Attributes": ["brown", "brown"],
        "relationships": "on grass",
        "actions": None,
    }
    found = read_upstream(value, 4)
    assert found is not None
    assert (found.object_id, found.name, found.given, found.uncertain) == (4, "dog", "Dog (uncertain)", True)
    assert [(a.value, a.type) for a in found.attributes] == [("brown", AttributeType.OTHER)]
    assert (found.relationships, found.actions) == (("on grass",), ())
    certain = read_upstream({"Object": "dog"}, 4)
    assert certain is not None
    assert certain.confidence > found.confidence
    assert read_upstream({"attributes": []}, 4) is None
    assert read_upstream(None, 4) is None

"""Answers made from the schema and from descriptions in the request."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.devserver.generation import instance
from resources.devserver.labelling import Label, label_of
from resources.devserver.strict_schema import check_strict
from tests.devserver import DevServer
from tests.resources.devserver.requests import form, record

TEXT = {"type": "string"}
LEAVES = st.sampled_from(
    [
        TEXT,
        {"type": "integer"},
        {"type": "integer", "minimum": 3, "maximum": 3},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "integer", "minimum": -7, "maximum": 90, "multipleOf": 5},
        {"type": "number", "minimum": 0.1, "maximum": 0.2},
        {"type": "number", "exclusiveMinimum": -2, "maximum": 0},
        {"type": "boolean"},
        {"type": ["string", "null"]},
        {"type": "string", "enum": ["near", "far"]},
        {"type": "integer", "enum": [4, 7]},
        {"const": 5},
        {"type": "string", "pattern": r"^[A-Z]{2}-\d+(?:\.(?:cat|dog))?$"},
        *({"type": "string", "format": f} for f in ("date", "date-time", "uuid", "ipv4", "email")),
    ]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(st.sampled_from(["id", "name", "start", "end", "spans", "score"]), inner, max_size=4).map(
            lambda fields: record(**fields)
        )
        | st.builds(
            lambda items, low: {"type": "array", "items": items, "minItems": low, "maxItems": low + 2},
            inner,
            st.integers(0, 2),
        )
        | st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(inner=SCHEMAS, seed=st.binary(min_size=4, max_size=4))
def test_every_strict_schema_gets_a_value_that_fits_it(inner: dict[str, Any], seed: bytes) -> None:
    schema = record(answer=inner)
    check_strict(schema)
    descriptions = {4: "A small red ball.", 7: "A tall man wearing a hat."}
    for known in ({}, descriptions):
        made = instance(schema, seed, descriptions=known)
        jsonschema.validate(made, schema)
        assert made == instance(schema, seed, descriptions=known)


def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    node = record(
        children={"type": "array", "items": {"$ref": "#/$defs/node"}},
        next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
    )
    schema = {**record(root={"$ref": "#/$defs/node"}), "$defs": {"node": node}}
    for i in range(50):
        jsonschema.validate(instance(schema, sha256(bytes([i])).digest()), schema)


def test_spans_end_after_they_start() -> None:
    span = record(start={"type": "number"}, end={"type": "number"})
    schema = record(spans={"type": "array", "items": span, "minItems": 30, "maxItems": 30})
    assert all(s["start"] <= s["end"] for s in instance(schema, b"spans")["spans"])


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("A small red object in the upper left of the frame.", Label("object", ("small", "red"))),
        ("The video shows a young man wearing a blue shirt.", Label("man", ("young",))),
        ("A black and white striped zebra is grazing.", Label("zebra", ("black", "white", "striped"))),
        ("The masked region is a tall, wooden chair with four legs.", Label("chair", ("tall", "wooden"))),
        ("A dog and a cat.", Label("dog", ())),
        ("A dog, running along the beach.", Label("dog", ())),
        ("Nothing.", None),
        ("", None),
    ],
)
def test_labels_are_the_first_noun_phrase(text: str, label: Label | None) -> None:
    assert label_of(text) == label


def test_each_described_object_gets_its_record(server: DevServer) -> None:
    attribute = record(type={"type": "string", "enum": ["color", "size", "pose"]}, value=TEXT)
    item = record(
        id={"type": "integer", "enum": [3, 8, 11]},
        name=TEXT,
        uncertain={"type": "boolean"},
        confidence={"type": "number"},
        attributes={"type": "array", "items": attribute},
        actions={"type": "array", "items": TEXT},
    )
    schema = record(objects={"type": "array", "items": item})
    document = {
        "objects": [
            {"id": 3, "description": "A small red ball on the grass."},
            {"id": 8, "description": "Cannot be seen well"},
            {"id": 99, "description": "A cat that is not asked for."},
        ]
    }
    messages = [{"role": "system", "content": "Name them."}, {"role": "user", "content": json.dumps(document)}]
    answer = server.client().chat.completions.create(
        model="gpt-4.1-nano", messages=messages, response_format=form(schema)
    )
    ball, unknown = json.loads(answer.choices[0].message.content)["objects"]
    assert (ball["id"], ball["name"], ball["uncertain"]) == (3, "ball", False)
    assert ball["attributes"] == [{"type": "size", "value": "small"}, {"type": "color", "value": "red"}]
    assert 0 < ball["confidence"] < 1
    assert (unknown["id"], unknown["name"], unknown["uncertain"]) == (8, "object", True)


def test_one_description_alone(server: DevServer) -> None:
    texts = {"type": "array", "items": TEXT}
    schema = record(object=TEXT, attributes=texts, relationships=texts, actions=texts)
    answer = server.client().chat.completions.create(
        model="gpt-5-mini",
        messages=[{"role": "user", "content": "The image shows a tall wooden chair."}],
        response_format=form(schema),
    )
    made = json.loads(answer.choices[0].message.content)
    assert made == {"object": "chair", "attributes": ["tall", "wooden"], "relationships": [], "actions": []}

"""Which schemas strict mode takes."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from resources.devserver.strict_schema import SchemaError, check_strict
from tests.devserver import DevServer
from tests.resources.devserver.requests import form, record

TEXT = {"type": "string"}


def nested(depth: int) -> dict[str, Any]:
    """Objects in objects, `depth` levels."""
    return record(inner=TEXT if depth == 1 else nested(depth - 1))


def values(count: int, length: int = 3) -> dict[str, Any]:
    return {"type": "string", "enum": [f"{i:0{length}d}" for i in range(count)]}


@pytest.mark.parametrize(
    "schema",
    [
        record(),
        record(a=TEXT, b={"type": ["integer", "null"]}),
        record(a={"type": "string", "pattern": "^[a-z]+$"}, b={"type": "string", "format": "date-time"}),
        record(a={"type": "number", "minimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.1}),
        record(a={"type": "array", "items": record(b=TEXT), "minItems": 1, "maxItems": 3}),
        record(a={"anyOf": [TEXT, {"type": "null"}, record(b={"const": 4})]}),
        {
            **record(node={"$ref": "#/$defs/node"}),
            "$defs": {"node": record(next={"anyOf": [{"$ref": "#"}, {"type": "null"}]})},
        },
        record(a={"type": "string", "description": "what it is", "title": "A"}),
        nested(10),
        record(**{f"p{i}": TEXT for i in range(5_000)}),
        record(a=values(1_000)),
    ],
)
def test_what_is_supported_passes(schema: dict[str, Any]) -> None:
    check_strict(schema)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "array", "items": TEXT}, "type: 'array'"),
        ({"anyOf": [record(), record()]}, "without anyOf"),
        ({"type": "object", "properties": {"a": TEXT}, "required": ["a"]}, "additionalProperties"),
        ({**record(a=TEXT), "additionalProperties": True}, "additionalProperties"),
        ({**record(a=TEXT, b=TEXT), "required": ["a"]}, "Missing 'b'"),
        ({**record(a=TEXT), "required": ["a", "z"]}, "extra required key 'z'"),
        ({"type": "object", "additionalProperties": False, "required": []}, "missing properties"),
        (record(a={"type": "array"}), "missing items"),
        (record(a={"type": "array", "prefixItems": [TEXT], "items": TEXT}), "'prefixItems' is not permitted"),
        (record(a={"type": "array", "items": TEXT, "uniqueItems": True}), "'uniqueItems' is not permitted"),
        (record(a={"type": "string", "minLength": 1}), "'minLength' is not permitted"),
        (record(a={"type": "string", "minimum": 1}), "'minimum' is not permitted for type string"),
        (record(a={"type": "string", "default": "x"}), "'default' is not permitted"),
        (record(a={"type": "string", "format": "uri"}), "not a valid format"),
        (record(a={"type": "string", "pattern": "("}), "not a regular expression"),
        (record(a={"oneOf": [TEXT]}), "'oneOf' is not permitted"),
        (record(a={"allOf": [TEXT]}), "'allOf' is not permitted"),
        (record(a={"not": TEXT}), "'not' is not permitted"),
        (record(a={"type": "string", "if": {}}), "'if' is not permitted"),
        ({**record(a=TEXT), "dependentRequired": {}}, "'dependentRequired' is not permitted"),
        ({**record(a=TEXT), "patternProperties": {}}, "'patternProperties' is not permitted"),
        (record(a={}), "must have a 'type' key"),
        (record(a={"type": "text"}), "not a valid type"),
        (record(a={"type": "string", "enum": []}), "at least one value"),
        (record(a={"$ref": "#/$defs/none"}), "reference"),
        ({**record(a={"$ref": "#/$defs/b", "description": "x"}), "$defs": {"b": TEXT}}, "$ref cannot have keywords"),
        (nested(11), "deeper than 10"),
        (record(**{f"p{i}": TEXT for i in range(5_001)}), "5001 object properties"),
        (record(a=values(600), b=values(401)), "1001 enum values"),
        (record(a=values(251, length=60)), "at most 15000"),
        (record(**{f"{i:0300d}": TEXT for i in range(401)}), "120300 characters"),
        (record(a=5), "must be an object"),
        (record(a={"type": 5}), "must be an array"),
        (record(a={"anyOf": []}), "at least one schema"),
        ({**record(), "required": "a"}, "must be an array"),
        (record(a={"type": "array", "items": TEXT, "minItems": -1}), "whole number"),
    ],
)
def test_what_is_not_supported_is_named_with_its_place(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(SchemaError, match="In context=") as caught:
        check_strict(schema)
    assert reason in str(caught.value)


def test_arrays_that_are_nested_without_end() -> None:
    schema: dict[str, Any] = TEXT
    for _ in range(5_000):
        schema = {"type": "array", "items": schema}
    with pytest.raises(SchemaError, match="too deep"):
        check_strict(record(a=schema))


def test_both_limits_of_an_enum_are_needed() -> None:
    check_strict(record(a=values(250, length=100)))
    check_strict(record(a=values(400, length=30)))


def test_the_server_says_where_the_schema_is_wrong(server: DevServer) -> None:
    schema = record(objects={"type": "array", "items": {"type": "object", "properties": {}}})
    with pytest.raises(openai.BadRequestError, match=r"In context=\('properties', 'objects', 'items'\)") as caught:
        server.client().chat.completions.create(
            model="gpt-5", messages=[{"role": "user", "content": "x"}], response_format=form(schema)
        )
    assert caught.value.code == "invalid_json_schema"
    assert caught.value.param == "response_format"


def test_the_clients_own_models_pass(server: DevServer) -> None:
    from pydantic import BaseModel

    class Thing(BaseModel):
        name: str
        colours: list[str]
        inside: Thing | None

    answer = server.client().chat.completions.parse(
        model="gpt-5", messages=[{"role": "user", "content": "x"}], response_format=Thing
    )
    assert isinstance(answer.choices[0].message.parsed, Thing)

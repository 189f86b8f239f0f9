"""Reads a model's text as the JSON that was asked for: parsed, checked against the schema, salvaged where it is cut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from resources.llm.salvage import salvage
from svg2_assets.scene.errors import printable


class InvalidAnswer(ValueError):
    """An answer that is no JSON or does not fit its schema; the text says where and why, for models and people."""


def read_value(text: str, schema: Mapping[str, Any]) -> Any:
    """The value of `text`. Raises `InvalidAnswer`."""
    try:
        # Not strict: control characters inside of strings are of no harm to the parser.
        value = json.loads(_without_fence(text), strict=False, parse_constant=_refused)
    except RecursionError:
        raise InvalidAnswer("no JSON: nested too deeply") from None
    except ValueError as error:
        raise InvalidAnswer(f"no JSON: {printable(str(error))}") from None
    try:
        problem = next(_validator(json.dumps(schema, default=dict)).iter_errors(value), None)
    except RecursionError:
        raise InvalidAnswer("nested too deeply") from None
    if problem is not None:
        raise InvalidAnswer(f"at {printable(problem.json_path)}: {printable(problem.message, limit=300)}")
    return value


def salvaged_value(text: str, schema: Mapping[str, Any]) -> Any:
    """What is complete of an answer that was cut off, None where nothing is.

    Items of lists that do not fit the schema by themselves are left out; fields that the cut took away stay missing.
    """
    value = salvage(_without_fence(text))
    return None if value is None else _fitting(value, schema, schema.get("$defs", {}))


def _fitting(value: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """`value` with the lists of its fields reduced to items that fit."""
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        return {name: _fitting(part, fields.get(name, {}), definitions) for name, part in value.items()}
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, Mapping):
        check = _validator(json.dumps({**items, "$defs": definitions}, default=dict))
        return [item for item in value if check.is_valid(item)]
    return value


def _without_fence(text: str) -> str:
    """Models without a strict mode put JSON between three backticks."""
    stripped = text.strip()
    if not stripped.startswith("```"):
        return stripped
    return stripped.split("\n", 1)[-1].removesuffix("```")


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))

"""What a JSON schema may hold in OpenAI's strict mode.

Source: the guide "Structured outputs", section "Supported schemas". Keywords that the guide does not name as supported
are refused here: what passes this server passes the service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 10
MAX_PROPERTIES = 5_000
MAX_STRINGS = 120_000
"""characters of all names of properties and definitions, enum and const values together"""
MAX_ENUM_VALUES = 1_000
LONG_ENUM = 250
MAX_LONG_ENUM_STRINGS = 15_000
"""characters of the values of one enum that has more than `LONG_ENUM` of them"""

TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
_ANYWHERE = frozenset({"type", "description", "title", "enum", "const", "anyOf", "$ref", "$defs", "definitions"})
_BY_TYPE: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"pattern", "format"}),
    "number": frozenset({"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "integer": frozenset({"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
}
SUPPORTED = _ANYWHERE.union(*_BY_TYPE.values())
Path = tuple[str, ...]


class SchemaError(ValueError):
    """The schema is outside of the strict subset; the text says where and why."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"In context={path!r}, {what}")


def check_strict(schema: Any) -> None:
    """Raise `SchemaError` for the first rule of strict mode that `schema` breaks."""
    if not isinstance(schema, Mapping):
        raise SchemaError((), "the schema must be an object.")
    kind = schema.get("type")
    if kind != "object" or "anyOf" in schema:
        raise SchemaError(
            (), f"schema must be a JSON Schema of 'type: \"object\"' without anyOf, got 'type: {kind!r}'."
        )
    sizes = _Sizes()
    try:
        _check_node(schema, (), depth=0, root=schema, sizes=sizes)
    except RecursionError:
        raise SchemaError((), "the schema is nested too deep.") from None
    sizes.check()


@dataclass(slots=True)
class _Sizes:
    properties: int = 0
    strings: int = 0
    enum_values: int = 0

    def check(self) -> None:
        """The limits over the whole schema."""
        for name, found, limit in (
            ("object properties", self.properties, MAX_PROPERTIES),
            ("characters in names and values", self.strings, MAX_STRINGS),
            ("enum values", self.enum_values, MAX_ENUM_VALUES),
        ):
            if found > limit:
                raise SchemaError((), f"the schema has {found} {name}; at most {limit} are allowed.")


def _check_node(node: Any, path: Path, *, depth: int, root: Mapping[str, Any], sizes: _Sizes) -> None:
    if not isinstance(node, Mapping):
        raise SchemaError(path, "a schema must be an object.")
    for keyword in node:
        if keyword not in SUPPORTED:
            raise SchemaError(path, f"'{keyword}' is not permitted.")
    _check_forms(node, path)
    if "$ref" in node:
        _check_reference(node, path, root)
    elif "anyOf" not in node:
        _check_types(node, path)
    _check_values(node, path, sizes)
    depth = _check_object(node, path, depth=depth, sizes=sizes)
    if "array" in types_of(node) and "items" not in node:
        raise SchemaError(path, "array schema missing items.")
    for step, child in _children(node):
        _check_node(child, path + step, depth=depth, root=root, sizes=sizes)


def _check_forms(node: Mapping[str, Any], path: Path) -> None:
    """Keywords whose value has no form that JSON Schema gives them."""
    lists = {"required": node.get("required", []), "anyOf": node.get("anyOf", [{}]), "type": node.get("type", "")}
    for keyword, value in lists.items():
        if not isinstance(value, list) and not (keyword == "type" and isinstance(value, str)):
            raise SchemaError(path, f"'{keyword}' must be an array.")
    if not lists["anyOf"]:
        raise SchemaError(path, "anyOf must have at least one schema.")
    if not all(isinstance(x, str) for keyword in ("required", "type") for x in lists[keyword]):
        raise SchemaError(path, "'required' and 'type' hold strings.")
    for keyword in ("$defs", "definitions", "properties"):
        if not isinstance(node.get(keyword, {}), Mapping):
            raise SchemaError(path, f"'{keyword}' must be an object.")
    for keyword in ("minItems", "maxItems"):
        if not isinstance(node.get(keyword, 0), int) or node.get(keyword, 0) < 0:
            raise SchemaError(path, f"'{keyword}' must be a whole number from 0 on.")
    for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
        if not isinstance(node.get(keyword, 0), int | float):
            raise SchemaError(path, f"'{keyword}' must be a number.")
    if node.get("multipleOf", 1) <= 0:
        raise SchemaError(path, "'multipleOf' must be above 0.")
    _check_pattern(node, path)


def _check_pattern(node: Mapping[str, Any], path: Path) -> None:
    try:
        re.compile(node.get("pattern", ""))
    except (re.error, TypeError):
        raise SchemaError(path, f"{node['pattern']!r} is not a regular expression.") from None


def types_of(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The types that `node` names, as a tuple."""
    found = node.get("type", ())
    return (found,) if isinstance(found, str) else tuple(found)


def _check_types(node: Mapping[str, Any], path: Path) -> None:
    if "type" not in node and "enum" not in node and "const" not in node:
        raise SchemaError(path, "schema must have a 'type' key.")
    types = types_of(node)
    unknown = [t for t in types if t not in TYPES]
    if unknown:
        raise SchemaError(path, f"{unknown[0]!r} is not a valid type.")
    allowed = _ANYWHERE.union(*(_BY_TYPE.get(t, frozenset()) for t in types))
    for keyword in node:
        if types and keyword not in allowed:
            raise SchemaError(path, f"'{keyword}' is not permitted for type {'/'.join(types)}.")
    if "format" in node and not (isinstance(node["format"], str) and node["format"] in FORMATS):
        raise SchemaError(path, f"{node['format']!r} is not a valid format; one of {', '.join(sorted(FORMATS))}.")


def _check_reference(node: Mapping[str, Any], path: Path, root: Mapping[str, Any]) -> None:
    others = sorted(set(node) - {"$ref", "$defs", "definitions"})
    if others:
        raise SchemaError(path, f"$ref cannot have keywords {others}.")
    if resolve(str(node["$ref"]), root) is None:
        raise SchemaError(path, f"reference can only point to definitions defined at the top level: {node['$ref']!r}.")


def resolve(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema that `#`, `#/$defs/name` or `#/definitions/name` points to."""
    if reference == "#":
        return root
    steps = reference.split("/")
    if len(steps) != 3 or steps[0] != "#" or steps[1] not in {"$defs", "definitions"}:
        return None
    found = root.get(steps[1], {}).get(steps[2])
    return found if isinstance(found, Mapping) else None


def _check_values(node: Mapping[str, Any], path: Path, sizes: _Sizes) -> None:
    if "const" in node:
        sizes.strings += len(str(node["const"]))
    if "enum" not in node:
        return
    values = node["enum"]
    if not isinstance(values, list) or not values:
        raise SchemaError(path, "enum must be a list of at least one value.")
    length = sum(len(v) for v in values if isinstance(v, str))
    if len(values) > LONG_ENUM and length > MAX_LONG_ENUM_STRINGS:
        raise SchemaError(
            path, f"an enum of more than {LONG_ENUM} values has {length} characters; at most {MAX_LONG_ENUM_STRINGS}."
        )
    sizes.enum_values += len(values)
    sizes.strings += length


def _check_object(node: Mapping[str, Any], path: Path, *, depth: int, sizes: _Sizes) -> int:
    for table in ("$defs", "definitions"):
        sizes.strings += sum(len(name) for name in node.get(table, {}))
    if "object" not in types_of(node):
        return depth
    if node.get("additionalProperties") is not False:
        raise SchemaError(path, "'additionalProperties' is required to be supplied and to be false.")
    properties, required = node.get("properties"), node.get("required")
    if not isinstance(properties, Mapping):
        raise SchemaError(path, "object schema missing properties.")
    missing = [name for name in properties if not isinstance(required, list) or name not in required]
    if missing:
        raise SchemaError(
            path,
            "'required' is required to be supplied and to be an array including every key in properties. "
            f"Missing '{missing[0]}'.",
        )
    extra = [name for name in required or () if name not in properties]
    if extra:
        raise SchemaError(path, f"extra required key '{extra[0]}' supplied.")
    if depth + 1 > MAX_DEPTH:
        raise SchemaError(path, f"the schema nests objects deeper than {MAX_DEPTH} levels.")
    sizes.properties += len(properties)
    sizes.strings += sum(len(name) for name in properties)
    return depth + 1


def _children(node: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for table in ("properties", "$defs", "definitions"):
        for name, child in node.get(table, {}).items():
            yield (table, name), child
    for index, child in enumerate(node.get("anyOf", ())):
        yield ("anyOf", str(index)), child
    if "items" in node:
        yield ("items",), node["items"]

"""A value that fits a JSON schema, the same for the same request."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from resources.devserver.strict_schema import resolve, types_of

_DEEP = 8  # from here on recursion ends as soon as the schema allows it
_WORDS = "person red walking bicycle street near left behind holding metal small round tree dog blue car".split()
_FORMATS = {
    "date-time": "2024-05-01T12:00:00Z",
    "time": "12:00:00Z",
    "date": "2024-05-01",
    "duration": "PT4S",
    "email": "someone@example.org",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def instance(schema: Mapping[str, Any], seed: bytes) -> Any:
    """A value that fits `schema`: enum values where there are enums, short lists, plain words for free strings."""
    return _value(schema, Random(seed), root=schema, depth=0)  # noqa: S311 - not for secrets


def _value(node: Mapping[str, Any], random: Random, *, root: Mapping[str, Any], depth: int) -> Any:
    if "$ref" in node:
        return _value(resolve(str(node["$ref"]), root) or {}, random, root=root, depth=depth + 1)
    if "const" in node:
        return node["const"]
    if "enum" in node:
        return random.choice(node["enum"])
    if "anyOf" in node:
        options = node["anyOf"]
        plain = [o for o in options if "$ref" not in o]
        chosen = random.choice(plain if depth > _DEEP and plain else options)
        return _value(chosen, random, root=root, depth=depth)
    kinds = types_of(node) or ("string",)
    kind = "null" if depth > _DEEP and "null" in kinds else random.choice(kinds)
    if kind == "object":
        return {
            name: _value(child, random, root=root, depth=depth + 1)
            for name, child in node.get("properties", {}).items()
        }
    if kind == "array":
        return [
            _value(node.get("items", {}), random, root=root, depth=depth + 1)
            for _ in range(_length(node, random, depth))
        ]
    return _scalar(kind, node, random)


def _length(node: Mapping[str, Any], random: Random, depth: int) -> int:
    low = int(node.get("minItems", 0))
    high = int(node.get("maxItems", max(low, 3)))
    return low if depth > _DEEP else random.randint(min(max(low, 1), high), min(high, max(low, 3)))


def _scalar(kind: str, node: Mapping[str, Any], random: Random) -> Any:
    if kind == "boolean":
        return random.random() < 0.5
    if kind == "null":
        return None
    if kind in {"integer", "number"}:
        return _number(kind, node, random)
    if "format" in node:
        return _FORMATS[node["format"]]
    return random.choice(_WORDS)


def _number(kind: str, node: Mapping[str, Any], random: Random) -> int | float:
    step = node.get("multipleOf", 1 if kind == "integer" else 0.5)
    low = node.get("minimum", node.get("exclusiveMinimum"))
    high = node.get("maximum", node.get("exclusiveMaximum"))
    if low is None:
        low = 0 if high is None or high > 0 else high - 10 * step
    if high is None:
        high = low + 10 * step
    first = -(-low // step) + (1 if low % step == 0 and "exclusiveMinimum" in node else 0)
    last = high // step - (1 if high % step == 0 and "exclusiveMaximum" in node else 0)
    if last < first and kind == "number":
        return float((low + high) / 2)
    chosen = random.randint(int(first), int(max(first, last))) * step
    return int(chosen) if kind == "integer" else float(chosen)

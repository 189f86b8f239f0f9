"""A value that fits a JSON schema, the same for the same request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from resources.devserver.labelling import Label, kind_of, label_of
from resources.devserver.patterns import matching
from resources.devserver.strict_schema import resolve, types_of

_DEEP = 8  # from here on recursion ends as soon as the schema allows it
_WORDS = "person bicycle street tree dog car chair table near behind holding red metal small round walking".split()
_NAMES = frozenset({"name", "object", "label"})
_CHANCES = frozenset({"confidence", "score", "probability", "certainty"})
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
Node = Mapping[str, Any]


def instance(schema: Node, seed: bytes, *, descriptions: Mapping[int | str, str] | None = None, text: str = "") -> Any:
    """A value that fits `schema`: enum values where there are enums, short lists, plain words for free strings.

    Records with an id are made one for each of `descriptions`, and labels in them say what the description says; a
    schema that is one label record as a whole is filled from `text`.
    """
    maker = _Maker(schema, Random(seed), descriptions or {})  # noqa: S311 - not for secrets
    made = maker.value(schema, depth=0)
    properties = schema.get("properties", {})
    if "attributes" in properties and isinstance(made, dict):
        maker.label(made, schema, label_of(text))
    return made


@dataclass(slots=True)
class _Maker:
    root: Node
    random: Random
    descriptions: Mapping[int | str, str] = field(default_factory=dict)

    def value(self, node: Node, *, depth: int, name: str = "") -> Any:
        node = self.resolved(node)
        if "const" in node:
            return node["const"]
        if node.get("enum"):
            return self.random.choice(node["enum"])
        if node.get("anyOf"):
            return self.value(self._option(node["anyOf"], depth), depth=depth + 1, name=name)
        kinds = types_of(node) or ("string",)
        kind = "null" if depth > _DEEP and "null" in kinds else self.random.choice(kinds)
        if kind == "object":
            return self._object(node, depth)
        if kind == "array":
            return self._array(node, depth)
        return self._scalar(kind, node, name)

    def resolved(self, node: Node) -> Node:
        while "$ref" in node:
            node = resolve(str(node["$ref"]), self.root) or {}
        return node

    def _option(self, options: list[Node], depth: int) -> Node:
        """Deep down one that needs no further nesting, if there is one."""
        plain = [o for o in options if not {"object", "array"} & set(types_of(self.resolved(o)))]
        return self.random.choice(plain if depth > _DEEP and plain else options)

    def _object(self, node: Node, depth: int) -> dict[str, Any]:
        fields = node.get("properties", {})
        made = {name: self.value(child, depth=depth + 1, name=name) for name, child in fields.items()}
        start, end = made.get("start"), made.get("end")
        alike = "start" in fields and fields["start"] == fields.get("end")
        if alike and isinstance(start, int | float) and isinstance(end, int | float) and start > end:
            made["start"], made["end"] = end, start
        return made

    def _array(self, node: Node, depth: int) -> list[Any]:
        items = self.resolved(node.get("items", {}))
        low, high = int(node.get("minItems", 0)), node.get("maxItems")
        if self.descriptions and {"id"} < set(items.get("properties", {})):
            records = self._records(items, depth)
            if low <= len(records) <= (high if high is not None else len(records)):
                return records
        most = int(high) if high is not None else max(low, 3)
        count = low if depth > _DEEP else self.random.randint(min(max(low, 1), most), min(most, max(low, 3)))
        return [self.value(items, depth=depth + 1) for _ in range(count)]

    def _records(self, items: Node, depth: int) -> list[dict[str, Any]]:
        """One record for each described id that the schema allows."""
        legal = self.resolved(items["properties"]["id"])
        made = []
        for identity, text in self.descriptions.items():
            if _takes(legal, identity):
                record = {**self._object(items, depth), "id": identity}
                self.label(record, items, label_of(text))
                made.append(record)
        return made

    def label(self, record: dict[str, Any], node: Node, label: Label | None) -> None:
        """Write what `label` says into the fields of `record` that are named for it; others that claim more are
        emptied."""
        for name, child in node["properties"].items():
            shape = self.resolved(child)
            if "enum" in shape or "const" in shape or "anyOf" in shape or shape.get("minItems"):
                continue
            kinds = types_of(shape)
            if name in _NAMES and "string" in kinds and not {"pattern", "format"} & set(shape):
                record[name] = label.name if label else "object"
            elif name == "uncertain" and "boolean" in kinds:
                record[name] = label is None
            elif name == "attributes" and "array" in kinds:
                record[name] = self._attributes(self.resolved(shape["items"]), label)
            elif name in {"alternatives", "actions", "relationships"} and "array" in kinds:
                record[name] = []

    def _attributes(self, item: Node, label: Label | None) -> list[Any]:
        words = label.words if label else ()
        fields = item.get("properties", {})
        types = self.resolved(fields.get("type", {})).get("enum", ())
        if not fields:
            return list(words) if "string" in types_of(item) and "enum" not in item else []
        made = []
        for word in words:
            kind = next((t for t in types if str(t).startswith(kind_of(word) or "\0")), None)
            if kind is not None and "value" in fields:
                made.append({**self._object(item, _DEEP), "type": kind, "value": word})
        return made

    def _scalar(self, kind: str, node: Node, name: str) -> Any:
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind == "null":
            return None
        if kind in {"integer", "number"}:
            return self._number(kind, node, name)
        if "pattern" in node:
            return matching(node["pattern"], self.random)
        return _FORMATS[node["format"]] if "format" in node else self.random.choice(_WORDS)

    def _number(self, kind: str, node: Node, name: str) -> int | float:
        limits = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
        if kind == "number" and name in _CHANCES and not limits & set(node):
            return self.random.randint(10, 19) / 20
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
        chosen = self.random.randint(int(first), int(max(first, last))) * step
        return int(chosen) if kind == "integer" else float(chosen)


def _takes(node: Node, identity: int | str) -> bool:
    if "enum" in node:
        return identity in node["enum"]
    wanted = "integer" if isinstance(identity, int) else "string"
    return wanted in types_of(node) and set(node) <= {"type", "description", "title"}

"""The form that answers have: named fields with the legal ids, and the tuples of preset `release`.

Both passes share one schema: the API puts it before the messages, so another one would be another prefix and the
pictures would be paid for twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from svg2_assets.scene.taxonomy import CAMERA_ID, Category

SCHEMA_NAME = "relations"


def relations_schema(ids: Sequence[int]) -> dict[str, Any]:
    """`{"relations": [{subject, predicate, object, category, spans: [{start, end}], confidence}]}` in strict form.

    `ids` and the camera are the only legal ends, the seven categories the only legal ones.
    """
    end = {"type": "integer", "enum": [CAMERA_ID, *sorted(ids)]}
    fields: dict[str, Any] = {
        "subject": {"$ref": "#/$defs/end"},
        "predicate": {"type": "string"},
        "object": {"$ref": "#/$defs/end"},
        "category": {"type": "string", "enum": [c.value for c in Category]},
        "spans": {"type": "array", "items": _record({"start": {"type": "number"}, "end": {"type": "number"}})},
        "confidence": {"type": "number"},
    }
    whole = _record({"relations": {"type": "array", "items": _record(fields)}})
    return {**whole, "$defs": {"end": end}}


def released_schema() -> dict[str, Any]:
    """`{"relationships": [[subject, predicate, object, [[first, last], ...], type?], ...]}`.

    The released code types each place of a tuple (`prefixItems`), which strict mode does not know. Here any place may
    hold any of the three kinds; which one it is, the prompt says.
    """
    spans = {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
    place = {"anyOf": [{"type": "integer"}, {"type": "string"}, spans]}
    rows = {"type": "array", "items": {"type": "array", "items": place}}
    return _record({"relationships": rows})


def _record(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}

"""Parts of strict JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def strict_record(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with exactly these `properties`, as OpenAI's strict mode wants it."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }

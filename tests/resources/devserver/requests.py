"""What the tests send."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import numpy as np


def record(**fields: Any) -> dict[str, Any]:
    """A strict object schema with `fields`."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


ANSWER = record(
    objects={"type": "array", "items": record(id={"type": "integer", "enum": [4, 7]}, name={"type": "string"})}
)


def form(schema: dict[str, Any], name: str = "answer") -> dict[str, Any]:
    """`response_format` of chat completions."""
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def say(*parts: Any, role: str = "user") -> dict[str, Any]:
    """A message of texts and of images (their URL, or URL and detail)."""
    return {"role": role, "content": [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]}


def image(url: str, detail: str | None = None) -> dict[str, Any]:
    """An image part."""
    return {"type": "image_url", "image_url": {"url": url, **({"detail": detail} if detail else {})}}


def picture(width: int = 64, height: int = 48, *, kind: str = "png", seed: int = 0) -> str:
    """A data URL of noise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return url_of(pixels, kind=kind)


def url_of(pixels: np.ndarray, *, kind: str = "png") -> str:
    """A data URL of `pixels` (BGR, BGRA or grey)."""
    _done, data = cv2.imencode(f".{kind}", pixels)
    return f"data:image/{'jpeg' if kind == 'jpg' else kind};base64,{base64.b64encode(data).decode()}"

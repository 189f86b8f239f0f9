"""POST /chat/completions: the route of Describe Anything's own server (`dam_server.py`), with its rules for input.

Errors of form have status 422 and `detail`, as FastAPI writes them; errors of content 500 and `error`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ValidationError

from resources.devserver.captions import Region, caption, region_of
from resources.devserver.fields import parse_json
from resources.devserver.images import format_of
from svg2_assets.scene.errors import Svg2Error

MODELS = ("describe_anything_model", "DAM-3B-Video")
VIDEO_IMAGES = 8
PREFIX = "data:image/png;base64,"
_RGBA = 6  # colour type in a PNG's header
_COLOUR_TYPE_AT = 25
_LEADING = re.compile(r"\s*(?:Image:|Video:)?\s*(?:<image>)*\s*")


class FormError(Svg2Error):
    """Status 422."""

    def __init__(self, detail: list[Any]) -> None:
        super().__init__("the request does not have the form that the server takes")
        self.detail = detail


class ContentError(Svg2Error):
    """Status 500."""


class _Url(BaseModel):
    url: str


class _TextPart(BaseModel):
    type: Literal["text"]
    text: str


class _ImagePart(BaseModel):
    type: Literal["image_url"]
    image_url: _Url


class _Message(BaseModel):
    role: Literal["user", "assistant"]
    content: str | list[_TextPart | _ImagePart]


class DamRequest(BaseModel):
    """What the server reads of a request; unknown fields are ignored, and so are those about sampling, though read."""

    model: str
    messages: list[_Message]
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stream: bool | None = False

    @property
    def query(self) -> str:
        """The text of the user's turns; assistants' turns are ignored."""
        return "\n".join(p.text for p in self._parts() if isinstance(p, _TextPart))

    @property
    def urls(self) -> list[str]:
        """The images of the user's turns."""
        return [p.image_url.url for p in self._parts() if isinstance(p, _ImagePart)]

    def _parts(self) -> Iterator[_TextPart | _ImagePart]:
        for message in self.messages:
            if message.role != "user":
                continue
            if isinstance(message.content, str):
                yield _TextPart(type="text", text=message.content)
            else:
                yield from message.content


def read_dam(body: bytes) -> DamRequest:
    """Raises `FormError`."""
    try:
        value = parse_json(body)
    except ValueError as error:
        found = {"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error", "ctx": {"error": str(error)}}
        raise FormError([found]) from None
    try:
        return DamRequest.model_validate(value)
    except ValidationError as error:
        found = json.loads(error.json(include_url=False, include_context=False))
        raise FormError([{**e, "loc": ["body", *e["loc"]]} for e in found]) from None


def describe(request: DamRequest, *, joint: bool) -> str:
    """A caption; `joint`: the checkpoint takes images and videos. Raises `ContentError`."""
    if request.model not in MODELS:
        raise ContentError(f"The model must be one of {', '.join(MODELS)}, got {request.model!r}.")
    counts = (1, VIDEO_IMAGES) if joint else (1,)
    if len(request.urls) not in counts:
        wanted = " or ".join(str(c) for c in counts)
        raise ContentError(f"Expected {wanted} images, got {len(request.urls)}.")
    if "<image>" in _LEADING.sub("", request.query, count=1):
        raise ContentError(
            "Image placeholders may stand at the beginning of the query only, with nothing between them."
        )
    return caption([_region(url, i) for i, url in enumerate(request.urls)])


def _region(url: str, index: int) -> Region:
    if not url.startswith(PREFIX):
        raise ContentError(f"Image {index}: expected a data URL that begins with {PREFIX}")
    try:
        data = base64.b64decode(url[len(PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        raise ContentError(f"Image {index}: not valid base64.") from None
    if format_of(data) != "png" or len(data) <= _COLOUR_TYPE_AT or data[_COLOUR_TYPE_AT] != _RGBA:
        raise ContentError(f"Image {index}: expected a PNG in mode RGBA.")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ContentError(f"Image {index}: cannot be decoded.")
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if not image[:, :, 3].any():
        raise ContentError(f"Image {index}: the mask (alpha above 0) is empty.")
    return region_of(np.ascontiguousarray(image[:, :, [2, 1, 0, 3]]))


def write_dam(request: DamRequest, text: str, name: str) -> dict[str, Any]:
    """The JSON body of an answer: no usage, no finish_reason, no index; `created` is a float."""
    return {
        "id": name,
        "object": "chat.completion",
        "created": time.time(),
        "model": request.model,
        "choices": [{"message": {"role": "assistant", "content": text}}],
    }


def stream_dam(request: DamRequest, text: str, name: str) -> Iterator[bytes]:
    """The answer as server-sent events, a word each; contents are lists of text parts."""
    for word in re.findall(r"\S+\s*", text):
        yield _event(request, name, {"role": "assistant", "content": [{"type": "text", "text": word}]})
    yield b"data: [DONE]\n\n"


def _event(request: DamRequest, name: str, delta: Mapping[str, Any]) -> bytes:
    chunk = {
        "id": name,
        "object": "chat.completion.chunk",
        "created": time.time(),
        "model": request.model,
        "choices": [{"delta": delta}],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()

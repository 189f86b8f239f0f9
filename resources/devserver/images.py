"""Images of a request: data URLs, their media type and size in pixels."""

from __future__ import annotations

import base64
import binascii
import re
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

import cv2
import numpy as np

from resources.devserver.errors import ApiError

MEDIA_TYPES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
MAX_IMAGES = 500
MAX_IMAGE_BYTES = 20 * 1024 * 1024
MAX_BYTES = 50 * 1024 * 1024
"""of all images of a request together"""
_KEPT = 4_096  # images whose size is remembered: passes over the same frames decode them once
_DATA_URL = re.compile(r"data:(?P<media>[\w.+-]+/[\w.+-]+);base64,(?P<data>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that decodes: its size in pixels, `digest` of its bytes, and how many bytes it has."""

    width: int
    height: int
    digest: str
    size: int


class Pictures:
    """Decodes data URLs and remembers the latest."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Picture] = OrderedDict()

    def read(self, url: object, *, param: str) -> Picture:
        """Raises `ApiError` (400) for whatever the service would not read."""
        if not isinstance(url, str) or not url:
            raise ApiError("An image needs a URL that is a string.", param=param, code="invalid_image_url")
        key = sha256(url.encode()).hexdigest()
        if key not in self._known:
            self._known[key] = _decode(url, param)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return self._known[key]


def _decode(url: str, param: str) -> Picture:
    if url.startswith(("http://", "https://")):
        raise ApiError(
            "Failed to download the image: the development server takes data URLs only.",
            param=param,
            code="invalid_image_url",
        )
    match = _DATA_URL.fullmatch(url)
    if match is None:
        raise ApiError(
            "Invalid image URL. Expected a base64-encoded data URL with an image MIME type "
            "(data:image/png;base64,...).",
            param=param,
            code="invalid_image_url",
        )
    media = match["media"].lower()
    if media not in MEDIA_TYPES:
        raise ApiError(
            f"Invalid MIME type {media!r}. Only image types are supported: {', '.join(MEDIA_TYPES)}.",
            param=param,
            code="invalid_image_format",
        )
    try:
        data = base64.b64decode(match["data"], validate=True)
    except (binascii.Error, ValueError):
        raise ApiError("The image is not valid base64.", param=param, code="invalid_base64") from None
    if len(data) > MAX_IMAGE_BYTES:
        raise ApiError(f"An image may have {MAX_IMAGE_BYTES} bytes at most.", param=param, code="image_too_large")
    return _measure(data, param)


def format_of(data: bytes) -> str | None:
    """`png`, `jpeg`, `gif` or `webp` by the first bytes, None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:6] in {b"GIF87a", b"GIF89a"}:
        return "gif"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _measure(data: bytes, param: str) -> Picture:
    if format_of(data) is None:
        raise ApiError(
            "You uploaded an unsupported image. Supported formats: png, jpeg, gif, webp.",
            param=param,
            code="invalid_image_format",
        )
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ApiError("The image cannot be decoded.", param=param, code="image_parse_error")
    height, width = pixels.shape[:2]
    return Picture(width=width, height=height, digest=sha256(data).hexdigest(), size=len(data))

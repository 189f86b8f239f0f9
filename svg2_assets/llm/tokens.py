"""How many tokens a request has, by OpenAI's published rules for images and an approximation for text.

Images: https://platform.openai.com/docs/guides/images-vision#calculating-costs (two rules, by model: tiles of 512
pixels, or patches of 32 pixels times a factor). Text: byte-pair vocabularies must be downloaded, so words, digits and
signs are counted instead, as their pre-tokeniser splits them; for English prose and JSON this is near four characters
a token.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PIECES = re.compile(r"[A-Za-z]+|\d{1,3}|[^\sA-Za-z\d\x80-\U0010ffff]+|[\x80-\U0010ffff]+|\n+")
_LETTERS_A_TOKEN = 8  # most English words up to this length are one token
_SIGNS_A_TOKEN = 3
_WIDE_A_TOKEN = 1.5  # characters of other scripts
_MESSAGE = 4  # tokens around each message
_REPLY = 3  # tokens that begin the answer
_UNKNOWN_SIZE = (1024, 1024)  # of an image that is given by its address


@dataclass(frozen=True, slots=True)
class TileRule:
    """`base` tokens an image and `tile` tokens for each 512-pixel tile; low detail costs the base alone."""

    base: int
    tile: int


@dataclass(frozen=True, slots=True)
class PatchRule:
    """Patches of 32 pixels, at most 1,536, times `factor`; the detail does not matter."""

    factor: float


ImageRule = TileRule | PatchRule

_RULES: tuple[tuple[str, ImageRule], ...] = (
    ("gpt-4.1-mini", PatchRule(1.62)),
    ("gpt-4.1-nano", PatchRule(2.46)),
    ("gpt-5-mini", PatchRule(1.62)),
    ("gpt-5-nano", PatchRule(2.46)),
    ("o4-mini", PatchRule(1.72)),
    ("gpt-4o-mini", TileRule(2833, 5667)),
    ("gpt-5", TileRule(70, 140)),
    ("o1", TileRule(75, 150)),
    ("o3", TileRule(75, 150)),
)
"""By the beginning of the model's name, the more specific first."""

_DEFAULT_RULE = TileRule(85, 170)
"""GPT-4o, GPT-4.1; assumed for every other model."""

MOST_PATCHES = 1536


def image_rule(model: str) -> ImageRule:
    """The rule by which `model` counts images."""
    return next((rule for name, rule in _RULES if model.startswith(name)), _DEFAULT_RULE)


def image_tokens(model: str, width: int, height: int, detail: str = "auto") -> int:
    """Tokens of one image of `width` x `height` pixels; `detail` is `low`, `high` or `auto` (counted as high)."""
    rule = image_rule(model)
    if isinstance(rule, PatchRule):
        return math.ceil(_patches(width, height) * rule.factor)
    return rule.base + (0 if detail == "low" else rule.tile * _tiles(width, height))


def _tiles(width: int, height: int) -> int:
    """512-pixel tiles after fitting into 2048 x 2048 and shrinking the shorter side to 768."""
    scale = min(1.0, 2048 / max(width, height))
    scale = min(scale, 768 / min(width, height))
    return math.ceil(round(width * scale) / 512) * math.ceil(round(height * scale) / 512)


def _patches(width: int, height: int) -> int:
    """32-pixel patches; an image with too many is shrunk until whole patches fit."""
    across, down = math.ceil(width / 32), math.ceil(height / 32)
    if across * down <= MOST_PATCHES:
        return across * down
    shrink = math.sqrt(MOST_PATCHES * 32**2 / (width * height))
    across_, down_ = width * shrink / 32, height * shrink / 32
    shrink *= min(math.floor(across_) / across_, math.floor(down_) / down_)
    return min(MOST_PATCHES, math.ceil(width * shrink / 32) * math.ceil(height * shrink / 32))


def text_tokens(text: str) -> int:
    """About how many tokens `text` has."""
    return math.ceil(sum(_piece_tokens(piece) for piece in _PIECES.findall(text)))


def _piece_tokens(piece: str) -> float:
    first = piece[0]
    if first >= "\x80":
        return len(piece) / _WIDE_A_TOKEN
    if first.isalpha():
        return math.ceil(len(piece) / _LETTERS_A_TOKEN)
    return 1 if first.isdigit() or first == "\n" else math.ceil(len(piece) / _SIGNS_A_TOKEN)


def request_tokens(model: str, messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None = None) -> int:
    """About how many tokens go in: messages with their images, and the schema that the answer has to fit."""
    total = _REPLY + sum(_MESSAGE + _content_tokens(model, message.get("content")) for message in messages)
    return total + (text_tokens(json.dumps(schema, default=dict)) if schema is not None else 0)


def _content_tokens(model: str, content: Any) -> int:
    if isinstance(content, str):
        return text_tokens(content)
    return sum(_part_tokens(model, part) for part in content or () if isinstance(part, Mapping))


def _part_tokens(model: str, part: Mapping[str, Any]) -> int:
    image = part.get("image_url")
    if image is None:
        return text_tokens(str(part.get("text", "")))
    url, detail = (image.get("url", ""), image.get("detail", "auto")) if isinstance(image, Mapping) else (image, "auto")
    width, height = image_size(str(url)) or _UNKNOWN_SIZE
    return image_tokens(model, width, height, str(detail))


def image_size(url: str) -> tuple[int, int] | None:
    """Width and height in pixels of the PNG, JPEG, GIF or WebP in a data URL by its header; None for anything else."""
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:image/"):
        return None
    size = _header_size(_decoded(data[:65_536]))
    # Metadata before the size of a JPEG may be long.
    return size if size is not None or len(data) <= 65_536 else _header_size(_decoded(data))


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return b""


def _header_size(data: bytes) -> tuple[int, int] | None:
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        return _positive(*struct.unpack(">II", data[16:24]))
    if data.startswith(b"GIF8") and len(data) >= 10:
        return _positive(*struct.unpack("<HH", data[6:10]))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp_size(data)
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", data[26:30])
    return _positive(width & 0x3FFF, height & 0x3FFF)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """From the start-of-frame segment; segments before it are skipped by their length."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return _positive(width, height)
        at += 1 if marker == 0xFF else 2 + length
    return None


def _positive(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if width > 0 and height > 0 else None

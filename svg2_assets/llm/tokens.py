"""How many tokens a request has: text by an approximation, images by the rules that OpenAI publishes.

Source of the image rules: the guide "Images and vision", sections "Model sizing behavior" and "Calculating costs" (two
rules, by model: squares of 512 pixels, or patches of 32 pixels times a factor). Text is split into words, groups of
digits and runs of signs, as the pre-tokeniser of OpenAI's vocabularies does, and each of these is counted by its
length; the vocabularies themselves would have to be downloaded. A message costs three tokens more, and so does the
beginning of the answer (OpenAI's cookbook, "How to count tokens").
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any, ClassVar

_WORDS = re.compile(r" ?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+|\s+(?= )|\s+")
_LETTERS = 8  # most English words up to this length are one token
_SIGNS = 3  # JSON's runs of quotes, colons and brackets
_UNKNOWN_SIZE = (1024, 1024)  # of an image that is given by its address
MESSAGE_TOKENS = 3
ANSWER_TOKENS = 3
PATCH = 32
MOST_PATCHES = 1_536


@dataclass(frozen=True, slots=True)
class TileRule:
    """Images cost `base` tokens and `tile` for every 512 px square; `detail` low costs `base`."""

    base: int
    tile: int
    details: ClassVar[tuple[str, ...]] = ("auto", "low", "high")

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Fit within 2048 x 2048 px, then shortest side at most 768 px, then count squares, of whole pixels."""
        if detail == "low":
            return self.base
        scale = min(1.0, 2048 / max(width, height))
        scale = min(scale, 768 / min(width, height))
        across, down = ceil(round(width * scale) / 512), ceil(round(height * scale) / 512)
        return self.base + self.tile * across * down


@dataclass(frozen=True, slots=True)
class PatchRule:
    """Images cost `factor` tokens for every 32 px patch, at most `budget` patches. `original`: whether the model takes
    `detail` original, which has a budget of its own."""

    factor: float = 1.0
    budget: int = MOST_PATCHES
    original: bool = False

    @property
    def details(self) -> tuple[str, ...]:
        """What `detail` may be."""
        return ("auto", "low", "high", "original") if self.original else TileRule.details

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Patches that cover the image, scaled down until neither its longest side nor its patches are too many."""
        longest, budget = {"low": (512, self.budget), "original": (6_000, 10_000)}.get(detail, (2_048, self.budget))
        scale = min(1.0, longest / max(width, height))
        return ceil(patches(width * scale, height * scale, budget) * self.factor)


def patches(width: float, height: float, budget: int) -> int:
    """32 px patches of an image, scaled down to at most `budget` of them as the guide prescribes."""
    count = ceil(width / PATCH) * ceil(height / PATCH)
    if count <= budget:
        return count
    scale = sqrt(PATCH**2 * budget / (width * height))
    across, down = width * scale / PATCH, height * scale / PATCH
    scale *= min(max(1, floor(across)) / across, max(1, floor(down)) / down)
    return min(budget, ceil(round(width * scale / PATCH, 6)) * ceil(round(height * scale / PATCH, 6)))


ImageRule = TileRule | PatchRule


_RULES: tuple[tuple[str, ImageRule], ...] = (
    ("gpt-5.4-mini", PatchRule(1.62)),
    ("gpt-5.4-nano", PatchRule(2.46)),
    ("gpt-5.4", PatchRule(budget=2_500, original=True)),
    ("gpt-5.2", PatchRule()),
    ("gpt-5-mini", PatchRule(1.62)),
    ("gpt-5-nano", PatchRule(2.46)),
    ("gpt-5", TileRule(70, 140)),
    ("gpt-4.1-mini", PatchRule(1.62)),
    ("gpt-4.1-nano", PatchRule(2.46)),
    ("gpt-4o-mini", TileRule(2833, 5667)),
    ("o4-mini", PatchRule(1.72)),
    ("o1", TileRule(75, 150)),
    ("o3", TileRule(75, 150)),
)
"""By the beginning of the model's name, the more specific first."""

_DEFAULT_RULE = TileRule(85, 170)
"""GPT-4o, GPT-4.1; assumed for every other model."""


def image_rule(model: str) -> ImageRule:
    """The rule by which `model` counts images."""
    return next((rule for name, rule in _RULES if model.startswith(name)), _DEFAULT_RULE)


def image_tokens(model: str, width: int, height: int, detail: str = "auto") -> int:
    """Tokens of one image of `width` x `height` pixels; `detail` as in a request."""
    return image_rule(model).tokens(width, height, detail)


def text_tokens(text: str) -> int:
    """About how many tokens `text` has."""
    return sum(_word_tokens(w) for w in _WORDS.findall(text))


def segments(text: str, *, size: int) -> Iterator[tuple[str, int]]:
    """`text` in parts of at least `size` tokens (the last may be shorter), each with its tokens."""
    words: list[str] = []
    count = 0
    for word in _WORDS.findall(text):
        words.append(word)
        count += _word_tokens(word)
        if count >= size:
            yield "".join(words), count
            words, count = [], 0
    if words:
        yield "".join(words), count


def cut_text(text: str, tokens: int) -> str:
    """The beginning of `text` that has at most `tokens` tokens; a word that does not fit whole is left out."""
    kept = []
    for word in _WORDS.findall(text):
        tokens -= _word_tokens(word)
        if tokens < 0:
            break
        kept.append(word)
    return "".join(kept)


def _word_tokens(word: str) -> int:
    """Other scripts than Latin take a token for four bytes, Latin words and signs one for several characters."""
    if not word.isascii():
        return ceil(len(word.encode()) / 4)
    if word.isspace():
        return 1
    letters = len(word.lstrip(" "))
    return ceil(letters / (_LETTERS if word[-1].isalpha() else _SIGNS))


def request_tokens(model: str, messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None = None) -> int:
    """About how many tokens go in: messages with their images, and the schema that the answer has to fit."""
    total = ANSWER_TOKENS + sum(MESSAGE_TOKENS + _content_tokens(model, message.get("content")) for message in messages)
    return total + (text_tokens(json.dumps(schema, default=dict)) if schema is not None else 0)


def prompt_parts(
    model: str, messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, int]]:
    """The parts of a request in the order in which a service caches them, each with its tokens.

    The schema stands before all messages: requests that differ in it share no beginning.
    """
    if schema is not None:
        text = json.dumps(schema, default=dict)
        yield text, text_tokens(text)
    for message in messages:
        content = message.get("content")
        yield str(message.get("role")), MESSAGE_TOKENS
        parts = (
            [{"text": content}] if isinstance(content, str) else [p for p in content or () if isinstance(p, Mapping)]
        )
        yield from ((json.dumps(part, default=dict), _part_tokens(model, part)) for part in parts)


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

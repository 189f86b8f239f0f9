"""How many tokens a request has: text by an approximation, images by the rules that OpenAI publishes.

Source of the image rules: the guide "Images and vision", sections "Model sizing behavior" and "Calculating costs". Text
is split into words, groups of digits and runs of signs, as the pre-tokeniser of OpenAI's vocabularies does, and each of
these is counted by its length; the vocabularies themselves would have to be downloaded. A message costs three tokens
more, and so does the beginning of the answer (OpenAI's cookbook, "How to count tokens").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import ClassVar

_WORDS = re.compile(r" ?[^\W\d_]+|\d{1,3}| ?(?:[^\s\w]|_)+|\s+(?= )|\s+")
_LETTERS = 8  # most English words up to this length are one token
_SIGNS = 3  # JSON's runs of quotes, colons and brackets
MESSAGE_TOKENS = 3
ANSWER_TOKENS = 3
PATCH = 32


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
    budget: int = 1_536
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


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt that is cached as a whole: what it holds, hashed, and its tokens."""

    digest: bytes
    tokens: int


def total(pieces: Sequence[Piece]) -> int:
    """Tokens of a prompt."""
    return sum(p.tokens for p in pieces)

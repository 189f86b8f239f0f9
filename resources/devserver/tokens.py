"""How many tokens a request has: text by an approximation, images by the rules that OpenAI publishes.

Source of the image rules: the guide "Images and vision", section "Calculating costs". Of text, a token is four bytes
of UTF-8; a message costs three more, and so does the beginning of the answer (OpenAI's cookbook, "How to count
tokens").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

BYTES_A_TOKEN = 4
MESSAGE_TOKENS = 3
ANSWER_TOKENS = 3
PATCH = 32
MAX_PATCHES = 1_536
LOW_PATCHES = 256
"""patches of the 512 x 512 px version that `detail` low asks for"""


@dataclass(frozen=True, slots=True)
class TileRule:
    """Images cost `base` tokens and `tile` for every 512 px square; `detail` low costs `base`."""

    base: int
    tile: int

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Fit within 2048 x 2048 px, then shortest side at most 768 px, then count squares."""
        if detail == "low":
            return self.base
        scale = min(1.0, 2048 / max(width, height))
        scale = min(scale, 768 / min(width, height))
        across, down = ceil(round(width * scale, 6) / 512), ceil(round(height * scale, 6) / 512)
        return self.base + self.tile * across * down


@dataclass(frozen=True, slots=True)
class PatchRule:
    """Images cost `factor` tokens for every 32 px patch, at most 1,536 patches."""

    factor: float

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Patches that cover the image, after it is scaled down until 1,536 (`detail` low: 256) suffice."""
        return ceil(patches(width, height, LOW_PATCHES if detail == "low" else MAX_PATCHES) * self.factor)


def patches(width: int, height: int, limit: int) -> int:
    """32 px patches of an image, scaled down to at most `limit` of them as the guide prescribes."""
    count = ceil(width / PATCH) * ceil(height / PATCH)
    if count <= limit:
        return count
    scale = sqrt(PATCH**2 * limit / (width * height))
    across, down = width * scale / PATCH, height * scale / PATCH
    scale *= min(max(1, floor(across)) / across, max(1, floor(down)) / down)
    return min(limit, ceil(round(width * scale / PATCH, 6)) * ceil(round(height * scale / PATCH, 6)))


ImageRule = TileRule | PatchRule


def text_tokens(text: str) -> int:
    """Tokens of `text`: a quarter of its UTF-8 bytes, rounded up."""
    return ceil(len(text.encode()) / BYTES_A_TOKEN)


def cut_text(text: str, tokens: int) -> str:
    """The beginning of `text` that has at most `tokens` tokens."""
    return text.encode()[: max(0, tokens) * BYTES_A_TOKEN].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt that is cached as a whole: what it holds, hashed, and its tokens."""

    digest: bytes
    tokens: int


def total(pieces: Sequence[Piece]) -> int:
    """Tokens of a prompt."""
    return sum(p.tokens for p in pieces)

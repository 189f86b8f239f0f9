"""Parts of a prompt and their tokens, as the prefix cache counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt that is cached as a whole: what it holds, hashed, and its tokens."""

    digest: bytes
    tokens: int


def total(pieces: Sequence[Piece]) -> int:
    """Tokens of a prompt."""
    return sum(p.tokens for p in pieces)

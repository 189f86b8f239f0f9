<<<<<<< HEAD
"""Parts of a prompt and their tokens, as the prefix cache counts them."""
=======
"""How many tokens a request has: text by an approximation, images by the rules that OpenAI publishes.

Source of the image rules: the guide "Images and vision", sections "Model sizing behavior" and "Calculating costs". Text
is split into words, groups of digits and runs of signs, as the pre-tokeniser of OpenAI's vocabularies does, and each of
these is counted by its length; the vocabularies themselves would have to be downloaded. A message costs three tokens
more, and so does the beginning of the answer (OpenAI's cookbook, "How to count tokens").
"""
>>>>>>> c1

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

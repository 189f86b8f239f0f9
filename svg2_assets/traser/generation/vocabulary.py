"""A tokenizer's tokens, ordered so that those which may come next are found without looking at the others.

Tokens that are no whole, printable text are left out: a string of an answer has no character that takes several of
them. Byte-level vocabularies of the usual size have a token for most letters, and all have one for each sign of ASCII.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.scene.masks import IntArray
from svg2_assets.traser.generation.grammar import BACKSLASH, QUOTE, SPACE

Mask = npt.NDArray[np.bool_]
SIGNS = bytes(range(0x20, 0x7F))
LONGEST = 128
"""No token is longer, or it is left out."""


class UnusableVocabulary(Svg2Error):
    """A vocabulary that cannot write every answer; the text says what it lacks."""


class Ranks(IntEnum):
    """What a string is at its end, which says how it may go on: nothing yet, a space, or anything else."""

    START = 0
    SPACE = 1
    WITHIN = 2


class Sorted:
    """Byte strings in order, each with the place of what it stands for."""

    def __init__(self, texts: Sequence[bytes], places: Sequence[int]) -> None:
        self.texts, self.places = texts, places
        self._beginnings: dict[bytes, tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]] = {}

    def after(self, prefix: bytes, low: int, high: int) -> tuple[int, int]:
        """The range of those in [`low`, `high`) that begin with `prefix`."""
        first = bisect_left(self.texts, prefix, low, high)
        if first == high or not self.texts[first].startswith(prefix):
            return first, first
        return first, bisect_left(self.texts, prefix[:-1] + bytes((prefix[-1] + 1,)), first, high)

    def beginnings(self, prefix: bytes, low: int, high: int) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
        """Of those in [`low`, `high`), all longer than their `prefix`: where they stand and the string that begins
        behind it; apart, those that end that string."""
        if prefix not in self._beginnings:
            rests = [(at, self.texts[at][len(prefix) :]) for at in range(low, high)]
            able = [(at, rest) for at, rest in rests if rest[0] in BEGINNINGS]
            plain = [(at, rest) for at, rest in able if is_body(rest)]
            self._beginnings[prefix] = plain, [(at, rest) for at, rest in able if QUOTE in rest]
        return self._beginnings[prefix]


class Closing:
    """Tokens that end a string: what they add to it, and their ids. All have the same text behind the quote."""

    def __init__(self, bodies: Sequence[bytes], ids: Sequence[int]) -> None:
        order = sorted(range(len(ids)), key=lambda at: len(bodies[at]))
        self.bodies, self.ids = [bodies[at] for at in order], [ids[at] for at in order]
        self.by_body = dict(zip(self.bodies, self.ids, strict=True))
        self._fitting: dict[Ranks, tuple[IntArray, IntArray]] = {}

    def fitting(self, rank: Ranks, room: int) -> IntArray:
        """Ids that end a string whose end is `rank` and add at most `room` bytes to it, or none."""
        if rank not in self._fitting:
            able = [(b, i) for b, i in zip(self.bodies, self.ids, strict=True) if _ends_well(b, rank)]
            self._fitting[rank] = (
                np.asarray([i for _, i in able], dtype=np.int64),
                np.asarray([len(b) for b, _ in able], dtype=np.int64),
            )
        ids, lengths = self._fitting[rank]
        return ids[: int(np.searchsorted(lengths, max(room, 0), side="right"))]

    def making(self, text: bytes, strings: frozenset[bytes]) -> list[int]:
        """Ids that make one of `strings` of `text`."""
        bodies = (s[len(text) :] for s in strings if s.startswith(text))
        return [self.by_body[b] for b in bodies if b in self.by_body]


class Vocabulary:
    """The tokens of one tokenizer: `pieces` are their bytes, None for marks. `ends` end an answer.

    Raises `UnusableVocabulary` where a printable ASCII character has no token of its own.
    """

    def __init__(self, pieces: Sequence[bytes | None], *, ends: Sequence[int]) -> None:
        self.ends = tuple(ends)
        self.size = max(len(pieces), *(e + 1 for e in ends))
        self.piece: dict[int, bytes] = {i: p for i, p in enumerate(pieces) if p and _writable(p)}
        self.id_of = {p: i for i, p in reversed(self.piece.items())}
        missing = [chr(b) for b in SIGNS if bytes((b,)) not in self.id_of]
        if missing:
            raise UnusableVocabulary(
                f"no tokens for {' '.join(missing)}: the vocabulary is not byte-level BPE and cannot be held to a form."
            )
        self._masks: dict[tuple[Ranks, int, bool], Mask] = {}

    @classmethod
    def of(cls, tokenizer: Any) -> Vocabulary:
        """Of a `QwenTokenizer`: an answer ends with the end of the turn."""
        return cls(tokenizer.pieces, ends=(tokenizer.marks.end,))

    @cached_property
    def tokens(self) -> Sorted:
        """All tokens, with their ids."""
        found = sorted((p, i) for p, i in self.id_of.items())
        return Sorted([p for p, _ in found], [i for _, i in found])

    @cached_property
    def closings(self) -> tuple[Sorted, Sequence[Closing]]:
        """What tokens have behind a first quote, in order, and the tokens of each."""
        groups: dict[bytes, list[tuple[bytes, int]]] = {}
        for piece, i in self.id_of.items():
            body, quote, rest = piece.partition(b'"')
            if quote and is_body(body):
                groups.setdefault(rest, []).append((body, i))
        rests = sorted(groups)
        found = [Closing([b for b, _ in groups[r]], [i for _, i in groups[r]]) for r in rests]
        return Sorted(rests, range(len(rests))), found

    def going_on(self, rank: Ranks, room: int, *, spaces: bool) -> Mask:
        """[size] tokens that may stand in a string whose end is `rank`, of at most `room` bytes.

        `spaces`: those that end with one too, where there is room for one more byte.
        """
        key = (rank, min(room, LONGEST), spaces)
        if key not in self._masks:
            self._masks[key] = self._grow(*key)
        return self._masks[key]

    def _grow(self, rank: Ranks, room: int, spaces: bool) -> Mask:
        length, spaced, first = self._bodies
        allowed = (length > 0) & (length + spaced <= room)
        if not spaces:
            allowed &= spaced == 0
        if rank != Ranks.WITHIN:
            allowed &= first != ord(" ")
        if rank == Ranks.START:
            allowed &= np.isin(first, list(BEGINNINGS))
        allowed.flags.writeable = False
        return np.asarray(allowed)

    @cached_property
    def _bodies(self) -> tuple[IntArray, IntArray, IntArray]:
        """By id: length (0 for what may not stand in a string), whether it ends with a space, first byte."""
        length, spaced, first = (np.zeros(self.size, dtype=np.int64) for _ in range(3))
        for piece, i in self.id_of.items():
            if is_body(piece):
                length[i], spaced[i], first[i] = len(piece), piece.endswith(b" "), piece[0]
        return length, spaced, first


BEGINNINGS = bytes(b for b in range(256) if bytes((b,)).isalnum() or b >= 0x80)
"""Bytes that a string may begin with."""


def is_body(text: bytes) -> bool:
    """Whether `text` may stand within a string, its surroundings aside: no quotes, no escapes, no double spaces."""
    return QUOTE not in text and BACKSLASH not in text and b"  " not in text


def _ends_well(body: bytes, rank: Ranks) -> bool:
    """Whether a string whose end is `rank` may have `body` added and then end."""
    if not body:
        return rank is Ranks.WITHIN
    if body[-1] == SPACE or (rank is not Ranks.WITHIN and body[0] == SPACE):
        return False
    return rank is not Ranks.START or body[0] in BEGINNINGS


def _writable(piece: bytes) -> bool:
    try:
        return len(piece) <= LONGEST and piece.decode().isprintable()
    except UnicodeDecodeError:
        return False

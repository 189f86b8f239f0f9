"""Which tokens may come next, for one answer as it grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.scene.masks import IntArray
from svg2_assets.traser.generation.grammar import (
    MOST_ESCAPE,
    PLAIN,
    QUOTE,
    SPACE,
    Branch,
    Choice,
    End,
    Place,
    Rules,
    Text,
    branches,
    ends,
)
from svg2_assets.traser.generation.vocabulary import BEGINNINGS, Closing, Mask, Ranks, Sorted, Vocabulary, is_body

UNSAID = b"\n"
"""What makes a string unlike any that has been said."""


@dataclass(frozen=True, slots=True)
class Among:
    """A position among the texts of a place: `branch` is what is left of them."""

    place: Choice
    branch: Branch


@dataclass(frozen=True, slots=True)
class Within:
    """A position in a string that is `text` so far."""

    place: Text
    text: bytes


Position = Among | Within


@dataclass(frozen=True, slots=True)
class Allowed:
    """The tokens that may come next: `ids`, and those of `mask` [vocabulary], the same object for the same tokens,
    less `less`. `repeating` are tokens that may not come only because they would say again what has been said."""

    ids: IntArray
    mask: Mask | None = None
    less: tuple[int, ...] = ()
    repeating: tuple[int, ...] = ()

    def __contains__(self, token: int) -> bool:
        within = self.mask is not None and token < len(self.mask) and bool(self.mask[token])
        return token in self.ids or (within and token not in self.less)


class Constraint:
    """Holds one answer of at most `most_tokens` tokens, the end included, to `rules`.

    Raises `ValueError` for a number of tokens in which not even the shortest answer fits for sure.
    """

    def __init__(self, rules: Rules, vocabulary: Vocabulary, *, most_tokens: int) -> None:
        self.rules, self.vocabulary = rules, vocabulary
        self.left = most_tokens
        self.done = False
        least = rules.cost(rules.start())
        if most_tokens < least:
            raise ValueError(
                f"an answer about {rules.limits.objects} objects takes up to {least} tokens however short it is; "
                f"allow that many new tokens instead of {most_tokens}, or show fewer objects."
            )
        self._position = self._enter(rules.start())
        # No position costs more: what is optional adds at most a word and a relation to what has to come.
        self._ample = least + rules.most_added + 1

    @property
    def complete(self) -> bool:
        """Whether nothing but the end may follow."""
        return isinstance(self._position, Among) and isinstance(self._position.place, End)

    def allowed(self) -> Allowed:
        """What may come next: never nothing, unless the answer has ended."""
        position = self._position
        if self.done:
            return Allowed(np.zeros(0, dtype=np.int64))
        if isinstance(position, Within):
            return self._in_string(position)
        if self.complete:
            return Allowed(np.asarray(self.vocabulary.ends))
        ids = self._tokens_from(position)
        return Allowed(np.asarray(ids, dtype=np.int64), repeating=self._repeating(position, ids))

    def conclude(self) -> None:
        """No relation may begin any more."""
        self.rules.concluded = True

    def _tokens_from(self, position: Among) -> list[int]:
        tokens = self.vocabulary.tokens
        return [tokens.places[at] for at in self._walk(position, tokens)]

    def _repeating(self, position: Among, allowed: Sequence[int]) -> tuple[int, ...]:
        """Tokens on the way to what the place has said before, and to nothing else."""
        texts = position.place.repeated(self.rules)
        if not texts:
            return ()
        depth, text = next(ends(position.branch))
        branch = branches(texts)
        for byte in text[: len(text) - depth]:
            branch = branch[byte]
        return tuple(set(self._tokens_from(Among(position.place, branch))) - set(allowed))

    def push(self, token: int) -> None:
        """`token` is written. Raises `ValueError` for one that is not allowed by the form."""
        self.left -= 1
        if self.complete and token in self.vocabulary.ends:
            self.done = True
            return
        position: Position | None = self._position
        for byte in self.vocabulary.piece.get(token, b"\n"):
            position = None if position is None else self._advance(position, byte)
        if position is None:
            raise ValueError(f"token {token} is not what may follow here")
        self._position = position

    def _enter(self, place: Place) -> Position:
        return Within(place, b"") if isinstance(place, Text) else Among(place, self.rules.branch_of(place))

    def _advance(self, position: Position, byte: int) -> Position | None:
        if isinstance(position, Among):
            below = position.branch.get(byte)
            if isinstance(below, bytes):
                return self._enter(position.place.after(below, self.rules))
            return None if below is None else Among(position.place, below)
        if byte == QUOTE:
            stands = self._escape(position.place, position.text) == 0
            return self._enter(position.place.after(position.text, self.rules)) if stands else None
        text = position.text + bytes((byte,))
        fits = is_body(text[-2:]) and text[0] in BEGINNINGS and len(text) + (byte == SPACE) <= self._most(position)
        return Within(position.place, text) if fits else None

    def _most(self, position: Within) -> int:
        """Bytes that the string may have: one more where it must not stand as it is."""
        most = self.rules.limits.most_characters
        if len(position.text) < most:
            return most
        return len(position.text) + (self._escape(position.place, position.text) > 0)

    def _escape(self, place: Text, text: bytes) -> int:
        """Bytes that `text` lacks to be a string that may stand in `place`."""
        taken = place.taken(self.rules)
        if text and text[-1] != SPACE and text not in taken:
            return 0
        if any(text + bytes((b,)) not in taken for b in PLAIN):
            return 1
        return MOST_ESCAPE

    def _cost(self, position: Position) -> int:
        """At most so many bytes from here to the end of the answer."""
        if isinstance(position, Within):
            escape = self._escape(position.place, position.text)
            return escape + 1 + position.place.cost_after(self.rules)
        place, rules = position.place, self.rules
        if isinstance(place, End):
            return place.cost(rules)
        return min(depth + rules.cost(place.after(text, rules)) for depth, text in ends(position.branch))

    def _affordable(self, position: Position) -> bool:
        """Whether an answer that is at `position` after the next token can still come to its end."""
        return self.left >= self._ample or self._cost(position) <= self.left - 1

    def _walk(self, start: Among, among: Sorted) -> list[int]:
        """The places in `among` of what may be written from `start` on."""
        found: list[int] = []
        stack: list[tuple[Position, bytes, int, int]] = [(start, b"", 0, len(among.texts))]
        while stack:
            position, prefix, low, high = stack.pop()
            if isinstance(position, Within):
                found += self._strings(position, prefix, among, low, high)
                continue
            for byte in position.branch:
                longer = prefix + bytes((byte,))
                first, last = among.after(longer, low, high)
                if first == last:
                    continue
                beyond = self._advance(position, byte)
                if beyond is None:
                    continue
                if among.texts[first] == longer:
                    if self._affordable(beyond):
                        found.append(first)
                    first += 1
                if first < last:
                    stack.append((beyond, longer, first, last))
        return found

    def _strings(self, begun: Within, prefix: bytes, among: Sorted, low: int, high: int) -> Iterator[int]:
        """The places in `among` [`low`, `high`) of texts that go on from `prefix` with a string that begins."""
        plain, mixed = among.beginnings(prefix, low, high)
        most = self.rules.limits.most_characters
        for at, body in plain:
            if len(body) <= most and self._affordable(Within(begun.place, body)):
                yield at
        for at, rest in mixed:
            position = self._follow(begun, rest)
            if position is not None and self._affordable(position):
                yield at

    def _follow(self, position: Position | None, text: bytes) -> Position | None:
        for byte in text:
            position = None if position is None else self._advance(position, byte)
        return position

    def _in_string(self, position: Within) -> Allowed:
        place, text = position.place, position.text
        room = self.rules.limits.most_characters - len(text)
        spare = self.left - 2 - place.cost_after(self.rules)
        ids, repeating = self._closings(position, room)
        if room > 0 and spare >= 0:
            mask = self.vocabulary.going_on(_rank(text), room, spaces=spare > 0)
            less = self._unaffordable(position) if spare < MOST_ESCAPE else ()
            return Allowed(ids, mask, less, repeating)
        escape = self._escape(place, text)
        if escape:
            ways = [bytes((b,)) for b in PLAIN if self._escape(place, text + bytes((b,))) < escape]
            ids = np.asarray([self.vocabulary.id_of[way] for way in ways], dtype=np.int64)
        return Allowed(ids, repeating=repeating)

    def _unaffordable(self, position: Within) -> tuple[int, ...]:
        """Tokens that make a string which must not stand, where no budget is left to make another of it."""
        text, id_of = position.text, self.vocabulary.id_of
        longer = [t for t in position.place.taken(self.rules) if t.startswith(text) and t[len(text) :] in id_of]
        return tuple(id_of[t[len(text) :]] for t in longer if not self._affordable(Within(position.place, t)))

    def _closings(self, position: Within, room: int) -> tuple[IntArray, tuple[int, ...]]:
        """Tokens that hold the quote that ends the string, and what may follow it; apart, those that make a string
        which must not stand, because it has been said."""
        place, text = position.place, position.text
        said, groups = place.said(self.rules), self.vocabulary.closings[1]
        ids: list[IntArray] = [np.zeros(0, dtype=np.int64)]
        again: list[int] = []
        for at, rest in self._rests(place.after(text + UNSAID, self.rules)):
            if any(c in b"-0123456789" for c in rest):  # which numbers are left depends on the string
                ids.append(self._one_by_one(position, groups[at], rest))
            else:
                ids.append(groups[at].fitting(_rank(text), room))
                again += groups[at].making(text, said)
        able = np.concatenate(ids)
        if not again:
            return able, ()
        able = able[~np.isin(able, again)]
        if not place.repeatable:
            return able, tuple(again)
        behind = self._rests(place.after(next(iter(said)), self.rules))
        return np.concatenate(
            [able, *(np.asarray(groups[at].making(text, said), dtype=np.int64) for at, _ in behind)]
        ), ()

    def _rests(self, behind: Place) -> list[tuple[int, bytes]]:
        """What tokens may have behind the quote that leads to `behind`: places among the vocabulary's, and texts."""
        rests, position = self.vocabulary.closings[0], self._enter(behind)
        found = [0] if rests.texts[0] == b"" and self._affordable(position) else []
        if isinstance(position, Among):
            found += self._walk(position, rests)
        return [(at, rests.texts[at]) for at in found]

    def _one_by_one(self, position: Within, closing: Closing, rest: bytes) -> IntArray:
        ids = []
        for body, token in zip(closing.bodies, closing.ids, strict=True):
            beyond = self._follow(position, body + b'"' + rest)
            if beyond is not None and self._affordable(beyond):
                ids.append(token)
        return np.asarray(ids, dtype=np.int64)


def _rank(text: bytes) -> Ranks:
    if not text:
        return Ranks.START
    return Ranks.SPACE if text[-1] == SPACE else Ranks.WITHIN

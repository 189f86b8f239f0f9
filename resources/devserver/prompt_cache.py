"""Which beginning of a prompt was seen before: the service bills it as cached."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from hashlib import sha256

from resources.devserver.tokens import Piece

MIN_TOKENS = 1_024
STEP = 128
_KEPT = 400_000  # beginnings


class PromptCache:
    """Beginnings of prompts, per `scope` (key and model); cached tokens count from 1,024 on, in steps of 128."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def cached(self, scope: str, pieces: Sequence[Piece]) -> int:
        """Tokens of the longest beginning of `pieces` that was remembered."""
        longest = 0
        for digest, tokens in _beginnings(scope, pieces):
            if digest not in self._seen:
                break
            longest = tokens
        return longest // STEP * STEP if longest >= MIN_TOKENS else 0

    def remember(self, scope: str, pieces: Sequence[Piece]) -> None:
        """All beginnings of `pieces`: called once the answer is there, as calls sent together share nothing yet."""
        for digest, _tokens in _beginnings(scope, pieces):
            self._seen[digest] = None
            self._seen.move_to_end(digest)
        while len(self._seen) > _KEPT:
            self._seen.popitem(last=False)


def _beginnings(scope: str, pieces: Sequence[Piece]) -> Iterator[tuple[bytes, int]]:
    state, tokens = sha256(scope.encode()), 0
    for piece in pieces:
        state.update(piece.digest)
        tokens += piece.tokens
        yield state.digest()[:16], tokens

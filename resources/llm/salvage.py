"""What can be used of JSON that ends in the middle: its complete items."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<word>[^\s,:\[\]{}"]+)|(?P<sign>[,:\[\]{}]))', re.DOTALL
)
_CLOSING = {"{": "}", "[": "]"}


@dataclass(slots=True)
class _Open:
    """An array or object that is not closed yet: `end` is where its last complete item ends."""

    sign: str
    end: int
    awaits_value: bool = False  # after a colon


def salvage(text: str) -> Any:
    """The value of `text` without what is incomplete at its end, None where nothing is left.

    An item of the outermost open list is kept whole or not at all: of `{"a": [{"b": 1}, {"b": 2` stays
    `{"a": [{"b": 1}]}`.
    A field of an object without a list is kept when its value is complete. A number at the very end may go on, so it is
    not complete. Text before the first bracket is skipped.
    """
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if start < 0:
        return None
    stack = _open_at_the_end(text, start)
    if not stack:
        return _loaded(text[start:])
    depth = next((i for i, one in enumerate(stack) if one.sign == "["), len(stack) - 1)
    kept = stack[: depth + 1]
    closed = text[start : kept[-1].end] + "".join(_CLOSING[one.sign] for one in reversed(kept))
    return _loaded(closed)


def _open_at_the_end(text: str, start: int) -> list[_Open]:
    """The brackets that are open where `text` ends, outermost first; none where the value is complete."""
    stack: list[_Open] = []
    at = start
    while (match := _TOKEN.match(text, at)) is not None:
        at = match.end()
        sign = match["sign"]
        if sign is None:
            _value_ends(stack, at, word=match["word"] is not None, more=at < len(text))
        elif sign in _CLOSING:
            stack.append(_Open(sign, at))
        elif sign == ":":
            stack[-1].awaits_value = True
        elif sign != ",":
            if not stack or _CLOSING[stack[-1].sign] != sign:
                return stack  # not JSON from here on
            stack.pop()
            if not stack:
                return []
            _value_ends(stack, at, word=False, more=True)
    return stack


def _value_ends(stack: list[_Open], at: int, *, word: bool, more: bool) -> None:
    """A value ends at `at`, unless it is the name of a field, or a number or word that may go on."""
    inner = stack[-1]
    if (word and not more) or (inner.sign == "{" and not inner.awaits_value):
        return
    inner.end, inner.awaits_value = at, False


def _loaded(text: str) -> Any:
    try:
        return json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None

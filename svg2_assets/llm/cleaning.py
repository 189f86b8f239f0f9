"""Free text of a model made fit to be kept: plain, on one line, of bounded length. It stays data."""

from __future__ import annotations

import html
import re
import unicodedata

_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.*?(</\1\s*>|\Z)|<!--.*?(-->|\Z)", re.IGNORECASE | re.DOTALL)
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_JOINERS = frozenset("\u200c\u200d")
"""they are letters' business in several scripts; every other invisible sign only hides or turns text round"""
MOST_READ = 200_000  # characters that are looked at of a text, however long it is


def cleaned(text: str, *, limit: int) -> str:
    """`text` without mark-up, entities, control and invisible characters, its white space single, at most `limit` long.

    What is too long is cut at a word and ends in an ellipsis.
    """
    plain = _without_markup(_TERMINAL.sub("", text[:MOST_READ]))
    line = " ".join("".join(_shown(c) for c in plain).split())
    if len(line) <= limit:
        return line
    short = line[: max(0, limit - 1)]
    at_word = short.rsplit(" ", 1)[0] if " " in short[limit // 2 :] else short
    return at_word.rstrip() + "…"


def _without_markup(text: str) -> str:
    # Entities may hide mark-up, once or twice over: what comes out of them is looked at again.
    for _ in range(3):
        stripped = _TAG.sub(" ", _HIDDEN.sub(" ", html.unescape(text)))
        if stripped == text:
            break
        text = stripped
    return text


def _shown(character: str) -> str:
    """What is kept of `character`: control characters part words, as white space does; invisible ones vanish."""
    kind = unicodedata.category(character)
    if kind == "Cc":
        return " "
    return "" if kind in {"Cf", "Cs", "Co", "Cn"} and character not in _JOINERS else character

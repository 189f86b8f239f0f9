"""Text that others wrote, made fit to be quoted: no control characters, one line, bounded length."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
_REPLACED = {"Cc": " ", "Cf": "", "Cs": "", "Co": "", "Cn": ""}
"""By Unicode category: a control character separates, the others are not seen."""


def plain(text: str, *, limit: int) -> str:
    """`text` on one line of at most `limit` characters.

    Control and format characters (bidirectional marks, zero-width ones), surrogates and unassigned ones are gone;
    composed forms are used (NFC). What is cut off is replaced by an ellipsis.
    """
    # Cut before the work: a text may be of any length, and what composition shortens is little.
    rough = unicodedata.normalize("NFC", text[: 4 * limit])
    kept = (_REPLACED.get(unicodedata.category(c), c) for c in rough)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit and len(text) <= 4 * limit else line[: limit - 1].rstrip() + ELLIPSIS

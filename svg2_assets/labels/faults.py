"""What can be wrong with a name that a model gives, and how the model is told."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from svg2_assets.descriptions.colours import COLOURS
from svg2_assets.labels.canonical import singular_name
from svg2_assets.labels.words import is_verb

LONGEST_NAME = 60  # characters
MOST_WORDS = 5


class Fault(StrEnum):
    """Why a name is not accepted."""

    MISSING = "missing"
    REPEATED = "repeated"
    EMPTY = "empty"
    MARKUP = "markup"
    SCRIPT = "script"
    LONG = "long"
    COMPOUND = "compound"
    GENERIC = "generic"
    VERB = "verb"
    PLURAL = "plural"

    @property
    def explained(self) -> str:
        """One sentence for the model, and for whoever reads the reason of a label."""
        return _EXPLAINED[self]


_EXPLAINED = {
    Fault.MISSING: "no name was given for this id",
    Fault.REPEATED: "different names were given for this id",
    Fault.EMPTY: "the name is empty",
    Fault.MARKUP: "the name holds signs that no name has",
    Fault.SCRIPT: "the name is not in English",
    Fault.LONG: "the name is too long",
    Fault.COMPOUND: "the name names several things",
    Fault.GENERIC: "the name says nothing about what it is",
    Fault.VERB: "the name is a verb or an adjective and names no thing",
    Fault.PLURAL: "the name is in the plural",
}

_SIGNS = re.compile(r"[^\w\s'’\-.&/,+()|;:]|[_]")
_COMPOUND = re.compile(r"\s(?:and|or|with|plus|&)\s|[/&,+;|:()]")
_GENERIC = frozenset(
    """artifact blob element entity item object objects shape something stuff subject thing things unknown unidentified
unclear undetermined none nothing n/a na null undefined unspecified unnamed indistinct unrecognizable""".split()
)
_VAGUE = frozenset("area figure form mass part piece portion region section segment surface".split())
"""Words that say nothing alone or after an adjective: `dark area`, but `play area`."""
_GENERIC_OF = frozenset({"kind", "part", "portion", "section", "segment", "sort", "type", "area", "region"})
_ADJECTIVES = (frozenset(COLOURS) - {"orange"}) | frozenset(
    """big black bright dark flat large long metal metallic plastic rectangular round shiny small square tall thin
white wide wooden""".split()
)
_NO_HEADS = frozenset({"metal", "plastic", "square"})
"""Words of `_ADJECTIVES` that may name a thing in a longer name: `town square`."""


def fault_of(name: str) -> Fault | None:
    """The first thing wrong with a plain name (see `canonical.plain_name`); None where it can stand."""
    if not any(c.isalnum() for c in name):
        return Fault.EMPTY
    if not all(_latin(c) for c in name if c.isalpha()):
        return Fault.SCRIPT
    words = name.split()
    if name in _GENERIC:  # `n/a` is no compound
        return Fault.GENERIC
    if _SIGNS.search(name):
        return Fault.MARKUP
    if len(name) > LONGEST_NAME or len(words) > MOST_WORDS:
        return Fault.LONG
    if _COMPOUND.search(name):
        return Fault.COMPOUND
    return _fault_of_head(name, words)


def _fault_of_head(name: str, words: list[str]) -> Fault | None:
    head = name.partition(" of ")[0].split()[-1]
    if " of " in name and head in _GENERIC_OF:  # `part of a car` names no part
        return Fault.GENERIC
    if " of " not in name and (head in _GENERIC or (head in _VAGUE and not _specified(words[:-1]))):
        return Fault.GENERIC
    if words[0] in {"to", "is", "are", "was", "were"} or is_verb(head):
        return Fault.VERB
    if head in _ADJECTIVES and (len(words) == 1 or head not in _NO_HEADS):
        return Fault.VERB
    return Fault.PLURAL if singular_name(name) != name else None


def _specified(modifiers: list[str]) -> bool:
    """Whether words before a vague one say what it is."""
    return any(m not in _ADJECTIVES | _GENERIC for m in modifiers)


def _latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")

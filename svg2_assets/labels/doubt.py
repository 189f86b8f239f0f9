"""Which descriptions are not to be taken at their word: there the model that parses is shown the object itself."""

from __future__ import annotations

import re

from svg2_assets.labels.canonical import canonical_name
from svg2_assets.labels.concepts import PARENT, lineage
from svg2_assets.labels.quoting import plain
from svg2_assets.labels.words import is_verb, singular
from svg2_assets.scene.taxonomy import PEOPLE
from svg2_assets.trajectories.protocols import TrackedObject

READ = 4000  # characters of a description that are looked at
LEAST_WORDS = 2
STRONG = 0.5  # mean score from which a recogniser contradicts a description that never mentions what it sees
ENOUGH_LOOKS = 3

_HEDGE = re.compile(
    r"""\b(?: (?:appears?|seems?)\ to\ be\ (?:an?|some|part|the)\b
            | (?:possibly|perhaps|maybe|probably|likely)\ (?:an?|the|some|part)\b
            | (?:might|may|could)\ be\ (?:an?|the|some|part)\b
            | some\ (?:kind|sort|type)\ of | resembl\w+ | unclear | unidentifi\w+ | indistinct | unrecogni[sz]able
            | (?:difficult|hard|impossible)\ to\ (?:tell|see|say|identify|determine|make\ out|discern)
            | (?:cannot|can't|could\ not|not)\ (?:be\ )?(?:identif\w+|determined|recogni[sz]ed) )""",
    re.VERBOSE | re.IGNORECASE,
)
_GENERIC_START = re.compile(
    r"""^(?:(?:the|this)\ (?:image|video|picture|clip|masked\ region)\ (?:shows|depicts|features|is)\ )?
        (?:an?|the|one)?\ ?(?:[\w-]+,?\ ){0,3}
        (?:object|thing|item|shape|structure|element|entity|blob|region|area|patch)s?\b""",
    re.VERBOSE | re.IGNORECASE,
)
_WORD = re.compile(r"[a-z][a-z'-]*")


def doubt_of(text: str, tracked: TrackedObject | None = None) -> str:
    """Why the description `text` of `tracked` is in doubt, as one phrase; empty where it is not."""
    said = plain(text, limit=READ)
    words = _WORD.findall(said.lower())
    if len(words) < LEAST_WORDS and not any(ord(c) > 0x2E7F for c in said):  # some scripts put no space between words
        return "the description is empty"
    if _HEDGE.search(said):
        return "the description hedges"
    if _GENERIC_START.match(said):
        return "the description names nothing"
    if words and is_verb(words[0]):
        return "the description begins with a verb"
    return _contradiction(words, tracked) if tracked is not None else ""


def _contradiction(words: list[str], tracked: TrackedObject) -> str:
    mentioned = _mentioned(words)
    for witness in tracked.witnesses:
        name, score = witness.best()
        if witness.looks >= ENOUGH_LOOKS and score >= STRONG and not mentioned & _would_do(name):
            return f"{witness.source} sees {plain(name, limit=40)} and the description does not mention it"
    return ""


def _mentioned(words: list[str]) -> set[str]:
    """Canonical names of one, two and three words in a row."""
    found: set[str] = set()
    for n in (1, 2, 3):
        for i in range(len(words) - n + 1):
            found.add(canonical_name(" ".join((*words[i : i + n - 1], singular(words[i + n - 1])))))
    return found


def _would_do(name: str) -> set[str]:
    """The canonical names that agree with what a recogniser calls `name`: finer and coarser ones too."""
    finer = {child for child in PARENT if name in lineage(child)}
    people = set(PEOPLE) if name in PEOPLE else set()
    return {canonical_name(n) for n in {name, *lineage(name), *finer, *people}}

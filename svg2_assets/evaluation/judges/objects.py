"""How two names of things stand to each other: `nouns.txt` knows them, beside the lists of `labels`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from svg2_assets.evaluation.judges.forms import form_of
from svg2_assets.evaluation.judges.lexicon import Lexicon, read
from svg2_assets.evaluation.judges.likeness import Kind, Likeness
from svg2_assets.labels.canonical import synonyms
from svg2_assets.labels.imagenet import CONCEPT_OF
from svg2_assets.scene.taxonomy import MORE_ANIMALS, MORE_PEOPLE

FILE = "nouns.txt"
GENERIC = frozenset("object thing item entity stuff something element unknown other others area region part".split())
"""Names that claim nothing, and so are like to nothing."""
_PORTIONS = frozenset(
    "group bunch pair piece slice pile stack set row bundle bit lot number couple cluster collection heap kind type "
    "sort herd flock pack school loaf plate portion".split()
)
"""In `X of Y`, these are portions of Y; any other X is what is named."""
_ANIMALS = frozenset({"dog", "cat", "bird", "fish", "monkey", "bear", "animal"})
"""What ImageNet's names (`labels/imagenet.py`) say kinds of; of other things they say where they are seen."""
_AMBIGUOUS = frozenset({"walking stick", "admiral", "monarch", "ringlet", "kite", "boxer", "cricket", "tick"})
_AFTER = re.compile(r" (?:with|in|on|at|from|for|under|behind|near|by|wearing|holding|riding|carrying|that|which) ")


@cache
def lexicon() -> Lexicon:
    """The carried outline, the animals of ImageNet, and the people and animals of the taxonomy."""
    text = files("svg2_assets.evaluation.judges").joinpath(FILE).read_text(encoding="utf-8")
    kinds = {form_of(name, Kind.OBJECT): kind for name, kind in finer().items()}
    return read(text, lambda word: form_of(word, Kind.OBJECT)).with_kinds(kinds)


def finer() -> dict[str, str]:
    """Names of people and animals that other lists have, and what they are kinds of."""
    animals = {name: kind for name, kind in CONCEPT_OF.items() if kind in _ANIMALS and name not in _AMBIGUOUS}
    return {**dict.fromkeys(sorted(MORE_PEOPLE), "person"), **dict.fromkeys(sorted(MORE_ANIMALS), "animal"), **animals}


@dataclass(frozen=True, slots=True)
class Noun:
    """A name taken apart: `head` is a word that is known, "" where none is; `rest` are the words that narrow it."""

    head: str
    rest: frozenset[str] = frozenset()


def object_likeness(first: str, second: str) -> Likeness:
    """How two names stand to each other that are not the same in normal form (which is what is given here).

    A name that is not known is taken by its head: a `red sports car` is a kind of car.
    """
    if GENERIC & {first, second}:
        return Likeness.MISMATCH
    a, b = noun_of(first), noun_of(second)
    if not a.head or not b.head:
        return Likeness.MISMATCH
    heads = _heads(a.head, b.head)
    if heads in {Likeness.MISMATCH, Likeness.OVERLAP} or not (a.rest or b.rest):
        return heads
    if heads is Likeness.SYNONYM:
        if a.rest == b.rest:
            return Likeness.SYNONYM
        return Likeness.HYPERNYM if a.rest <= b.rest or b.rest <= a.rest else Likeness.OVERLAP
    coarse, fine = (a, b) if _is_kind_of(b.head, a.head) else (b, a)
    return Likeness.HYPERNYM if coarse.rest <= fine.rest else Likeness.OVERLAP


@lru_cache(maxsize=1 << 16)
def noun_of(name: str) -> Noun:
    """`name`, a normal form, taken apart."""
    if (known := _known(name)) is not None:
        return Noun(known)
    core, *rest = _AFTER.split(f"{name} ", maxsplit=1)
    first, of, second = core.strip().partition(" of ")
    if of:
        first, narrower = (second, first) if _PORTIONS & {*first.split()[-1:]} else (first, second)
        rest.append(narrower)
    words = form_of(first, Kind.OBJECT).split()
    for at in range(len(words)):
        if (known := _known(" ".join(words[at:]))) is not None:
            return Noun(known, frozenset([*words[:at], *(w for r in rest for w in r.split())]))
    return Noun("")


def object_keys(name: str) -> frozenset[str]:
    """Two names that are alike in any way share one."""
    head = noun_of(name).head
    return frozenset({name, head, _synonyms().get(head, head), *lexicon().lineage(head)} - {""})


def knows_object(name: str) -> bool:
    """Whether its head at least is known."""
    return name in GENERIC or bool(noun_of(name).head)


def _known(name: str) -> str | None:
    """`name` where the outline has it, its canonical name where the list of synonyms does."""
    return name if name in lexicon() else _synonyms().get(name)


@cache
def _synonyms() -> Mapping[str, str]:
    """The list of synonyms in normal form."""
    return {form_of(name, Kind.OBJECT): form_of(canonical, Kind.OBJECT) for name, canonical in synonyms().items()}


def _heads(first: str, second: str) -> Likeness:
    found = Likeness.SYNONYM if first == second else lexicon().likeness(first, second)
    named = _synonyms()
    if found is Likeness.MISMATCH and named.get(first, first) == named.get(second, second):
        return Likeness.SYNONYM
    return found


def _is_kind_of(fine: str, coarse: str) -> bool:
    known = lexicon()
    places = known.places.get(coarse, frozenset())
    return any(known.above[place] & places for place in known.places.get(fine, ()))

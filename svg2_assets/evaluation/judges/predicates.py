"""How two predicates stand to each other, whole or by verb and preposition: `predicates.txt` knows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from svg2_assets.evaluation.judges.forms import form_of
from svg2_assets.evaluation.judges.lexicon import Lexicon, read
from svg2_assets.evaluation.judges.likeness import CLOSENESS, Kind, Likeness
from svg2_assets.scene.taxonomy import SYNONYMS

FILE = "predicates.txt"
_EMPTY = frozenset("at to with for from of by about into onto toward up down off out away".split())
"""Prepositions that say nothing without their verb: `talking to` is not like `listening to`."""
_LIGHT = frozenset("take get give go come have make do put keep set turn".split())
"""Verbs that say nothing without what follows: `taking a picture of` is not like `taking care of`."""
_NEGATIONS = frozenset("not no never without".split())
_NO_ADVERBS = frozenset("fly family early only".split())
_LIKE = CLOSENESS[Likeness.OVERLAP]
_FINE = CLOSENESS[Likeness.HYPERNYM]


@cache
def lexicon() -> Lexicon:
    """The carried outline."""
    text = files("svg2_assets.evaluation.judges").joinpath(FILE).read_text(encoding="utf-8")
    return read(text, lambda word: form_of(word, Kind.PREDICATE))


@dataclass(frozen=True, slots=True)
class Said:
    """A predicate taken apart. `whole`: as the outline has it, "" where it does not; `verb` and `rest` where they are
    told apart; `more`: adverbs and whether something is denied."""

    whole: str
    verb: str
    rest: str
    more: frozenset[str]


def predicate_likeness(first: str, second: str) -> Likeness:
    """How two predicates stand to each other that are not the same in normal form (which is what is given here).

    Direction matters: `held by` is not like `holding`.
    """
    a, b = said_of(first), said_of(second)
    if bool(a.more & _NEGATIONS) != bool(b.more & _NEGATIONS):
        return Likeness.MISMATCH
    closest_possible = Likeness.SYNONYM if a.more == b.more else Likeness.HYPERNYM
    return max(_whole_or_by_parts(a, b), closest_possible, key=CLOSENESS.__getitem__)


@lru_cache(maxsize=1 << 16)
def said_of(text: str) -> Said:
    """`text`, a normal form, taken apart."""
    words = text.split()
    more = {w for w in words if w.endswith("ly") and w not in _NO_ADVERBS} | ({*words} & _NEGATIONS)
    bare = [w for w in words if w not in more] or words or [""]
    plain, known = " ".join(bare), lexicon()
    whole = next((w for w in (plain, form_of(SYNONYMS.get(plain, plain), Kind.PREDICATE)) if w in known), "")
    if whole and plain in _places():
        return Said(whole, "", plain, frozenset(more))
    verb, rest = bare[0], " ".join(bare[1:])
    if verb not in known and not whole:
        verb, rest = "", plain
    return Said(whole, verb, rest, frozenset(more))


def predicate_keys(text: str) -> frozenset[str]:
    """Two predicates that are alike in any way share one."""
    said, known = said_of(text), lexicon()
    parts = {text, said.whole, said.verb, said.rest} - {""}
    return frozenset({*parts, *(key for part in parts for key in known.lineage(part))})


def knows_predicate(text: str) -> bool:
    """Whether the outline has it whole, or its verb, or its preposition."""
    said = said_of(text)
    return bool(said.whole or said.verb) or said.rest in lexicon()


@cache
def _places() -> frozenset[str]:
    """What says where something is, under `[place]`."""
    known = lexicon()
    heading = next(line for line, word in known.words.items() if word == "[place]")
    return frozenset(w for w, places in known.places.items() if any(heading in known.above[p] for p in places))


def _whole_or_by_parts(a: Said, b: Said) -> Likeness:
    if a.whole and b.whole:
        found = Likeness.SYNONYM if a.whole == b.whole else lexicon().likeness(a.whole, b.whole)
        if found is not Likeness.MISMATCH or lexicon().excludes(a.whole, b.whole):
            return found
    return _by_parts(a, b)


def _by_parts(a: Said, b: Said) -> Likeness:
    if lexicon().excludes(a.verb, b.verb) or lexicon().excludes(a.rest, b.rest):
        return Likeness.MISMATCH
    verbs, rests = _part(a.verb, b.verb), _part(a.rest, b.rest)
    if (a.verb and b.verb) and (a.rest and b.rest):
        return _both(verbs, rests, {a.verb, b.verb}, {a.rest, b.rest})
    if a.rest and b.rest:  # one has no verb: `sitting on` is a way of being `on`
        return Likeness.MISMATCH if {a.rest, b.rest} & _EMPTY else _finer(rests)
    if a.verb and b.verb:
        return _finer(verbs) if a.rest or b.rest else Likeness.MISMATCH
    return Likeness.MISMATCH


def _both(verbs: Likeness, rests: Likeness, verb: set[str], rest: set[str]) -> Likeness:
    least = max(CLOSENESS[verbs], CLOSENESS[rests])
    if least <= CLOSENESS[Likeness.SYNONYM]:
        return Likeness.SYNONYM
    if least <= _FINE:
        return Likeness.HYPERNYM
    if least <= _LIKE:
        return Likeness.OVERLAP
    same_verb = CLOSENESS[verbs] <= CLOSENESS[Likeness.SYNONYM] and not verb & _LIGHT
    same_place = CLOSENESS[rests] <= CLOSENESS[Likeness.SYNONYM] and not rest & _EMPTY
    return Likeness.OVERLAP if same_verb or same_place else Likeness.MISMATCH


def _finer(part: Likeness) -> Likeness:
    return Likeness.HYPERNYM if CLOSENESS[part] <= _FINE else part


def _part(first: str, second: str) -> Likeness:
    return Likeness.IDENTICAL if first == second else lexicon().likeness(first, second)

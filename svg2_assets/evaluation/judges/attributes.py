"""How two attributes stand to each other, word by word: `attributes.txt` knows the words."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files

from svg2_assets.evaluation.judges.forms import base_of, form_of
from svg2_assets.evaluation.judges.lexicon import Lexicon, read
from svg2_assets.evaluation.judges.likeness import CLOSENESS, Kind, Likeness, closest

FILE = "attributes.txt"
SHADES = frozenset("light dark pale deep bright dull pastel vivid faint".split())
"""How light a color is: `dark red` is a red."""
NEGATIONS = frozenset("not no without non never un lacking missing".split())
_FILLERS = frozenset(
    "a an the and with in of on at to by for wear has have is be made out color colored shape shaped style styled "
    "look appear seem texture material pattern surface finish frame very mostly mainly slightly partially partly "
    "relatively quite rather somewhat fully completely".split()
)
"""Words that carry nothing here: `red colored`, `round in shape`."""
_ONE_OF = ("[color]", "[material]", "[shape]", "[size]")
"""Under these headings two words that are not alike exclude each other."""
_THINGS = ("[clothing]", "[part]")
_LONGEST = 3  # words of an entry


@cache
def lexicon() -> Lexicon:
    """The carried outline."""
    text = files("svg2_assets.evaluation.judges").joinpath(FILE).read_text(encoding="utf-8")
    return read(text, lambda word: " ".join(_words(word)))


def attribute_likeness(first: str, second: str) -> Likeness:
    """How two attributes that are not the same text stand to each other.

    Words of one find their likes in the other. Where all do it is the least like pair that counts; where one side has
    more, it is a finer statement, or about something else besides; words that exclude each other decide.
    """
    a, b = segments(first), segments(second)
    if bool(NEGATIONS & {*a}) != bool(NEGATIONS & {*b}) or not a or not b:
        return Likeness.MISMATCH
    found = {w: closest([_of(w, v) for v in b]) for w in a}
    back = {v: closest([_of(v, w) for w in a]) for v in b}
    matched = [like for like in (*found.values(), *back.values()) if like is not Likeness.MISMATCH]
    if not matched:
        return Likeness.MISMATCH
    left = tuple([w for w, like in side.items() if like is Likeness.MISMATCH] for side in (found, back))
    if any(_conflict(w, v) for w in left[0] for v in left[1]):
        return Likeness.MISMATCH
    least = max((*matched, Likeness.SYNONYM), key=CLOSENESS.__getitem__)
    if not left[0] and not left[1]:
        return least
    extra = left[0] or left[1]
    if (left[0] and left[1]) or least is Likeness.OVERLAP or not all(_refines(w, a, b) for w in extra):
        return Likeness.OVERLAP
    return Likeness.HYPERNYM


@lru_cache(maxsize=1 << 16)
def segments(text: str) -> tuple[str, ...]:
    """The entries of the lexicon that an attribute consists of, the longest first, and its other words."""
    words, known, found = _words(text), lexicon(), []
    at = 0
    while at < len(words):
        size = next((n for n in range(_LONGEST, 1, -1) if " ".join(words[at : at + n]) in known), 1)
        found.append(" ".join(words[at : at + size]))
        at += size
    told = [w for w in found if w in known or w not in _FILLERS]
    return tuple(dict.fromkeys(told)) or tuple(words)


def attribute_keys(text: str) -> frozenset[str]:
    """Two attributes that are alike in any way share one."""
    return frozenset(key for word in segments(text) for key in (word, *lexicon().lineage(word)))


def knows_attribute(text: str) -> bool:
    """Whether the lexicon has every word that carries something."""
    return all(word in lexicon() or word in SHADES for word in segments(text))


def _words(text: str) -> list[str]:
    return [base_of(w) for w in form_of(text, Kind.ATTRIBUTE).replace(",", " ").replace("/", " ").split()]


def _of(word: str, other: str) -> Likeness:
    return Likeness.IDENTICAL if word == other else lexicon().likeness(word, other)


def _conflict(word: str, other: str) -> bool:
    """Whether both cannot be true of one thing. Shades are of degree."""
    if {word, other} <= SHADES:
        return False
    known = lexicon()
    return known.excludes(word, other) or any(_under(word, h) and _under(other, h) for h in _ONE_OF)


def _refines(word: str, *sides: tuple[str, ...]) -> bool:
    """Whether `word` says the rest more finely, not something else besides: a second color does, or a thing."""
    if word in SHADES:
        return True
    if word not in lexicon() or any(_under(word, heading) for heading in _THINGS):
        return False
    return not (_under(word, "[color]") and all(any(_under(w, "[color]") for w in side) for side in sides))


def _under(word: str, heading: str) -> bool:
    known = lexicon()
    return any(known.words[line] == heading for place in known.places.get(word, ()) for line in known.above[place])

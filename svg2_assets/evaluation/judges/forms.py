"""Labels in a form in which spelling, number, articles and the tense of verbs make no difference."""

from __future__ import annotations

import re
from functools import lru_cache

from svg2_assets.evaluation.judges.likeness import Kind
from svg2_assets.labels.canonical import plain_name, singular_name
from svg2_assets.labels.words import lemma
from svg2_assets.traser.training.scores import plain

_PARENTHESES = re.compile(r"\([^()]*\)")
_ALTERNATIVES = re.compile(r"\s+or\s+|\s*/\s*")
_PAIR = re.compile(r"^pair of (?=\S)")
_ARTICLE = re.compile(r"\b(?:an?|the)\s+(?=\S)")
_AUXILIARIES = frozenset("is are was were am be been being gets get has have".split())
_SPELLINGS = {
    "grey": "gray", "colour": "color", "coloured": "colored", "colours": "color", "colors": "color",
    "centre": "center", "towards": "toward", "mould": "mold", "moulded": "molded", "tyre": "tire",
    "plough": "plow", "pyjamas": "pajamas", "jewellery": "jewelry", "grayish": "gray", "greyish": "gray",
}  # fmt: skip
_BASES = {
    "being": "be", "bending": "bend", "closing": "close", "crossing": "cross", "cutting": "cut", "drawing": "draw",
    "feeding": "feed", "fighting": "fight", "filling": "fill", "fishing": "fish", "following": "follow",
    "greeting": "greet", "hanging": "hang", "hunting": "hunt", "landing": "land", "lining": "line",
    "loading": "load", "meeting": "meet", "painting": "paint", "parking": "park", "playing": "play",
    "rising": "rise", "serving": "serve", "setting": "set", "singing": "sing", "sitting": "sit", "skating": "skate",
    "skiing": "ski", "surfing": "surf", "swinging": "swing", "training": "train", "wrapping": "wrap",
    "wrestling": "wrestle", "lying": "lie", "laying": "lie", "tying": "tie", "dying": "die", "boxing": "box",
    "building": "build", "coming": "come", "ending": "end", "finding": "find", "getting": "get", "hitting": "hit",
    "leaning": "lean", "leading": "lead", "reading": "read", "sewing": "sew", "shooting": "shoot",
    "spreading": "spread", "turning": "turn", "warning": "warn", "writing": "write", "knitting": "knit",
    "running": "run", "beginning": "begin", "offering": "offer", "dressing": "dress", "beating": "beat",
}  # fmt: skip
"""What the dictionary takes for nouns, or for the form of a rarer verb."""
_THIRD = {"crosses": "cross", "wears": "wear"}


@lru_cache(maxsize=1 << 16)
def forms_of(text: str, kind: Kind) -> tuple[str, ...]:
    """The normal forms of a reference: one, or one for each alternative that it offers (`chair or seat`)."""
    bare = _bare(text)
    found = (_form(part, kind) for part in _ALTERNATIVES.split(bare)) if kind is not Kind.ATTRIBUTE else ()
    return tuple(dict.fromkeys(f for f in found if f)) or (form_of(text, kind),)


@lru_cache(maxsize=1 << 16)
def form_of(text: str, kind: Kind) -> str:
    """The normal form of a label: lower case, words alone, American spelling, no articles, nothing in parentheses.

    Objects are singular. Of attributes and predicates the first word is a verb's base where it is a form of one that
    says who acts: `holds`, `is holding`; participles stay, for `held by` is no `holding`.
    """
    return _form(_bare(text), kind) or plain(text)


@lru_cache(maxsize=1 << 14)
def base_of(word: str) -> str:
    """The base of a verb's `-ing` form; the word itself where it is none."""
    if word in _BASES:
        return _BASES[word]
    return lemma(word) if word.endswith("ing") and len(word) > 5 else word


def _bare(text: str) -> str:
    return _PARENTHESES.sub(" ", plain(text))


def _form(text: str, kind: Kind) -> str:
    text = plain_name(text)
    if kind is Kind.OBJECT:
        text = singular_name(_PAIR.sub("", text))
    words = [_SPELLINGS.get(w, w) for w in _ARTICLE.sub("", text).replace("-", " ").split()]
    if kind is Kind.ATTRIBUTE:
        words = singular_name(" ".join(words)).split() if words else words
    if kind is not Kind.OBJECT:
        words = _active(words, kind)
    return " ".join(words)


def _active(words: list[str], kind: Kind) -> list[str]:
    """Without auxiliaries in front, the verb that leads in its base form."""
    while len(words) > 1 and words[0] in _AUXILIARIES:
        words = words[1:]
    if not words:
        return words
    at = 1 if len(words) > 1 and words[0].endswith("ly") else 0  # `slowly walking`
    first = words[at]
    if first in _THIRD or (kind is Kind.PREDICATE and first.endswith("s")):
        return [*words[:at], _third_person(first), *words[at + 1 :]]
    return [*words[:at], base_of(first), *words[at + 1 :]]


def _third_person(word: str) -> str:
    """`holds` -> `hold`; a word in -s that is no form of anything (`across`, `towards`) stays."""
    return _THIRD.get(word, word if word.endswith("ss") or len(word) < 4 else lemma(word))

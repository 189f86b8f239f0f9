"""One name for what people call differently: for statistics and questions; the name as given stays in the store.

Derived whenever it is needed instead of being stored, so that a better list needs no old row to be written again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files

import polars as pl

from svg2_assets.labels.words import singular

_ARTICLE = re.compile(r"^(?:an?|the|one|this|some) (?=\S)")
_PAIR = re.compile(r"^pair of (?=\S)")
_DRUNK_FROM = frozenset({"beer", "champagne", "cocktail", "drinking", "juice", "martini", "shot", "water", "wine"})
_SPACE = re.compile(r"[\s_]+")
_EDGES = " \t.,;:!?\"'`*()[]{}<>“”‘’«»"
UNCERTAIN = "(uncertain)"
SOURCES = ("lvis", "wordnet", "spelling", "own")
"""Where a synonym is known from; `synonyms.tsv` says what each means."""


def plain_name(name: str) -> str:
    """`name` in lower case with single spaces, without an article, `(uncertain)` or punctuation at its ends."""
    text = _SPACE.sub(" ", unicodedata.normalize("NFC", name).lower().replace(UNCERTAIN, " "))
    return _ARTICLE.sub("", text.strip(_EDGES)).strip(_EDGES)


def singular_name(name: str) -> str:
    """A plain name with its head noun in the singular: `wine glasses` -> `wine glass`.

    The head is the last word, or the one before `of`.
    """
    head, of, rest = name.partition(" of ")
    words = head.split()
    if not words:
        return name
    # Glasses alone are worn.
    last = "glass" if words[-1] == "glasses" and {*words[:-1]} & _DRUNK_FROM else singular(words[-1])
    return " ".join([*words[:-1], last]) + of + rest


@lru_cache(maxsize=1 << 16)
def canonical_name(name: str) -> str:
    """The one name of everything that means the same as `name`: lower case, singular, one of its synonyms.

    `Sofas` -> `couch`, `a pair of glasses` -> `eyeglasses`. A name that no list knows is only made plain and singular.
    """
    known = synonyms()
    plain = plain_name(name)
    one = singular_name(_PAIR.sub("", plain))
    return next((known[n] for n in (plain, one) if n in known), one)


@cache
def synonyms() -> Mapping[str, str]:
    """Every name of `synonyms.tsv` to its canonical one, itself included. Raises `ValueError` for one that has two, and
    for an entry that does not say where it is known from."""
    text = files("svg2_assets.labels").joinpath("synonyms.tsv").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for canonical, others, source in (line.split("\t") for line in text.splitlines() if line and line[0] != "#"):
        if source not in SOURCES:
            raise ValueError(f"synonyms.tsv: {canonical!r} is from {source!r}, which is none of {', '.join(SOURCES)}")
        for name in (canonical, *others.split("|")):
            if found.setdefault(name, canonical) != canonical:
                raise ValueError(f"synonyms.tsv: {name!r} stands under {found[name]!r} and {canonical!r}")
    return found


def same_thing(first: str, second: str) -> bool:
    """Whether two names have the same canonical one."""
    return canonical_name(first) == canonical_name(second)


def canonical_names(names: Iterable[str]) -> dict[str, str]:
    """Each distinct name to its canonical one."""
    return {name: canonical_name(name) for name in set(names)}


def canonical_column(names: pl.Series) -> pl.Series:
    """A column of names as canonical ones, each distinct name looked up once; null stays null."""
    known = canonical_names(names.drop_nulls().unique().to_list())
    return names.replace_strict(known, default=None, return_dtype=pl.String)

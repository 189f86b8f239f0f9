"""Names and attributes from descriptions that stand in a prompt, so that trials give labels that mean something."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resources.devserver.prompts import Prompt, Text

_PHRASE = re.compile(
    r"\b(?:a|an|the|one|two|several)\s+(?P<words>(?:[\w-]+,?\s+(?:and\s+)?){0,5}?[\w-]+)"
    r"(?=\s+(?:in|on|at|with|is|are|was|of|that|which|who|wearing|standing|sitting|moving|moves|walking|walks|lying|"
    r"near|to|from|seen|has|stays|over|under|against|positioned|captured|and\s+(?:a|an|the))\b|[.;:]|"
    r",\s+(?:with|which|who|and|a|an|the|\w+ing)\b|$)"
)
_LEAD = re.compile(
    r"\b(?:the|this)\s+(?:\w+\s+)?(?:video|image|frame|scene|clip|footage|shot|sequence|region)s?\s+"
    r"(?:shows?|features?|depicts?|contains?|is)\s"
)
_KINDS: Mapping[str, frozenset[str]] = {
    kind: frozenset(words.split())
    for kind, words in {
        "colo": "black gray grey white brown beige red orange yellow green blue purple pink silver golden",
        "size": "small medium medium-sized large big tiny tall long short wide huge",
        "material": "wooden metal metallic plastic leather glass stone brick paper cotton denim concrete",
        "pattern": "striped plaid dotted spotted checkered checked floral patterned",
        "shape": "round rectangular square oval cylindrical triangular flat",
    }.items()
}
_LINE = re.compile(r"(?m)^\W*(\d+)\s*[:.)]\s*(.+)$")
_CHARACTERS = 4_000  # of a description that are looked at


@dataclass(frozen=True, slots=True)
class Label:
    """What a description's first noun phrase says: its last word, and the words before it."""

    name: str
    words: tuple[str, ...]


def label_of(description: str) -> Label | None:
    """The label in `description`, None where no noun phrase is found."""
    text = _LEAD.sub(" ", description[:_CHARACTERS].lower())
    match = _PHRASE.search(text)
    if match is None:
        return None
    *before, name = re.findall(r"[\w-]+", match["words"])
    return Label(name, tuple(w for w in before if w != "and"))


def kind_of(word: str) -> str | None:
    """The beginning of the name of the kind of attribute that `word` is, such as `colo`."""
    return next((kind for kind, words in _KINDS.items() if word in words), None)


def described(prompt: Prompt) -> dict[int | str, str]:
    """Descriptions by id: from JSON documents that have objects with `id` and `description`, or lines `id: text`."""
    found: dict[int | str, str] = {}
    for part in _user_texts(prompt):
        try:
            documents: Sequence[Any] = [json.loads(part)]
        except ValueError:
            documents = [
                {"id": int(i), "description": text} for i, text in re.findall(r"(?m)^\W*(\d+)\s*[:.)]\s*(.+)$", part)
            ]
        for row in _rows(documents):
            found[row["id"]] = str(row["description"])
    return found


def last_text(prompt: Prompt) -> str:
    """The last text of a user."""
    return next(reversed(list(_user_texts(prompt))), "")


def _user_texts(prompt: Prompt) -> Iterator[str]:
    for turn in prompt.turns:
        if turn.role == "user":
            yield from (p.text for p in turn.parts if isinstance(p, Text))


def _rows(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if isinstance(value.get("id"), int | str) and "description" in value:
            yield value
        for inner in value.values():
            yield from _rows(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _rows(inner)

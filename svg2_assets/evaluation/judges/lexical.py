"""Tier `lexical`, the default: what outlines of everyday words know of synonyms, kinds and opposites; no model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from svg2_assets.evaluation.judges import attributes, objects, predicates
from svg2_assets.evaluation.judges.forms import form_of, forms_of
from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair, closest
from svg2_assets.evaluation.judges.normalised import Normalised, same_form

RULES = "1"
"""Changes with the rules in code; the tables have digests."""
_RULES_OF: Mapping[Kind, Callable[[str, str], Likeness]] = {
    Kind.OBJECT: objects.object_likeness,
    Kind.ATTRIBUTE: attributes.attribute_likeness,
    Kind.PREDICATE: predicates.predicate_likeness,
}
_KEYS_OF: Mapping[Kind, Callable[[str], frozenset[str]]] = {
    Kind.OBJECT: objects.object_keys,
    Kind.ATTRIBUTE: attributes.attribute_keys,
    Kind.PREDICATE: predicates.predicate_keys,
}
_KNOWS_OF: Mapping[Kind, Callable[[str], bool]] = {
    Kind.OBJECT: objects.knows_object,
    Kind.ATTRIBUTE: attributes.knows_attribute,
    Kind.PREDICATE: predicates.knows_predicate,
}


@dataclass(frozen=True, slots=True)
class Lexical:
    """Identical where the tier `normalised` says so, else what the outlines say; what they do not know is a mismatch.

    `knows` says what they know; nothing is guessed from spelling.
    """

    name: str = "lexical"

    @property
    def version(self) -> str:
        """Rules, and the first digits of a digest of all tables."""
        return f"{RULES}-{_digest()}"

    def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
        """All five classes."""
        return [_likeness(pair) for pair in pairs]

    def keys(self, text: str, kind: Kind) -> frozenset[str]:
        """Its forms, and the lines of the outline that it stands under."""
        forms = {form_of(text, kind), *forms_of(text, kind)}
        return frozenset(forms).union(*(_KEYS_OF[kind](form) for form in forms))

    def knows(self, text: str, kind: Kind) -> bool:
        """Whether the outlines have it, or what decides of it."""
        return any(_KNOWS_OF[kind](form) for form in forms_of(text, kind))


def _likeness(pair: Pair) -> Likeness:
    if same_form(pair):
        return Likeness.IDENTICAL
    said, rule = form_of(pair.prediction, pair.kind), _RULES_OF[pair.kind]
    return closest([rule(form, said) for form in forms_of(pair.reference, pair.kind)])


@cache
def _digest() -> str:
    ours = files("svg2_assets.evaluation.judges")
    tables = [ours.joinpath(name) for name in (objects.FILE, attributes.FILE, predicates.FILE)]
    tables.append(files("svg2_assets.labels").joinpath("synonyms.tsv"))
    text = "\0".join([*(table.read_text(encoding="utf-8") for table in tables), repr(objects.finer())])
    return hashlib.sha256(f"{text}\0{Normalised().version}".encode()).hexdigest()[:8]

"""What a scene graph says, in the form in which it is compared, and what is odd about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from svg2_assets.evaluation.graphs.settings import Direction
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, SYMMETRIC, SYNONYMS, UNKNOWN_NAME, Category, inverse_of
from svg2_assets.traser.training.scores import plain

CATEGORIES = {category: i for i, category in enumerate(Category)}
Ends = tuple[int, int]
"""Subject and object."""


@dataclass(frozen=True, slots=True)
class Oddities:
    """Counts of what is odd; everything counted here is scored all the same, as it stands.

    `unknown_objects`: predicted objects whose id the truth does not have. `unknown_ends`: predicted relations with such
    an end. `missing_objects`: true objects of which nothing is predicted. `unnamed`: predicted objects only called
    `object`. `duplicates`: relations with subject, predicate, object and spans of an earlier one. `outside`: relations
    with a span that ends after its video (by more than `Settings.reach`). `untidy`: relations whose spans are not
    sorted or overlap; they are joined first.
    """

    unknown_objects: int = 0
    unknown_ends: int = 0
    missing_objects: int = 0
    unnamed: int = 0
    duplicates: int = 0
    outside: int = 0
    untidy: int = 0
    true_duplicates: int = 0
    true_outside: int = 0
    true_untidy: int = 0

    def __add__(self, other: Oddities) -> Oddities:
        return Oddities(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Said:
    """A relation as it is compared: `predicate` after `plain`."""

    subject: int
    predicate: str
    object: int
    spans: Spans
    category: int

    @property
    def ends(self) -> Ends:
        """Subject and object."""
        return self.subject, self.object


@dataclass(frozen=True, slots=True)
class Contents:
    """One side: texts after `plain`, by object id. `parts` are the ids of objects that are parts of others.

    `duplicates`, `outside` and `untidy` count relations as `Oddities` does.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    attributes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    parts: frozenset[int] = frozenset()
    relations: tuple[Said, ...] = ()
    duplicates: int = 0
    outside: int = 0
    untidy: int = 0

    @property
    def unnamed(self) -> int:
        """Objects that are only called `object`."""
        return sum(name == UNKNOWN_NAME for name in self.names.values())


def contents_of(graph: SceneGraph | None, *, duration: float, reach: float) -> Contents:
    """What `graph` says of a video of `duration` seconds, with `Settings.reach`; None says nothing."""
    if graph is None:
        return Contents()
    text = _Plain()
    relations, untidy = [], 0
    for r in graph.relations:
        spans = r.spans
        if not _tidy(spans):
            spans, untidy = Spans.of(spans), untidy + 1
        relations.append(Said(r.subject, text[r.predicate], r.object, spans, CATEGORIES[r.category]))
    kinds = Counter((r.ends, r.predicate, r.spans) for r in relations)
    return Contents(
        names={o.id: text[o.name] for o in graph.objects},
        attributes={o.id: tuple(text[a.value] for a in o.attributes) for o in graph.objects},
        parts=frozenset(i for i, level in graph.levels.items() if level > 1),
        relations=tuple(relations),
        duplicates=len(relations) - len(kinds),
        outside=sum(r.spans.parts[-1].end > duration + reach for r in relations),
        untidy=untidy,
    )


def oddities_of(truth: Contents, predicted: Contents) -> Oddities:
    """What is odd about one video."""
    known = {*truth.names, CAMERA_ID}
    return Oddities(
        unknown_objects=len(predicted.names.keys() - known),
        unknown_ends=sum(not known.issuperset(r.ends) for r in predicted.relations),
        missing_objects=len(truth.names.keys() - predicted.names.keys()),
        unnamed=predicted.unnamed,
        duplicates=predicted.duplicates,
        outside=predicted.outside,
        untidy=predicted.untidy,
        true_duplicates=truth.duplicates,
        true_outside=truth.outside,
        true_untidy=truth.untidy,
    )


def readings(said: Said, direction: Direction) -> list[tuple[Ends, str]]:
    """Ends and predicate of all that a relation says: itself, and the same the other way where `direction` lets it."""
    found = [(said.ends, said.predicate)]
    if direction is Direction.AS_GIVEN:
        return found
    known = SYNONYMS.get(said.predicate, said.predicate)
    if known in SYMMETRIC:
        found.append((said.ends[::-1], said.predicate))
    elif direction is Direction.INVERSE and (inverse := inverse_of(known)) is not None:
        found.append((said.ends[::-1], inverse))
    return found


class _Plain(dict[str, str]):
    """Texts after `plain`, each made so once."""

    def __missing__(self, text: str) -> str:
        self[text] = plain(text)
        return self[text]


def _tidy(spans: Spans) -> bool:
    return all(a.end < b.start for a, b in zip(spans.parts, spans.parts[1:], strict=False))

"""How right answers are, object by object and relation by relation (§10 of the paper's protocol, strict criterion).

Predicted object k is object k of the input: nothing is matched by place. A name or predicate is right when it is the
same text after `plain`; a relation when direction and predicate are right and its time overlaps by a tIoU above 0.5; a
triplet when both ends' names are right, too (the camera always is). Each relation is tested alone: one answer may
satisfy several. The paper counts recall; precision is the same test with the sides exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from svg2_assets.scene.spans import tiou
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.text import Statement, Thing, Told

LEAST_TIOU = 0.5
"""A relation's time must overlap by more than this."""

_DOUBT = re.compile(r"\(uncertain\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ratio:
    """`right` of `of`."""

    right: int = 0
    of: int = 0

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.right + other.right, self.of + other.of)

    @property
    def share(self) -> float | None:
        """0..1; None of nothing."""
        return self.right / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts over answers, to be added up (micro averages). `objects` is the paper's accuracy: recall of names."""

    answers: Ratio = field(default_factory=Ratio)
    objects: Ratio = field(default_factory=Ratio)
    objects_precision: Ratio = field(default_factory=Ratio)
    attributes: Ratio = field(default_factory=Ratio)
    attributes_precision: Ratio = field(default_factory=Ratio)
    relations: Ratio = field(default_factory=Ratio)
    relations_precision: Ratio = field(default_factory=Ratio)
    triplets: Ratio = field(default_factory=Ratio)
    triplets_precision: Ratio = field(default_factory=Ratio)

    def __add__(self, other: Scores) -> Scores:
        return Scores(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def rows(self) -> list[tuple[str, str, str]]:
        """(what, recall, precision) with counts, for a table."""
        return [
            ("valid answers", _shown(self.answers), ""),
            *(
                (name, _shown(getattr(self, name)), _shown(getattr(self, f"{name}_precision")))
                for name in ("objects", "attributes", "relations", "triplets")
            ),
        ]

    def figures(self) -> dict[str, float]:
        """Shares by name, those of nothing left out."""
        shares = {f.name: getattr(self, f.name).share for f in fields(self)}
        return {name: share for name, share in shares.items() if share is not None}


def score(truth: Told, told: Told | None) -> Scores:
    """Scores of one answer; None stands for one that could not be read, which tells nothing."""
    said = told or Told()
    true_names, said_names = _names(truth), _names(said)
    right_names = {k for k, name in true_names.items() if said_names.get(k) == name} | {CAMERA_ID}
    return Scores(
        answers=Ratio(int(told is not None), 1),
        objects=Ratio(len(right_names & true_names.keys()), len(true_names)),
        objects_precision=Ratio(len(right_names & said_names.keys()), len(said_names)),
        attributes=_attributes(truth.things, said.things),
        attributes_precision=_attributes(said.things, truth.things),
        relations=_relations(truth.statements, said.statements),
        relations_precision=_relations(said.statements, truth.statements),
        triplets=_relations(truth.statements, said.statements, named=right_names),
        triplets_precision=_relations(said.statements, truth.statements, named=right_names),
    )


def total(scores: Iterable[Scores]) -> Scores:
    """All counts together."""
    return sum(scores, Scores())


def plain(text: str) -> str:
    """Lower case, `_` as a space, without "(uncertain)", single spaces."""
    return " ".join(_DOUBT.sub(" ", text.lower().replace("_", " ")).split())


def _names(told: Told) -> dict[int, str]:
    return {t.number: plain(t.name) for t in told.things}


def _attributes(wanted: Sequence[Thing], given: Sequence[Thing]) -> Ratio:
    """Attributes of `wanted` that the same objects of `given` have."""
    there: Mapping[int, set[str]] = {t.number: {plain(a) for a in t.attributes} for t in given}
    right = [plain(a) in there.get(t.number, set()) for t in wanted for a in t.attributes]
    return Ratio(sum(right), len(right))


def _relations(wanted: Sequence[Statement], given: Sequence[Statement], *, named: set[int] | None = None) -> Ratio:
    """Statements of `wanted` that one of `given` makes; with `named`, only between objects in it."""
    there: dict[tuple[int, str, int], list[Statement]] = {}
    for s in given:
        there.setdefault(_key(s), []).append(s)
    right = [
        (named is None or {s.subject, s.object} <= named)
        and any(tiou(s.spans, other.spans) > LEAST_TIOU for other in there.get(_key(s), ()))
        for s in wanted
    ]
    return Ratio(sum(right), len(right))


def _key(s: Statement) -> tuple[int, str, int]:
    return s.subject, plain(s.predicate), s.object


def _shown(ratio: Ratio) -> str:
    return "–" if ratio.share is None else f"{100 * ratio.share:.1f} % ({ratio.right}/{ratio.of})"

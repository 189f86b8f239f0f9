"""Both sides of one video, compared: what is to be asked of judges, and the counts once that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from svg2_assets.evaluation.graphs.contents import CATEGORIES, Contents, Ends, Said, readings
from svg2_assets.evaluation.graphs.overlaps import passed
from svg2_assets.evaluation.graphs.rulings import Rulings
from svg2_assets.evaluation.graphs.settings import Settings
from svg2_assets.evaluation.graphs.tallies import Measure, Side, Tally, tally
from svg2_assets.evaluation.judges.likeness import Kind, Pair
from svg2_assets.scene.masks import BoolArray, IntArray
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.training.scores import Ratio

Sayings = Mapping[Ends, Mapping[str, list[Spans]]]
"""What a side says of a subject and an object: predicate -> the spans of each relation."""


class Comparison:
    """`truth` and `predicted` of one video. `rulings` must have learned `pairs()` before `tallies()` is asked."""

    def __init__(self, truth: Contents, predicted: Contents, settings: Settings, rulings: Rulings) -> None:
        self.settings, self.rulings = settings, rulings
        self.sides = {Side.RECALL: truth, Side.PRECISION: predicted}
        self.truth, self.predicted = truth, predicted
        self.common = sorted(truth.names.keys() & predicted.names.keys())
        self.said = {side: self._said(contents.relations) for side, contents in self.sides.items()}

    def pairs(self) -> Iterator[Pair]:
        """Every pair of labels that matters; one may come several times."""
        for k in self.common:
            yield Pair(self.truth.names[k], self.predicted.names[k], Kind.OBJECT)
            yield from self.rulings.candidates(*self._attributes(k), Kind.ATTRIBUTE)
        true, predicted = self.said[Side.RECALL], self.said[Side.PRECISION]
        for ends in true.keys() & predicted.keys():
            yield from self.rulings.candidates(true[ends], predicted[ends], Kind.PREDICATE)

    def tallies(self) -> dict[tuple[Side, Measure], Tally]:
        """The counts of all measures."""
        named, found = self._named(), self._attributes_found()
        tallies: dict[tuple[Side, Measure], Tally] = {}
        for side, own in self.sides.items():
            names = [(k, named.get(k, 0)) for k in own.names]
            attributes = [(k, found[side].get((k, a), 0)) for k in own.names for a in own.attributes[k]]
            level = self._levels(side)
            tallies[side, Measure.OBJECTS] = self._of_objects(names, own)
            tallies[side, Measure.ATTRIBUTES] = self._of_objects(attributes, own)
            tallies[side, Measure.RELATIONS] = self._of_relations(level, own)
            tallies[side, Measure.TRIPLETS] = self._of_relations(level * self._ends_named(own.relations, named), own)
        return tallies

    def known(self) -> dict[tuple[str, Kind], Ratio]:
        """Of the distinct labels of both sides, how many each criterion's judge knows."""
        both = (self.truth, self.predicted)
        texts = {
            Kind.OBJECT: {name for c in both for name in c.names.values()},
            Kind.ATTRIBUTE: {a for c in both for many in c.attributes.values() for a in many},
            Kind.PREDICATE: {r.predicate for c in both for r in c.relations},
        }
        return {
            (c.name, kind): Ratio(sum(c.judge.knows(t, kind) for t in some), len(some))
            for c in self.settings.criteria
            for kind, some in texts.items()
        }

    def _said(self, relations: Sequence[Said]) -> Sayings:
        said: dict[Ends, dict[str, list[Spans]]] = defaultdict(lambda: defaultdict(list))
        for r in relations:
            for ends, predicate in readings(r, self.settings.direction):
                said[ends][predicate].append(r.spans)
        return said

    def _attributes(self, k: int) -> tuple[dict[str, None], dict[str, None]]:
        """The different attributes of object `k`, true and predicted."""
        return dict.fromkeys(self.truth.attributes[k]), dict.fromkeys(self.predicted.attributes[k])

    def _named(self) -> dict[int, int]:
        """Object id -> mask of the criteria that accept its name."""
        found = {}
        for k in self.common:
            found[k] = self.rulings.mask(Pair(self.truth.names[k], self.predicted.names[k], Kind.OBJECT))
        return found

    def _attributes_found(self) -> dict[Side, dict[tuple[int, str], int]]:
        """(object id, attribute) -> mask of the criteria that accept it beside one of the other side."""
        found: dict[Side, dict[tuple[int, str], int]] = {side: defaultdict(int) for side in Side}
        for k in self.common:
            for reference, prediction, mask in self.rulings.accepted(*self._attributes(k), Kind.ATTRIBUTE):
                found[Side.RECALL][k, reference] |= mask
                found[Side.PRECISION][k, prediction] |= mask
        return found

    def _levels(self, side: Side) -> IntArray:
        """Per criterion and relation of `side`, [C, N]: 0 without one of the other side that its predicate is like to,
        else 1 and as many as the thresholds that the best of these exceeds."""
        own, other = self.sides[side].relations, self.said[_OTHER[side]]
        level = np.zeros((len(self.settings.criteria), len(own)), dtype=np.int64)
        for ends, places in _places(own).items():
            given = other.get(ends)
            if given is None:
                continue
            true, said = (places, given) if side is Side.RECALL else (given, places)
            for reference, prediction, mask in self.rulings.accepted(true, said, Kind.PREDICATE):
                mine, theirs = (reference, prediction) if side is Side.RECALL else (prediction, reference)
                which = places[mine]
                reached = 1 + passed([own[i].spans for i in which], given[theirs], self.settings.thresholds)
                for c in range(len(level)):
                    if mask >> c & 1:
                        level[c, which] = np.maximum(level[c, which], reached)
        return level

    def _ends_named(self, relations: Sequence[Said], named: Mapping[int, int]) -> BoolArray:
        """Whether the criterion accepts both ends' names, [C, N]; the camera's it always does."""
        masks = {**named, CAMERA_ID: -1}
        both = np.asarray([masks.get(r.subject, 0) & masks.get(r.object, 0) for r in relations], dtype=np.int64)
        return _bits(both, len(self.settings.criteria)).astype(bool)

    def _of_objects(self, masks: Sequence[tuple[int, int]], own: Contents) -> Tally:
        """Counts of (object id, mask)."""
        level = _bits(np.asarray([mask for _, mask in masks], dtype=np.int64), len(self.settings.criteria))
        parts = np.asarray([self._is_part(k, own) for k, _ in masks], dtype=np.int64)
        return tally(level, [(parts, 2)], steps=1)

    def _of_relations(self, level: IntArray, own: Contents) -> Tally:
        relations, settings = own.relations, self.settings
        part = {k: self._is_part(k, own) for k in own.names}
        parts = [part.get(r.subject, False) or part.get(r.object, False) for r in relations]
        seconds = np.asarray([r.spans.duration for r in relations])
        memberships = [
            (np.asarray(parts, dtype=np.int64), 2),
            (np.asarray([r.category for r in relations], dtype=np.int64), len(CATEGORIES)),
            (np.searchsorted(settings.lengths, seconds, side="right"), len(settings.bins)),
        ]
        return tally(level, memberships, steps=1 + len(settings.thresholds))

    def _is_part(self, k: int, own: Contents) -> bool:
        return k in (self.truth if k in self.truth.names else own).parts


_OTHER = {Side.RECALL: Side.PRECISION, Side.PRECISION: Side.RECALL}


def _places(relations: Sequence[Said]) -> dict[Ends, dict[str, list[int]]]:
    """Ends -> predicate -> which of `relations` say so."""
    found: dict[Ends, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, r in enumerate(relations):
        found[r.ends][r.predicate].append(i)
    return found


def _bits(masks: IntArray, criteria: int) -> IntArray:
    """Bit c of each of `masks` [N], [C, N]."""
    return (masks[None] >> np.arange(criteria)[:, None]) & 1

"""Both sides of one video, compared: what is to be asked of judges, and the counts once that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from svg2_assets.evaluation.graphs.contents import CATEGORIES, Contents, Ends, Said, readings
from svg2_assets.evaluation.graphs.overlaps import Many, passed
from svg2_assets.evaluation.graphs.rulings import Rulings
from svg2_assets.evaluation.graphs.settings import Direction, Settings
from svg2_assets.evaluation.graphs.tallies import Measure, Side, Tally, tally
from svg2_assets.evaluation.judges.likeness import Kind, Pair
from svg2_assets.scene.masks import BoolArray, IntArray
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.training.scores import Ratio


@dataclass(frozen=True, slots=True)
class Saying:
    """What a side says of one subject, object and predicate: `which` of its relations, and their spans."""

    which: list[int]
    spans: Many


Sayings = Mapping[Ends, Mapping[str, Saying]]


class Comparison:
    """`truth` and `predicted` of one video. `rulings` must have learned `pairs()` before `tallies()` is asked."""

    def __init__(self, truth: Contents, predicted: Contents, settings: Settings, rulings: Rulings) -> None:
        self.settings, self.rulings = settings, rulings
        self.sides = {Side.RECALL: truth, Side.PRECISION: predicted}
        self.truth, self.predicted = truth, predicted
        self.own = {side: _sayings(c.relations, Direction.AS_GIVEN) for side, c in self.sides.items()}
        self.read = self.own
        if settings.direction is not Direction.AS_GIVEN:
            self.read = {side: _sayings(c.relations, settings.direction) for side, c in self.sides.items()}
        common = sorted(truth.names.keys() & predicted.names.keys())
        self.names = {k: Pair(truth.names[k], predicted.names[k], Kind.OBJECT) for k in common}
        self.attributes = {k: self._candidates_of_object(k) for k in common}
        true, said = self.read[Side.RECALL], self.read[Side.PRECISION]
        together = true.keys() & said.keys()
        self.predicates = {e: rulings.candidates(true[e].keys(), said[e].keys(), Kind.PREDICATE) for e in together}

    def pairs(self) -> Iterator[Pair]:
        """Every pair of labels that judges have to say something of; one may come several times."""
        yield from self.names.values()
        for pairs in chain(self.attributes.values(), self.predicates.values()):
            yield from pairs

    def tallies(self) -> dict[tuple[Side, Measure], Tally]:
        """The counts of all measures."""
        named = {k: self.rulings.mask(pair) for k, pair in self.names.items()}
        found = self._attributes_found()
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

    def _candidates_of_object(self, k: int) -> list[Pair]:
        wanted, given = dict.fromkeys(self.truth.attributes[k]), dict.fromkeys(self.predicted.attributes[k])
        return self.rulings.candidates(wanted, given, Kind.ATTRIBUTE)

    def _attributes_found(self) -> dict[Side, dict[tuple[int, str], int]]:
        """(object id, attribute) -> mask of the criteria that accept it beside one of the other side."""
        found: dict[Side, dict[tuple[int, str], int]] = {side: defaultdict(int) for side in Side}
        for k, pairs in self.attributes.items():
            for pair in pairs:
                if mask := self.rulings.mask(pair):
                    found[Side.RECALL][k, pair.reference] |= mask
                    found[Side.PRECISION][k, pair.prediction] |= mask
        return found

    def _levels(self, side: Side) -> IntArray:
        """Per criterion and relation of `side`, [C, N]: 0 without one of the other side that its predicate is like to,
        else 1 and as many as the thresholds that the best of these exceeds."""
        own, other = self.own[side], self.read[_OTHER[side]]
        level = np.zeros((len(self.settings.criteria), len(self.sides[side].relations)), dtype=np.int64)
        for ends, pairs in self.predicates.items():
            for pair in pairs:
                mine, theirs = pair[:2] if side is Side.RECALL else pair[1::-1]
                mask, wanted, given = self.rulings.mask(pair), own.get(ends, {}).get(mine), other[ends].get(theirs)
                if not mask or wanted is None or given is None:
                    continue
                reached = 1 + passed(wanted.spans, given.spans, self.settings.thresholds)
                for c in range(len(level)):
                    if mask >> c & 1:
                        level[c, wanted.which] = np.maximum(level[c, wanted.which], reached)
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


def _sayings(relations: Sequence[Said], direction: Direction) -> Sayings:
    """What the relations say, by ends and predicate, in every reading that `direction` lets them have."""
    found: dict[Ends, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, r in enumerate(relations):
        for ends, predicate in readings(r, direction):
            found[ends][predicate].append(i)
    return {
        ends: {predicate: Saying(which, Many([relations[i].spans for i in which])) for predicate, which in said.items()}
        for ends, said in found.items()
    }


def _bits(masks: IntArray, criteria: int) -> IntArray:
    """Bit c of each of `masks` [N], [C, N]."""
    return (masks[None] >> np.arange(criteria)[:, None]) & 1

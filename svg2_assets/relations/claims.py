"""A rule's raw verdict, before hysteresis, clutter and contradictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from svg2_assets.relations.pairs import Pair
from svg2_assets.relations.thresholds import Thresholds
from svg2_assets.scene.masks import BoolArray, IntArray
from svg2_assets.scene.spans import Span


@dataclass(frozen=True, slots=True)
class Claim:
    """`subject predicate object` held at those of the sorted `cells` [K] where `raw` [K] is set.

    `weight` (0..1) lowers the rule's base confidence: doubt about names, thin evidence. `settled`: the rule has already
    joined its samples, so they are neither smoothed nor dropped for being short. `longer`: the rule asks for a longer
    time than the usual shortest span. `salience` (0..1): how much a viewer cares, which decides among many true claims.
    `accept` has the last word on each span.
    """

    subject: int
    predicate: str
    object: int
    cells: IntArray
    raw: BoolArray
    weight: float = 1.0
    settled: bool = False
    longer: bool = False
    salience: float = 1.0
    accept: Callable[[Span], bool] | None = None


PairRule = Callable[[Pair, Thresholds], Iterator[Claim]]
"""Looks at a pair in one direction: claims have the pair's first thing as their subject."""


def claim(
    pair: Pair,
    predicate: str,
    raw: BoolArray,
    *,
    weight: float = 1.0,
    longer: bool = False,
    accept: Callable[[Span], bool] | None = None,
) -> Iterator[Claim]:
    """The claim that `raw` [K] says of `pair`, if it ever holds."""
    if raw.any():
        yield Claim(
            subject=pair.first.thing.id,
            predicate=predicate,
            object=pair.second.thing.id,
            cells=pair.cells,
            raw=np.asarray(raw),
            weight=weight,
            longer=longer,
            salience=salience(pair, raw),
            accept=accept,
        )


def salience(pair: Pair, raw: BoolArray) -> float:
    """Named things that are close to each other matter more than unnamed ones far apart."""
    gap = float(np.median(pair.gap[raw] / pair.mean_size[raw]))
    known = (0.5 + 0.5 * pair.first.thing.named) * (0.5 + 0.5 * pair.second.thing.named)
    return known / (1.0 + gap)


def name_weight(pair: Pair) -> float:
    """How far a rule that rests on both names can be trusted: as far as the weaker one. A relation that fits both names
    is itself evidence for them, so their doubts are not multiplied.
    """
    return min(pair.first.thing.name_confidence, pair.second.thing.name_confidence)

"""Rules about places in the image: left of, above, near, overlapping. All of them in the viewer's frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from svg2_assets.relations.claims import Claim, claim
from svg2_assets.relations.pairs import Pair
from svg2_assets.relations.thresholds import Layout, Thresholds
from svg2_assets.scene.masks import BoolArray

UNNAMED_WEIGHT = 0.8


def left_of(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """The first's centre lies clearly left of the second's, side by side rather than one over the other."""
    rules = settings.layout
    dx, dy = (pair.second.centre - pair.first.centre).T
    beside = pair.overlap[:, 0] < rules.side_overlap * pair.narrower[:, 0]
    reach = pair.overlap[:, 0] > -rules.side_reach * pair.mean_size
    raw = (dx >= rules.centre_shift * pair.narrower[:, 0]) & (np.abs(dy) <= dx) & beside & reach
    yield from claim(pair, "left of", raw)


def above(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """The first lies over the second in the image. Only of a thing that was moved and does not stand on the ground:
    of others, higher up in the image may mean farther away.
    """
    if _may_be_farther(pair) or pair.first.thing.path < settings.layout.moved:
        return
    rules = settings.layout
    dx, dy = (pair.second.centre - pair.first.centre).T
    over = pair.overlap[:, 1] < rules.side_overlap * pair.narrower[:, 1]
    column = pair.overlap[:, 0] > -rules.above_gap * pair.narrower[:, 0]
    reach = pair.overlap[:, 1] > -rules.above_reach * pair.mean_size
    raw = (dy > 0) & (dy >= rules.above_slope * np.abs(dx)) & over & column & reach
    yield from claim(pair, "above", raw, weight=_unnamed(pair))


def near(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """The gap is small against the things' sizes, and standing things have their feet at one depth."""
    raw = (pair.gap < settings.layout.near_gap * pair.mean_size) & same_depth(pair, settings.layout)
    yield from claim(pair, "near", raw, weight=_unnamed(pair))


def overlapping(pair: Pair, _settings: Thresholds) -> Iterator[Claim]:
    """The masks meet or share pixels: true of the image, no statement about depth."""
    yield from claim(pair, "overlapping", pair.contact)


def same_depth(pair: Pair, rules: Layout) -> BoolArray:
    """[K] whether nothing speaks against a similar distance from the camera: feet on one line, people equally tall.

    What was never moved lies on something, so its lower edge counts as feet, except where it meets the other thing.
    """
    first, second = pair.first, pair.second
    level = np.ones(len(pair.cells), dtype=bool)
    if all(side.thing.stands or side.thing.path < rules.moved for side in (first, second)):
        level &= np.abs(first.high[:, 1] - second.high[:, 1]) <= rules.same_depth * pair.mean_height
        if not (first.thing.stands and second.thing.stands):
            level |= pair.contact
    if first.thing.person and second.thing.person:
        level &= pair.narrower[:, 1] >= rules.same_height * np.maximum(first.height, second.height)
    return level


def _may_be_farther(pair: Pair) -> bool:
    upper, lower = pair.first.thing, pair.second.thing
    return upper.stands or (lower.stands and not upper.named)


def _unnamed(pair: Pair) -> float:
    return 1.0 if pair.first.thing.named and pair.second.thing.named else UNNAMED_WEIGHT

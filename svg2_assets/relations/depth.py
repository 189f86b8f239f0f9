"""Rules about depth: in front of, touching. Claimed only where two masks meet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from svg2_assets.relations.claims import Claim, claim, name_weight
from svg2_assets.relations.layout import UNNAMED_WEIGHT, same_depth
from svg2_assets.relations.pairs import Pair
from svg2_assets.relations.things import BOTTOM, is_a
from svg2_assets.relations.thresholds import Thresholds
from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.taxonomy import ANIMALS, RIDEABLE, SURFACES


def in_front_of(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """Two witnesses. Standing things that meet: the one with the lower feet is nearer. A thing that does not stand: it
    is nearer when its outline lies within the other's silhouette, which it interrupts.
    """
    first, second = pair.first.thing, pair.second.thing
    if first.stands and second.stands:
        if not _mount(first.name, second.person):
            yield from claim(pair, "in front of", _nearer_feet(pair, settings), weight=name_weight(pair))
    elif not first.stands and not is_a(second.name, SURFACES):
        weight = 1.0 if first.named and second.named else UNNAMED_WEIGHT
        yield from claim(pair, "in front of", _interrupts(pair, settings), weight=weight)


def touching(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """Standing things whose masks meet with the feet on one line. Contact in the image alone is not touching."""
    first, second = pair.first, pair.second
    if not (first.thing.stands and second.thing.stands):
        return
    level = np.abs(first.high[:, 1] - second.high[:, 1]) <= settings.depth.touching_feet * pair.mean_height
    whole = ~first.cut[:, BOTTOM] & ~second.cut[:, BOTTOM]
    raw = pair.contact & level & whole & same_depth(pair, settings.layout)
    yield from claim(pair, "touching", raw, weight=name_weight(pair))


def _nearer_feet(pair: Pair, settings: Thresholds) -> BoolArray:
    """[K] The first's feet are lower; feet below the frame count as lower, feet of the second must be seen."""
    rules = settings.depth
    lower = pair.first.high[:, 1] - pair.second.high[:, 1] >= rules.feet * pair.mean_height
    aligned = pair.overlap[:, 0] >= rules.feet_overlap * pair.narrower[:, 0]
    return np.asarray(pair.contact & lower & aligned & ~pair.second.cut[:, BOTTOM])


def _interrupts(pair: Pair, settings: Thresholds) -> BoolArray:
    rules = settings.depth
    area, other = pair.first.size**2, pair.second.size**2
    return np.asarray((pair.ring_first >= rules.ring) & (area <= rules.smaller * other) & pair.contact)


def _mount(name: str, other_is_person: bool) -> bool:
    """A horse's feet are below its rider's and it is not in front of the rider."""
    return other_is_person and is_a(name, RIDEABLE | ANIMALS)

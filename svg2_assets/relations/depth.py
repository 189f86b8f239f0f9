"""Rules about depth: in front of, touching. Claimed only where two masks meet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from svg2_assets.relations.claims import Claim, claim, name_weight
from svg2_assets.relations.layout import UNNAMED_WEIGHT, same_depth
from svg2_assets.relations.pairs import Pair, Side
from svg2_assets.relations.things import BOTTOM, is_a
from svg2_assets.relations.thresholds import Depth, Thresholds
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.taxonomy import ANIMALS, RIDEABLE, SURFACES


def in_front_of(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """Three witnesses. Standing things that meet: the one with the lower feet is nearer. A thing that does not stand:
    it is nearer when its outline lies within the other's silhouette, which it interrupts. Any two that meet and part
    again: the one that keeps its area hides the one that loses some.
    """
    first, second = pair.first.thing, pair.second.thing
    weight = 1.0 if first.named and second.named else UNNAMED_WEIGHT
    hides = _hides(pair, settings)
    if first.stands and second.stands:
        if not _mount(first.name, second.person):
            yield from claim(pair, "in front of", _nearer_feet(pair, settings) | hides, weight=name_weight(pair))
    elif first.stands or is_a(second.name, SURFACES):
        yield from claim(pair, "in front of", hides, weight=weight)
    else:
        yield from claim(pair, "in front of", _interrupts(pair, settings) | hides, weight=weight)


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


def _hides(pair: Pair, settings: Thresholds) -> BoolArray:
    """[K] The meetings in which the second loses part of its area while the first keeps its own."""
    rules, raw = settings.depth, np.zeros(len(pair.cells), dtype=bool)
    meets = np.flatnonzero(pair.contact & ~pair.first.cut.any(axis=1) & ~pair.second.cut.any(axis=1))
    for meeting in np.split(meets, np.flatnonzero(np.diff(meets) > 1) + 1):
        if _free_around(meeting, pair, rules):
            own, other = (_lost(side, meeting, pair, rules) for side in (pair.first, pair.second))
            worst = int(np.argmax(other))
            lost = other[worst] >= rules.hidden and abs(own[worst]) <= rules.whole
            raw[meeting] = lost and _could_hide(pair, int(meeting[worst]), rules)
    return raw


def _could_hide(pair: Pair, k: int, rules: Depth) -> bool:
    """Whether the boxes overlap enough to explain a loss, between things of like size: against a large thing's flicker
    the small one's area says nothing.
    """
    across = np.maximum(pair.overlap[k], 0.0).prod()
    area, other = pair.first.size[k] ** 2, pair.second.size[k] ** 2
    return bool(across >= rules.hidden * other and min(area, other) >= rules.like_size * max(area, other))


def _free_around(meeting: IntArray, pair: Pair, rules: Depth) -> bool:
    """Whether both were seen apart just before and just after, without a long absence between."""
    n = rules.free_cells
    if not len(meeting) or meeting[0] < n or meeting[-1] + n >= len(pair.cells):
        return False
    around = pair.times[meeting[-1] + n] - pair.times[meeting[0] - n]
    return bool(around - (pair.times[meeting[-1]] - pair.times[meeting[0]]) <= rules.free_time)


def _lost(side: Side, meeting: IntArray, pair: Pair, rules: Depth) -> FloatArray:
    """The share of a thing's area that is missing in each cell of a meeting, against just before and just after."""
    areas, n = side.thing.areas[pair.cells], rules.free_cells
    first, last = meeting[0], meeting[-1]
    ends = np.median(areas[first - n : first]), np.median(areas[last + 1 : last + 1 + n])
    return np.asarray(1.0 - areas[meeting] / np.interp(pair.times[meeting], pair.times[[first, last]], ends))


def _mount(name: str, other_is_person: bool) -> bool:
    """A horse's feet are below its rider's and it is not in front of the rider."""
    return other_is_person and is_a(name, RIDEABLE | ANIMALS)

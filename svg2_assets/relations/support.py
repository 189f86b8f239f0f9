"""Rules about support: inside, on, riding. All rest on names, so unnamed things take no part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from svg2_assets.relations.claims import Claim, claim, name_weight
from svg2_assets.relations.pairs import Pair
from svg2_assets.relations.things import BOTTOM, is_a
from svg2_assets.relations.thresholds import Support, Thresholds
from svg2_assets.scene.masks import BoolArray, FloatArray
from svg2_assets.scene.taxonomy import ANIMALS, CONTAINERS, RIDEABLE, SURFACES, VEHICLES

MOUNTS = RIDEABLE | (ANIMALS & frozenset({"horse", "elephant", "cow"}))
BOARDS = frozenset({"skateboard", "surfboard", "snowboard", "skis"})


def inside(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """Into a closed container only: within its width, lower edge hidden between its rim and its floor, moving with it.

    A container that never moves shows the same picture as one that stands in front; a vehicle must move.
    """
    thing, holder = pair.first.thing, pair.second.thing
    if not is_a(holder.name, CONTAINERS) or is_a(thing.name, CONTAINERS | SURFACES):
        return
    rules = settings.support
    raw = _sunk(pair, rules) & (_relative_speed(pair) <= rules.rest)
    if is_a(holder.name, VEHICLES):
        raw &= pair.second.pace >= settings.kinetics.speed * pair.second.height
    yield from claim(pair, "inside", raw, weight=name_weight(pair) if thing.named else holder.name_confidence * 0.8)


def on(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """At rest on a supporting surface: lower edge within the surface's mask, most of the width over it."""
    thing, support = pair.first.thing, pair.second.thing
    if not is_a(support.name, SURFACES) or thing.person or is_a(thing.name, SURFACES):
        return
    rules = settings.support
    foot = pair.first.high[:, 1]
    carried = (foot >= pair.second.low[:, 1]) & (foot <= pair.second.high[:, 1] - rules.on_bottom * pair.second.height)
    over = pair.overlap[:, 0] >= rules.on_width * pair.first.extent[:, 0]
    raw = pair.contact & carried & over & (_relative_speed(pair) <= rules.rest)
    yield from claim(pair, "on", raw, weight=support.name_confidence)


def riding(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """A person over a mount, seat above its feet, who moves as it moves. A mount that never moves proves nothing."""
    rider, mount = pair.first.thing, pair.second.thing
    if not (rider.person and is_a(mount.name, MOUNTS)):
        return
    rules = settings.support
    seated = pair.contact & _seated(pair, rules)
    moving = seated & (pair.second.pace >= settings.kinetics.speed * pair.second.height)
    together = moving & (_apart(pair) <= rules.ride_together * np.maximum(pair.second.pace, 1.0))
    if moving.any() and together.sum() >= rules.ride_share * moving.sum():
        yield from claim(pair, "riding", seated, weight=name_weight(pair))


def _sunk(pair: Pair, rules: Support) -> BoolArray:
    foot, top, floor = pair.first.high[:, 1], pair.second.low[:, 1], pair.second.high[:, 1]
    within = pair.overlap[:, 0] >= rules.inside_width * pair.first.extent[:, 0]
    below_rim = foot >= top + rules.inside_top * pair.second.height
    above_floor = foot <= floor - rules.inside_bottom * pair.second.height
    smaller = pair.first.size**2 <= rules.inside_area * pair.second.size**2
    return np.asarray(pair.contact & within & below_rim & above_floor & smaller)


def _seated(pair: Pair, rules: Support) -> BoolArray:
    rider, mount = pair.first, pair.second
    middle = (rider.centre[:, 0] >= mount.low[:, 0]) & (rider.centre[:, 0] <= mount.high[:, 0])
    higher = (rider.low[:, 1] < mount.low[:, 1]) | (rider.centre[:, 1] < mount.centre[:, 1])
    if is_a(mount.thing.name, BOARDS):
        feet = np.abs(rider.high[:, 1] - mount.centre[:, 1]) <= 0.5 * mount.size
        return np.asarray(middle & feet)
    lift = rules.seat_animal if is_a(mount.thing.name, ANIMALS) else rules.seat_cycle
    feet = rider.high[:, 1] <= mount.high[:, 1] - lift * mount.height
    return np.asarray(middle & higher & feet & ~mount.cut[:, BOTTOM])


def _apart(pair: Pair) -> FloatArray:
    """[K] how fast the two move apart, pixels a second."""
    difference = pair.first.velocity - pair.second.velocity
    return np.hypot(difference[:, 0], difference[:, 1])


def _relative_speed(pair: Pair) -> FloatArray:
    """[K] how fast they move apart, in heights of the smaller a second."""
    return np.asarray(_apart(pair) / pair.narrower[:, 1])

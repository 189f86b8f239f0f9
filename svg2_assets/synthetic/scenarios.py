"""Stories: each stages a few actors whose relations are known because the script makes them happen."""

from __future__ import annotations

import numpy as np

from svg2_assets.scene.masks import BoolArray, FloatArray
from svg2_assets.scene.taxonomy import Category
from svg2_assets.synthetic.actors import HOLDING_ANGLE, Actor, ease, slide
from svg2_assets.synthetic.creatures import make_dog, make_horse, make_person
from svg2_assets.synthetic.stage import Scenario, Stage
from svg2_assets.synthetic.things import (
    FLYERS,
    ITEMS,
    make_ball,
    make_box,
    make_car,
    make_cup,
    make_pebble,
    make_table,
    make_trailer,
    make_truck,
)

NEARER = 0.002  # added to the depth of what is held, so that it is drawn before its holder
TALKING_RATE = 4.0  # mouth movements a second


def kick_ball(stage: Stage) -> None:
    """A person walks up to a ball and kicks it away."""
    u, y, way = stage.u, stage.lane(0.4), stage.rng.choice([-1.0, 1.0])
    middle = stage.aspect / 2 + stage.rng.uniform(-0.15, 0.15)
    person = stage.add(
        stage.make(make_person),
        x=middle + way * slide(u, (0, -0.5), (0.4, -0.06), (1, -0.02)),
        y=y,
        facing=way,
    )
    flight = np.clip((u - 0.42) / 0.58, 0, 1)
    hop = 0.14 * np.abs(np.sin(flight * 3 * np.pi)) * (1 - flight)
    ball = stage.add(
        stage.make(make_ball),
        x=middle + way * (0.06 + 0.75 * (1 - (1 - flight) ** 2)),
        y=y + 0.005 - hop,
        depth=y + NEARER,
        size=0.075 * stage.scale_at(y),
        facing=way,
    )
    ball.grounded[:] = hop < 0.01
    kick = np.exp(-(((u - 0.42) / 0.05) ** 2))
    person.angles["leg"] = -1.1 * kick + np.where(u < 0.4, -0.5 * np.sin(person.travelled * 7), 0)
    stage.claim(person, "kicking", ball, Category.FUNCTIONAL, np.abs(u - 0.43) < max(0.07, 2.5 / stage.count))
    look_at(stage, person, ball)


def push_box(stage: Stage) -> None:
    """A person pushes a box along the ground, then lets go of it."""
    u, y, way = stage.u, stage.lane(0.4), stage.rng.choice([-1.0, 1.0])
    start = stage.aspect / 2 - way * 0.4
    figure, held = stage.make(make_person), 0.75
    pushed = start + way * 0.75 * slide(u, (0, 0), (0.15, 0), (held, 1), (1, 1))
    crate = stage.add(stage.make(make_box), x=pushed, y=y, facing=1)
    reach = stage.half_width(crate.figure, y) + 0.3 * figure.height * float(stage.scale_at(y))
    behind = reach + slide(u, (0, 0.12), (0.15, 0), (held, 0), (1, 0.2))
    person = stage.add(figure, x=pushed - way * behind, y=y + 0.001)
    person.facing[:] = way
    contact = (u >= 0.15) & (u <= held)
    person.angles["arm"] = np.where((u > 0.08) & (u <= held + 0.05), -1.35, 0.0)
    stage.claim(person, "pushing", crate, Category.FUNCTIONAL, contact)
    stage.claim(person, "touching", crate, Category.SPATIAL, contact)


def converse(stage: Stage) -> None:
    """Two people walk up to each other, face each other and talk; one waves first."""
    u, y, middle = stage.u, stage.lane(0.35, 0.9), stage.aspect / 2 + stage.rng.uniform(-0.3, 0.3)
    gap = slide(u, (0, 0.5), (0.35, 0.12), (1, 0.12)) if stage.rng.random() < 0.6 else np.full(stage.count, 0.12)
    left = stage.add(stage.make(make_person), x=middle - gap, y=y, facing=1)
    right = stage.add(stage.make(make_person), x=middle + gap, y=y + 0.01, facing=-1)
    met = gap < 0.125
    talk(stage, left, right, met & (u < 0.7))
    talk(stage, right, left, met & (u > 0.55))
    waving = (u > 0.05) & (u < 0.3)
    left.angles["arm"] = np.where(waving, -2.6 + 0.4 * np.sin(stage.seconds * 14), 0.0)
    stage.claim(left, "waving at", right, Category.SOCIAL, waving)
    stage.claim(left, "facing", right, Category.SOCIAL)
    stage.claim(right, "facing", left, Category.SOCIAL)


def put_away(stage: Stage) -> None:
    """A person picks something up, carries it to a box and puts it in."""
    u, y = stage.u, stage.lane(0.45, 0.85)
    way, middle = stage.rng.choice([-1.0, 1.0]), stage.aspect / 2
    crate = stage.add(stage.make(make_box), x=middle + way * 0.38, y=y + 0.005, facing=1)
    person = stage.add(
        stage.make(make_person),
        x=middle + way * slide(u, (0, -0.5), (0.2, -0.36), (0.3, -0.36), (0.65, 0.22), (1, 0.22)),
        y=y,
        facing=way,
    )
    taken, released = (u >= 0.25), (u >= 0.72)
    person.angles["arm"] = slide(u, (0.15, 0), (0.22, -0.5), (0.3, HOLDING_ANGLE), (0.7, HOLDING_ANGLE), (0.8, 0))
    item = _held_between(stage, person, start_x=middle - way * 0.22, picked=0.25)
    drop = ease(u, 0.72, 0.8)
    # It looks out of the box: what cannot be seen would be true of nothing.
    rest = crate.y - crate.size + 0.5 * item.size
    item.x[:] = item.x * (1 - drop) + crate.x * drop
    item.y[:] = item.y * (1 - drop) + rest * drop
    item.depth[:] = np.where(released, crate.depth, item.depth)
    _hold(stage, person, item, taken & ~released, carried=(u > 0.3) & (u < 0.66))
    stage.claim(item, "inside", crate, Category.SPATIAL, u > 0.8)
    stage.claim(person, "putting away", item, Category.EVENT_LEVEL, (u >= 0.2) & (u <= 0.8))


def hand_over(stage: Stage) -> None:
    """One person carries something to another, who takes it and walks off with it."""
    u, y = stage.u, stage.lane(0.4, 0.9)
    way, middle = stage.rng.choice([-1.0, 1.0]), stage.aspect / 2 + stage.rng.uniform(-0.15, 0.15)
    giver = stage.add(stage.make(make_person), x=middle + way * slide(u, (0, -0.5), (0.45, -0.13), (1, -0.13)), y=y)
    giver.facing[:] = way
    taker = stage.add(
        stage.make(make_person), x=middle + way * slide(u, (0, 0.13), (0.65, 0.13), (1, 0.5)), y=y - 0.005
    )
    taker.facing[:] = np.where(u < 0.65, -way, way)
    passed = u >= 0.55
    giver.angles["arm"] = np.where(u < 0.6, HOLDING_ANGLE, 0.0)
    taker.angles["arm"] = np.where(u > 0.45, HOLDING_ANGLE, 0.0)
    item = _held_between(stage, giver, start_x=middle, picked=0.0)
    turn = ease(u, 0.5, 0.6)
    hand_x, hand_y = taker.hand()
    item.x[:] = item.x * (1 - turn) + hand_x * turn
    item.y[:] = item.y * (1 - turn) + (hand_y + 0.4 * item.size) * turn
    _hold(stage, giver, item, ~passed, carried=u < 0.45)
    _hold(stage, taker, item, passed, carried=u > 0.66)
    stage.claim(giver, "handing over to", taker, Category.EVENT_LEVEL, (u > 0.4) & (u < 0.62))
    stage.claim(giver, "facing", taker, Category.SOCIAL, (u < 0.65))


def ride(stage: Stage) -> None:
    """A person rides a horse across the picture."""
    y, x = stage.lane(0.4, 0.9), _across(stage)
    horse = stage.add(stage.make(make_horse), x=x, y=y)
    rider = stage.add(
        stage.make(make_person), x=x, y=y - 0.42 * horse.size, depth=y + NEARER, size=0.8 * horse.size, grounded=False
    )
    rider.facing[:] = horse.facing
    for joint in ("leg", "back leg"):
        rider.angles[joint] = np.full(stage.count, -0.5)
    rider.angles["arm"] = np.full(stage.count, -0.9)
    stage.claim(rider, "riding", horse, Category.STATEFUL)
    stage.claim(rider, "on", horse, Category.SPATIAL)


def tow(stage: Stage) -> None:
    """A truck tows a trailer."""
    y = stage.lane(0.4, 0.9)
    truck = stage.add(stage.make(make_truck), x=_across(stage), y=y)
    figure = stage.make(make_trailer)
    gap = 1.2 * truck.size + 1.25 * figure.height * stage.scale_at(y)
    trailer = stage.add(figure, x=truck.x - truck.facing * gap, y=y - 0.001, facing=truck.facing)
    stage.claim(trailer, "attached to", truck, Category.STATEFUL)


def overtake(stage: Stage) -> None:
    """A car overtakes another one on the nearer lane."""
    u, y, way = stage.u, stage.lane(0.25, 0.6), stage.rng.choice([-1.0, 1.0])
    middle = stage.aspect / 2
    slow = stage.add(stage.make(make_car, make_truck), x=middle + way * (0.35 * u - 0.15), y=y, facing=way)
    fast = stage.add(stage.make(make_car), x=middle + way * (1.5 * u - 0.85), y=y + 0.09, facing=way)
    ahead = way * (fast.x - slow.x)
    stage.claim(fast, "overtaking", slow, Category.EVENT_LEVEL, np.abs(ahead) < 0.45)


def chase(stage: Stage) -> None:
    """An animal runs after a person or another animal."""
    u, y, way = stage.u, stage.lane(0.35, 0.9), stage.rng.choice([-1.0, 1.0])
    start = stage.aspect / 2 - way * 0.35
    prey = stage.add(stage.make(make_person, make_dog), x=start + way * 0.95 * u, y=y, facing=way)
    hunter = stage.add(stage.make(make_dog), x=start + way * (0.97 * u - 0.38), y=y + 0.006, facing=way)
    stage.claim(hunter, "chasing", prey, Category.EVENT_LEVEL)
    stage.claim(hunter, "looking at", prey, Category.ATTENTIONAL)


def flock(stage: Stage) -> None:
    """Two flyers cross the sky side by side."""
    x, height = _across(stage, size=0.1), stage.rng.uniform(0.12, 0.25)
    bob = 0.015 * np.sin(stage.seconds * 3)
    for i in range(2):
        stage.add(
            stage.make(*FLYERS),
            x=x - 0.03 + 0.16 * i,
            y=height + bob + 0.05 * i,
            size=0.09,
            depth=0.2 + 0.05 * i,
            grounded=False,
        )


def watch(stage: Stage) -> None:
    """A person stands and turns after something that passes."""
    y = stage.lane(0.5, 0.95)
    passing = stage.add(stage.make(make_dog, make_car, make_ball), x=_across(stage), y=y - 0.12)
    person = stage.add(stage.make(make_person), x=stage.aspect / 2 + stage.rng.uniform(-0.3, 0.3), y=y)
    person.facing[:] = np.where(passing.x > person.x, 1, -1)
    look_at(stage, person, passing)


def lay_table(stage: Stage) -> None:
    """Something stands on a table; a person comes to it, and takes it up half of the time."""
    u, y, way = stage.u, stage.lane(0.4, 0.85), stage.rng.choice([-1.0, 1.0])
    middle = stage.aspect / 2 + stage.rng.uniform(-0.25, 0.25)
    table = stage.add(stage.make(make_table), x=middle, y=y, facing=1)
    top = y - 0.98 * float(table.size[0])
    edge = 1.1 * float(table.size[0])
    item = stage.add(
        stage.make(make_cup, make_pebble), x=middle - way * 0.6 * edge, y=top, depth=y + NEARER, grounded=False
    )
    item.size[:] = item.figure.height * stage.scale_at(y)
    person = stage.add(
        stage.make(make_person), x=middle - way * (edge + slide(u, (0, 0.6), (0.4, 0.02), (1, 0.02))), y=y - 0.02
    )
    person.facing[:] = way
    taken = (u > 0.55) & (stage.rng.random() < 0.6)
    person.angles["arm"] = slide(u, (0.42, 0), (0.52, HOLDING_ANGLE), (0.7, -1.5)) if taken.any() else 0 * u
    lift = ease(u, 0.52, 0.6) * taken
    hand_x, hand_y = person.hand()
    item.x[:] = item.x * (1 - lift) + hand_x * lift
    item.y[:] = item.y * (1 - lift) + (hand_y + 0.4 * item.size) * lift
    stage.claim(item, "on", table, Category.SPATIAL, ~taken & (lift == 0))
    _hold(stage, person, item, taken, carried=np.zeros(stage.count, dtype=bool))
    look_at(stage, person, item)


def unpack(stage: Stage) -> None:
    """Something hops out of a box in the middle of the shot, or goes into one."""
    u, y, way = stage.u, stage.lane(0.35, 0.9), stage.rng.choice([-1.0, 1.0])
    x = stage.aspect / 2 + stage.rng.uniform(-0.4, 0.4)
    crate = stage.add(stage.make(make_box), x=x, y=y, facing=1)
    out = stage.rng.random() < 0.7
    clock = u if out else 1 - u
    start = stage.rng.uniform(0.35, 0.55)
    # It looks out for a while before it comes out, so that it can be seen inside.
    rise = 0.45 * ease(clock, start, start + 0.06) + 0.55 * ease(clock, start + 0.18, start + 0.24)
    away, down = ease(clock, start + 0.22, 0.98), ease(clock, start + 0.26, start + 0.38)
    item = stage.add(
        stage.make(make_ball, make_pebble, make_dog),
        x=crate.x + way * 0.45 * away,
        y=y - 0.05 * crate.size - 0.95 * crate.size * rise * (1 - down),
        depth=y + np.where(away > 0.0, 2 * NEARER + 0.006, 0.0),
    )
    # Nothing of it may stick out of the sides.
    item.size[:] = min(0.62, 0.5 / item.figure.half_width) * crate.size
    item.grounded[:] = down > 0.99
    stage.claim(item, "inside", crate, Category.SPATIAL, rise < 0.6)
    leaving = (clock > start) & (down < 1)
    stage.claim(item, "coming out of" if out else "going into", crate, Category.EVENT_LEVEL, leaving)


def look_at(stage: Stage, person: Actor, target: Actor) -> None:
    """Turn the head of `person` towards `target`; it looks where it also faces it."""
    rise = (target.y - 0.5 * target.size) - (person.y - 0.9 * person.size)
    run = np.abs(target.x - person.x) + 1e-6
    facing = person.facing * (target.x - person.x) > 0
    person.angles["head"] = np.where(facing, np.clip(np.arctan2(rise, run), -0.5, 0.6), 0.0)
    stage.claim(person, "looking at", target, Category.ATTENTIONAL, facing)


def talk(stage: Stage, speaker: Actor, listener: Actor, when: BoolArray) -> None:
    """Move the mouth of `speaker` while it talks to `listener`, who is looked at."""
    rate = min(TALKING_RATE, 0.3 * stage.settings.fps)  # slower than the frames, so that it is seen to move
    speaker.shown["mouth"] |= when & (np.sin(stage.seconds * rate * 2 * np.pi) > -0.2)
    stage.claim(speaker, "talking to", listener, Category.SOCIAL, when)
    stage.claim(speaker, "looking at", listener, Category.ATTENTIONAL, when)


def _held_between(stage: Stage, person: Actor, *, start_x: float, picked: float) -> Actor:
    """An item that lies at `start_x` and is in the hand of `person` from the share `picked` of the shot on."""
    figure, ground = stage.make(*ITEMS), float(person.y[0])
    size = figure.height * float(stage.scale_at(ground))
    taken = ease(stage.u, picked - 0.02, picked + 0.03) if picked > 0 else np.ones(stage.count)
    hand_x, hand_y = person.hand()
    item = stage.add(
        figure,
        x=start_x * (1 - taken) + hand_x * taken,
        y=(ground + 0.005) * (1 - taken) + (hand_y + 0.4 * size) * taken,
        facing=1,
        size=size,
        depth=person.depth + NEARER,
    )
    item.grounded[:] = taken == 0
    return item


def _hold(stage: Stage, person: Actor, item: Actor, held: BoolArray, *, carried: BoolArray) -> None:
    stage.claim(person, "holding", item, Category.FUNCTIONAL, held)
    stage.claim(person, "carrying", item, Category.STATEFUL, held & carried)


def _across(stage: Stage, *, size: float = 0.3) -> FloatArray:
    """A way from one border to the other, [F]; it begins and ends about where the thing is out of sight."""
    way = stage.rng.choice([-1.0, 1.0])
    reach = stage.aspect / 2 + size * stage.rng.uniform(0.2, 1.2)
    begin, end = stage.rng.uniform(-0.1, 0.15), stage.rng.uniform(0.85, 1.2)
    return np.asarray(stage.aspect / 2 + way * reach * slide(stage.u, (begin, -1), (end, 1)))


STORIES: tuple[Scenario, ...] = (kick_ball, push_box, converse, put_away, hand_over, chase, watch, lay_table)
OUTDOOR_STORIES: tuple[Scenario, ...] = (ride, tow, overtake, flock)

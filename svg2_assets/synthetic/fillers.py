"""What fills a shot beside its stories: things that stay, pass, come late or hide; look-alikes; occluders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from svg2_assets.scene.masks import FloatArray
from svg2_assets.synthetic.actors import Actor, ease, slide
from svg2_assets.synthetic.creatures import make_dog, make_person
from svg2_assets.synthetic.figures import Family, Figure
from svg2_assets.synthetic.stage import Stage
from svg2_assets.synthetic.things import (
    FLYERS,
    OCCLUDERS,
    PARTED,
    PLAIN,
    SMALL,
    make_ball,
    make_car,
    make_hedge,
    make_house,
    make_tree,
)

MOBILE = frozenset({Family.PERSON, Family.ANIMAL, Family.VEHICLE, Family.FLYER})
SMALL_SIZE = (0.03, 0.06)  # frame heights

Way = Callable[[Stage, float], FloatArray]
"""A way along x, [F], of a thing whose half width is given (world units)."""


def add_filler(stage: Stage) -> None:
    """One more thing, its kind and its way drawn by the settings' shares."""
    rng, settings = stage.rng, stage.settings
    if rng.random() < settings.small_share:
        add_small(stage)
    elif rng.random() < settings.late_share:
        (pop_out if rng.random() < 0.6 else come_late)(stage)
    elif rng.random() < 0.12 and stage.backdrop.outdoor:
        add_flyer(stage)
    else:
        add_thing(stage, stage.make(*(PARTED if rng.random() < settings.parts_share else PLAIN)))


def add_thing(stage: Stage, figure: Figure, *, same_as: Actor | None = None) -> Actor:
    """`figure` on a lane of its own: it passes when it can move and the settings say so, else it stays or strolls."""
    y = stage.lane()
    ways: tuple[Way, ...] = (stay,)
    if figure.family in MOBILE:
        ways = (cross, enter, leave) if stage.rng.random() < stage.settings.crossing_share else (stay, stroll, stroll)
    way = ways[int(stage.rng.integers(len(ways)))]
    x = way(stage, stage.half_width(figure, y))
    facing = stage.rng.choice([-1.0, 1.0]) if np.ptp(x) < 1e-6 else None
    return stage.add(figure, x=x, y=y, facing=facing, same_as=same_as)


def add_small(stage: Stage) -> None:
    """A thing of a few pixels, lying or rolling."""
    figure, y = stage.make(*SMALL), stage.lane(0.05, 0.9)
    x = stroll(stage, 0.05) if stage.rng.random() < 0.5 else stay(stage, 0.05)
    size = stage.rng.uniform(*SMALL_SIZE) * (1.0 if figure.family is Family.ITEM else 1.4)
    if figure.family is Family.FLYER:
        stage.add(figure, x=x, y=stage.rng.uniform(0.08, 0.3), size=size, depth=0.3, grounded=False)
    else:
        stage.add(figure, x=x, y=y, size=size)


def add_flyer(stage: Stage) -> None:
    """Something in the air."""
    figure = stage.make(*FLYERS)
    x = cross(stage, 0.1) if figure.name == "bird" else stroll(stage, 0.1)
    y = stage.rng.uniform(0.12, 0.32) + 0.02 * np.sin(stage.seconds * 2.5)
    stage.add(figure, x=x, y=y, size=figure.height, depth=0.25, grounded=False)


def add_lookalikes(stage: Stage) -> None:
    """Two things of one look that cross, one before the other."""
    figure = stage.make(make_person, make_dog, make_car, make_ball)
    y, middle = stage.lane(0.25, 0.85), stage.aspect / 2 + stage.rng.uniform(-0.2, 0.2)
    reach = stage.rng.uniform(0.35, 0.6)
    for side, nearer in ((-1, 0.0), (1, 0.035)):
        x = middle + side * reach * slide(stage.u, (0.05, -1), (0.95, 1))
        stage.add(figure, x=x, y=y + nearer)


def add_occluder(stage: Stage) -> None:
    """Something that stands before the others: thin, barred or large."""
    figure = stage.make(*OCCLUDERS)
    x = stage.aspect * stage.rng.uniform(0.15, 0.85)
    stage.add(figure, x=x, y=stage.lane(0.8, 1.15), facing=1)


def add_large(stage: Stage) -> None:
    """Something large at the back that others pass before."""
    figure = stage.make(make_house, make_tree) if stage.backdrop.outdoor else stage.make(make_hedge)
    x = stage.aspect * stage.rng.uniform(0.1, 0.9)
    stage.add(figure, x=x, y=stage.backdrop.horizon + stage.rng.uniform(0.02, 0.06), facing=1, size=0.8 * figure.height)


def pop_out(stage: Stage) -> None:
    """A thing hidden behind an occluder comes out in the middle of the shot."""
    y, way = stage.lane(0.3, 0.8), stage.rng.choice([-1.0, 1.0])
    hedge, figure = stage.make(make_hedge), stage.make(make_dog, make_ball, make_person)
    x = stage.aspect * stage.rng.uniform(0.2, 0.8)
    screen = stage.add(hedge, x=x, y=y + 0.012, facing=1)
    size = min(figure.height * float(stage.scale_at(y)), 0.8 * float(screen.size[0]))
    half = figure.half_width * size
    screen.size[:] = np.maximum(screen.size, 1.15 * half / hedge.half_width)
    start = stage.rng.uniform(0.3, 0.6)
    distance = hedge.half_width * float(screen.size[0]) + 1.6 * half
    stage.add(figure, x=x + way * distance * ease(stage.u, start, 0.98), y=y, size=size, facing=way)


def come_late(stage: Stage) -> None:
    """A thing enters from a border in the second half of the shot."""
    figure, y = stage.make(make_person, make_dog, make_car), stage.lane()
    half, side = stage.half_width(figure, y), stage.rng.choice([-1.0, 1.0])
    outside, inside = stage.aspect / 2 + half + 0.03, stage.aspect / 2 * stage.rng.uniform(-0.3, 0.6)
    x = stage.aspect / 2 + side * slide(stage.u, (stage.rng.uniform(0.35, 0.65), outside), (1, inside))
    stage.add(figure, x=x, y=y)


def stay(stage: Stage, half: float) -> FloatArray:
    """Somewhere within the frame."""
    return np.full(stage.count, _inside(stage, half))


def stroll(stage: Stage, half: float) -> FloatArray:
    """To another place within the frame, half of the time back again."""
    start, end = _inside(stage, half), _inside(stage, half)
    if stage.rng.random() < 0.5:
        return slide(stage.u, (0.1, start), (0.9, end))
    return slide(stage.u, (0.05, start), (0.5, end), (0.6, end), (1, start))


def cross(stage: Stage, half: float) -> FloatArray:
    """From outside one border to outside the other."""
    way, reach = stage.rng.choice([-1.0, 1.0]), stage.aspect / 2 + half + 0.02
    begin = stage.rng.uniform(-0.3, 0.25)
    return np.asarray(
        stage.aspect / 2 + way * slide(stage.u, (begin, -reach), (begin + stage.rng.uniform(0.5, 1), reach))
    )


def enter(stage: Stage, half: float) -> FloatArray:
    """From outside a border to a place inside."""
    side, outside = stage.rng.choice([-1.0, 1.0]), stage.aspect / 2 + half + 0.02
    start = stage.rng.uniform(0, 0.3)
    way = slide(stage.u, (start, 0), (start + 0.5, 1))
    return np.asarray((stage.aspect / 2 + side * outside) * (1 - way) + _inside(stage, half) * way)


def leave(stage: Stage, half: float) -> FloatArray:
    """From a place inside to outside a border."""
    return enter(stage, half)[::-1].copy()


def _inside(stage: Stage, half: float) -> float:
    margin = min(half + 0.02, 0.4 * stage.aspect)
    return float(stage.rng.uniform(margin, stage.aspect - margin))

"""Kicking, and watching what one kicks: a falling ball turns round at the lower half of a person, more than once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from svg2_assets.relations.claims import Claim
from svg2_assets.relations.pairs import Pair
from svg2_assets.relations.sampling import Grid
from svg2_assets.relations.things import Thing, is_a
from svg2_assets.relations.thresholds import Manipulation, Thresholds
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.video import Video

BALLS = frozenset({"ball", "football", "basketball", "volleyball"})
OPEN_NAMES = frozenset({UNKNOWN_NAME, "sports equipment"})
ROUND_WEIGHT = 0.8  # a round thing is not always a ball


def kicking(pair: Pair, video: Video, grid: Grid, settings: Thresholds) -> Iterator[Claim]:
    """The first is a person, the second a ball whose fall is reversed at the person's lower body, above the ground.

    Looks at every frame: an impact lasts less than a cell. Reversals on the ground are bounces and do not count.
    Nobody keeps a ball up for long without watching it: that alone is what `looking at` rests on.
    """
    person, ball = pair.first.thing, pair.second.thing
    rules = settings.manipulation
    if not person.person or not _ball(pair, rules):
        return
    impacts = _impacts(person, ball, video, rules)
    doubt = (1.0 if is_a(ball.name, BALLS) else ROUND_WEIGHT) * person.name_confidence
    weight = doubt * len(impacts) / (len(impacts) + 1)
    for predicate, least in (("kicking", rules.impacts), ("looking at", rules.watched_impacts)):
        raw = _around(impacts, grid.times[pair.cells], rules, least=least)
        if raw.any():
            yield Claim(person.id, predicate, ball.id, pair.cells, raw, weight=weight, settled=True)


def _ball(pair: Pair, rules: Manipulation) -> bool:
    """A ball by name, or a small round thing whose name leaves it open."""
    thing = pair.second.thing
    if is_a(thing.name, BALLS):
        return True
    if thing.name not in OPEN_NAMES or np.median(pair.second.height / pair.first.height) > rules.ball_size:
        return False
    sides = pair.second.extent
    aspect = np.median(sides.min(axis=1) / np.maximum(sides.max(axis=1), 1.0))
    areas = mask_algebra.areas([thing.trajectory.masks[i] for i in thing.at[pair.cells]])
    low, high = rules.ball_fill
    return bool(aspect >= rules.ball_aspect and low <= np.median(areas / sides.prod(axis=1)) <= high)


def _impacts(person: Thing, ball: Thing, video: Video, rules: Manipulation) -> list[float]:
    """Seconds at which the ball, falling, turns upward beside the person's lower body."""
    frames = np.intersect1d(person.trajectory.frames, ball.trajectory.frames)
    if len(frames) < 3:
        return []
    bodies, balls = _boxes(person, frames), _boxes(ball, frames)
    height = float(np.median(balls[:, 3]))
    lowest = _turns(balls[:, 1] + balls[:, 3] / 2, rise=rules.impact_rise * height)
    return [video.time_of(int(frames[k])) for k in lowest if _at_lower_body(balls[k], bodies[k], rules)]


def _boxes(thing: Thing, frames: IntArray) -> FloatArray:
    where = np.searchsorted(np.asarray(thing.trajectory.frames), frames)
    return mask_algebra.boxes([thing.trajectory.masks[i] for i in where])


def _turns(heights: FloatArray, *, rise: float) -> list[int]:
    """Positions of the local maxima of `heights` [N] (rows, downward) that stand out by `rise` on both sides."""
    found: list[int] = []
    best = lowest = 0
    falling = False
    for i, y in enumerate(heights):
        if falling:
            best = i if y > heights[best] else best
            if heights[best] - y >= rise:
                found.append(best)
                falling, lowest = False, i
        else:
            lowest = i if y < heights[lowest] else lowest
            if y - heights[lowest] >= rise:
                falling, best = True, i
    return found


def _at_lower_body(ball: FloatArray, body: FloatArray, rules: Manipulation) -> bool:
    x, y, w, h = body
    centre = ball[0] + ball[2] / 2
    level = (ball[1] + ball[3] / 2 - y) / h
    beside = x - rules.impact_aside * w <= centre <= x + (1 + rules.impact_aside) * w
    return bool(beside and rules.impact_band[0] <= level <= rules.impact_band[1] and ball[1] + ball[3] < y + h)


def _around(impacts: Sequence[float], times: FloatArray, rules: Manipulation, *, least: int) -> BoolArray:
    """[K] which of `times` lie within groups of enough impacts, from a little before the first to after the last."""
    raw = np.zeros(len(times), dtype=bool)
    if not impacts:
        return raw
    breaks = np.flatnonzero(np.diff(impacts) > rules.impact_gap) + 1
    for group in np.split(np.asarray(impacts), breaks):
        if len(group) >= least:
            raw |= (times >= group[0] - rules.impact_margin) & (times <= group[-1] + rules.impact_margin)
    return raw

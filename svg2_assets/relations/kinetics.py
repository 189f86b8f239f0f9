"""Rules about motion: approaching, moving away from, following, moving together with; entering and leaving the view."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from svg2_assets.relations.claims import Claim, claim
from svg2_assets.relations.layout import same_depth
from svg2_assets.relations.pairs import Pair, Side
from svg2_assets.relations.sampling import Grid
from svg2_assets.relations.things import BOTTOM, LEFT, RIGHT, TOP, Thing
from svg2_assets.relations.thresholds import Kinetics, Thresholds
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.spans import Span
from svg2_assets.scene.taxonomy import CAMERA_ID

SETTLING_CELLS = 2  # a tracker needs some frames to open a track
OUTWARD = {LEFT: (-1.0, 0.0), TOP: (0.0, -1.0), RIGHT: (1.0, 0.0), BOTTOM: (0.0, 1.0)}


def approaching(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """The first's own motion points at the second and the distance between them really shrinks."""
    raw = _heading_to(pair, settings, sign=1.0)
    yield from claim(pair, "approaching", raw, accept=_really_changes(pair, settings, sign=-1.0))


def moving_away(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """The first's own motion points away from the second and the distance between them really grows."""
    raw = _heading_to(pair, settings, sign=-1.0)
    yield from claim(pair, "moving away from", raw, accept=_really_changes(pair, settings, sign=1.0))


def following(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """Both move the same way at one speed, the second ahead of the first on its path."""
    rules = settings.kinetics
    ahead, aside = _along(pair)
    lead = (ahead >= rules.follow_ahead * pair.mean_height) & (ahead <= rules.follow_reach * pair.mean_height)
    path = np.abs(aside) <= rules.follow_aside * pair.mean_height
    raw = _same_motion(pair, rules) & lead & path & same_depth(pair, settings.layout) & ~pair.contact
    yield from claim(pair, "following", raw, longer=True)


def moving_together(pair: Pair, settings: Thresholds) -> Iterator[Claim]:
    """Both move the same way at one speed, side by side."""
    rules = settings.kinetics
    ahead, _ = _along(pair)
    abreast = np.abs(ahead) < rules.follow_ahead * pair.mean_height
    close = (pair.gap <= rules.together_gap * pair.mean_size) & abreast & same_depth(pair, settings.layout)
    yield from claim(pair, "moving together with", _same_motion(pair, rules) & close, longer=True)


def towards_camera(thing: Thing, settings: Thresholds) -> Iterator[Claim]:
    """Width and height grow (or shrink) at one pace, beyond the camera's zoom: the distance to the camera changes."""
    rules, cells = settings.kinetics, thing.cells
    growth = np.nan_to_num(thing.growth[cells])
    for predicate, sign in (("approaching", 1.0), ("moving away from", -1.0)):
        raw = np.asarray((sign * growth >= rules.growth).all(axis=1))
        if raw.any() and _changed_size(thing, cells, raw) >= rules.growth_total:
            yield Claim(thing.id, predicate, CAMERA_ID, cells, raw)


def through_the_border(thing: Thing, grid: Grid, settings: Thresholds) -> Iterator[Claim]:
    """The track begins (ends) on the frame's border while the thing itself moves inward (outward).

    Where a track is only interrupted at the border, nobody knows whether the thing left.
    """
    runs = [thing.cells[run] for run in grid.runs(thing.cells)]
    for run in runs[:1]:
        yield from _crossing(thing, grid, run, settings.kinetics, entering=True)
    for run in runs[-1:]:
        yield from _crossing(thing, grid, run[::-1], settings.kinetics, entering=False)


def _really_changes(pair: Pair, settings: Thresholds, *, sign: float) -> Callable[[Span], bool]:
    """Whether the distance changes enough over a span: growing for a positive `sign`, else shrinking."""

    def accept(span: Span) -> bool:
        inside = np.flatnonzero((pair.times >= span.start) & (pair.times < span.end))
        if len(inside) < 2:
            return False
        distance = _distance(pair)[inside]
        least = settings.kinetics.net_change * float(pair.mean_height[inside].mean())
        return bool(sign * (distance[-1] - distance[0]) >= least)

    return accept


def _heading_to(pair: Pair, settings: Thresholds, *, sign: float) -> BoolArray:
    rules = settings.kinetics
    first, distance = pair.first, np.maximum(_distance(pair), 1.0)
    direction = (pair.second.feet - first.feet) / distance[:, None]
    pace = np.maximum(first.pace, 1e-6)
    cosine = sign * (first.velocity * direction).sum(axis=1) / pace
    closing = sign * ((first.velocity - pair.second.velocity) * direction).sum(axis=1)
    moving = pace >= rules.speed * first.height
    clear = (pair.gap >= rules.clear_gap * pair.mean_size) & (distance <= rules.reach * pair.mean_height)
    toward = (cosine >= rules.towards) & (closing >= rules.closing * pair.mean_height)
    return np.asarray(moving & clear & toward & same_depth(pair, settings.layout))


def _distance(pair: Pair) -> FloatArray:
    apart = pair.second.feet - pair.first.feet
    return np.hypot(apart[:, 0], apart[:, 1])


def _same_motion(pair: Pair, rules: Kinetics) -> BoolArray:
    first, second = pair.first, pair.second
    faster = np.maximum(np.maximum(first.pace, second.pace), 1e-6)
    cosine = (first.velocity * second.velocity).sum(axis=1) / np.maximum(first.pace * second.pace, 1e-6)
    moving = _moves(first, rules) & _moves(second, rules)
    return np.asarray(
        moving & (cosine >= rules.heading) & (np.abs(first.pace - second.pace) <= rules.together_speed * faster)
    )


def _moves(side: Side, rules: Kinetics) -> BoolArray:
    return np.asarray(side.pace >= rules.speed * side.height)


def _along(pair: Pair) -> tuple[FloatArray, FloatArray]:
    """[K] how far the second is ahead of the first on the common path, and aside of it, pixels."""
    velocity = pair.first.velocity + pair.second.velocity
    unit = velocity / np.maximum(np.hypot(velocity[:, 0], velocity[:, 1]), 1e-6)[:, None]
    apart = pair.second.feet - pair.first.feet
    return (apart * unit).sum(axis=1), apart[:, 0] * unit[:, 1] - apart[:, 1] * unit[:, 0]


def _changed_size(thing: Thing, cells: IntArray, raw: BoolArray) -> float:
    """E-folds by which the height changed between the first and last of `cells` where `raw` holds."""
    heights = thing.heights[cells[np.flatnonzero(raw)]]
    return float(abs(np.log(heights[-1] / heights[0])))


def _crossing(thing: Thing, grid: Grid, cells: IntArray, rules: Kinetics, *, entering: bool) -> Iterator[Claim]:
    """`cells` run from the border inward: in order for an entrance, backwards for an exit."""
    if len(cells) < 2 or _at_cut(grid, int(cells[0]), entering=entering):
        return
    side = _crossed_side(thing, cells, rules, inward=entering)
    if side is None:
        return
    longest = round(rules.crossing_longest / float(np.diff(grid.edges)[cells[0]]))
    on_border = thing.cut[cells[:longest], side]
    last = int(np.argmin(on_border)) if not on_border.all() else len(on_border)
    span = np.sort(cells[: last + 1])
    predicate = "entering" if entering else "leaving"
    yield Claim(thing.id, predicate, CAMERA_ID, span, np.ones(len(span), dtype=bool), settled=True)


def _at_cut(grid: Grid, cell: int, *, entering: bool) -> bool:
    """Whether `cell` is so near to where its shot begins (ends) that the thing was there all along."""
    shot = np.flatnonzero(grid.shots == grid.shots[cell])
    return bool(cell - shot[0] <= SETTLING_CELLS if entering else shot[-1] - cell <= 1)


def _crossed_side(thing: Thing, cells: IntArray, rules: Kinetics, *, inward: bool) -> int | None:
    """The side of the frame on which the first cell lies and across which the thing moves."""
    velocity = np.nan_to_num(thing.velocity[cells[:4]]).mean(axis=0)
    pace = rules.crossing * thing.heights[cells[:4]].mean()
    for side in np.flatnonzero(thing.cut[cells[0]]):
        outward = float(velocity @ np.array(OUTWARD[int(side)]))
        if (-outward if inward else outward) >= pace:
            return int(side)
    return None

"""Holding and carrying: contact of a thing with a person, part of whom moves as the thing moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from svg2_assets.relations.claims import Claim, claim
from svg2_assets.relations.looks import Look, Seen, see
from svg2_assets.relations.pairs import Pair, Side
from svg2_assets.relations.sampling import Grid
from svg2_assets.relations.things import LEFT, RIGHT, is_a
from svg2_assets.relations.thresholds import Manipulation, Thresholds
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.taxonomy import ANIMALS, PEOPLE, RIDEABLE, SURFACES, VEHICLES
from svg2_assets.scene.video import FrameSource

UNHOLDABLE = PEOPLE | ANIMALS | VEHICLES | SURFACES | (RIDEABLE - {"skateboard", "surfboard", "snowboard", "skis"})
UNNAMED_WEIGHT = 0.9
CLEAR_MOTION = 3.0  # pixels of flow beyond which a look is as good as it gets

Sights = Mapping[int, Seen]
"""What was seen of one pair, by its position of the cell."""


def handling(source: FrameSource, pairs: Sequence[Pair], grid: Grid, settings: Thresholds) -> Iterator[Claim]:
    """Holding, or carrying while the person walks. Reads frames only if some pair could be one that handles."""
    rules = settings.manipulation
    candidates = [p for pair in pairs for p in (pair, pair.turned()) if _candidate(p, rules)]
    looks = [look for i, pair in enumerate(candidates) for look in _looks(i, pair, source, grid, rules)]
    if not looks:
        return
    sights: dict[int, dict[int, Seen]] = defaultdict(dict)
    for (i, k), seen in see(source, looks, rules):
        sights[i][k] = seen
    for i, pair in enumerate(candidates):
        yield from _verdict(pair, sights[i], grid, settings)


def _candidate(pair: Pair, rules: Manipulation) -> bool:
    """A person and a smaller thing that can be held, often in contact, that was moved, and as slowly as a hand does."""
    person, thing = pair.first, pair.second
    if not person.thing.person or is_a(thing.thing.name, UNHOLDABLE):
        return False
    if np.median(thing.size**2 / person.size**2) > rules.largest or pair.contact.mean() < rules.contact_least:
        return False
    return bool(np.median(_loose_speed(pair)[pair.contact]) <= rules.fastest and thing.thing.path >= rules.path)


def _looks(i: int, pair: Pair, source: FrameSource, grid: Grid, rules: Manipulation) -> Iterator[Look]:
    """One look a cell in contact, at the frame that stands for the cell and one a moment later in the same shot.

    The faster the thing, the shorter the moment: flow over long ways is guesswork, over short ones noise.
    """
    video = source.video
    pace = pair.second.pace * rules.rows / video.height
    apart = np.clip(rules.travel / np.maximum(pace, 1e-6), 0.0, rules.step) * video.fps
    for k in np.flatnonzero(pair.contact):
        cell = int(pair.cells[k])
        frame = int(grid.frames[cell])
        later = frame + max(1, round(float(apart[k])))
        person, thing = (s.thing.trajectory.masks[int(s.thing.at[cell])] for s in (pair.first, pair.second))
        following = int(np.searchsorted(grid.bounds, later, side="right")) - 1
        if later < video.num_frames and grid.shots[following] == grid.shots[cell]:
            yield Look((i, int(k)), frame, later, person, thing)


def _verdict(pair: Pair, sights: Sights, grid: Grid, settings: Thresholds) -> Iterator[Claim]:
    rules = settings.manipulation
    held = np.zeros(len(pair.cells), dtype=bool)
    shares: list[float] = []
    for run in grid.runs(pair.cells):
        for stretch in _contacts(run, pair, rules):
            moving = [k for k in stretch if k in sights and _in_hand(sights[k], pair, k, rules)]
            share = _share([sights[k] for k in moving], rules)
            if len(moving) >= rules.looks and share >= rules.agreement:
                held[_held(stretch, moving, sights, pair, rules)] = True
                shares.append(share)
    if shares:
        yield from _claims(pair, held, float(np.mean(shares)), settings)


def _share(seen: Sequence[Seen], rules: Manipulation) -> float:
    """The share of looks in which part of the person moves along; looks at more motion say more, up to a point."""
    weights = np.minimum([s.motion for s in seen], CLEAR_MOTION)
    return float(np.average([s.with_thing >= rules.with_thing for s in seen], weights=weights)) if seen else 0.0


def _contacts(run: IntArray, pair: Pair, rules: Manipulation) -> list[IntArray]:
    """The stretches of `run` in contact; a gap shorter than a blink of the masks does not end one."""
    touching = run[pair.contact[run]]
    if not len(touching):
        return []
    breaks = np.flatnonzero(np.diff(pair.times[touching]) > rules.blink) + 1
    return np.split(touching, breaks)


def _in_hand(seen: Seen, pair: Pair, k: int, rules: Manipulation) -> bool:
    """Whether the thing moves, no faster than in a hand."""
    return bool(_loose_speed(pair)[k] <= rules.fastest and seen.motion >= rules.pixels)


def _loose_speed(pair: Pair) -> FloatArray:
    """[K] how fast the thing moves relative to the person, own heights a second."""
    loose = pair.second.velocity - pair.first.velocity
    return np.asarray(np.hypot(loose[:, 0], loose[:, 1]) / np.maximum(pair.second.height, 1.0))


def _held(stretch: IntArray, moving: list[int], sights: Sights, pair: Pair, rules: Manipulation) -> IntArray:
    """From shortly before the first moving look until the hand moves off while the thing rests, or contact ends."""
    start = pair.times[moving[0]] - rules.lead
    released = [
        k
        for k in stretch
        if k > moving[-1] and k in sights and sights[k].motion < rules.pixels and sights[k].around >= rules.release
    ]
    end = pair.times[released[0]] if released else np.inf
    return np.asarray(stretch[(pair.times[stretch] >= start) & (pair.times[stretch] < end)])


def _claims(pair: Pair, held: BoolArray, share: float, settings: Thresholds) -> Iterator[Claim]:
    """Carrying where the person walks, holding elsewhere."""
    person, thing = pair.first, pair.second
    named = thing.thing.name_confidence if thing.thing.named else UNNAMED_WEIGHT
    weight = person.thing.name_confidence * max(named, UNNAMED_WEIGHT) * (0.6 + 0.4 * share)
    walks = held & (_progress(person, pair.times) >= settings.kinetics.speed * person.height)
    yield from claim(pair, "holding", held & ~walks, weight=weight)
    yield from claim(pair, "carrying", walks, weight=weight)


def _progress(person: Side, times: FloatArray) -> FloatArray:
    """[K] pixels a second that the whole body travels sideways: the slower of its two sides, so that a stretched arm
    is no step.
    """
    if len(times) < 2:
        return np.zeros(len(times))
    sides = np.gradient(person.boxes[:, [LEFT, RIGHT]], times, axis=0)
    own = sides - sides.mean(axis=1, keepdims=True) + person.velocity[:, :1]
    slower = np.where(np.sign(own[:, 0]) == np.sign(own[:, 1]), np.abs(own).min(axis=1), 0.0)
    return np.asarray(uniform_filter1d(slower, size=min(5, len(slower))))

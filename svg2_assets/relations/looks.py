"""Looks at pixels: the optical flow of a few frame pairs, and how a person's outline moves around a thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.relations.coarse import Patch, patch
from svg2_assets.relations.thresholds import Manipulation
from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.streams import ahead
from svg2_assets.scene.video import FrameSource

Flow = npt.NDArray[np.float32]
LEAST_BACKGROUND = 20  # flow vectors that outvote what else moves


@dataclass(frozen=True, slots=True)
class Look:
    """One thing and the person that may hold it, on frame `frame` and the frame `later`. `key` is the asker's."""

    key: tuple[int, int]
    frame: int
    later: int
    person: Mask
    thing: Mask


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look shows. Motions are pixels at the flow's height, the background's motion taken out.

    `motion`: of the thing. `with_thing`: share of the person's pixels around the thing that move with it.
    `around`: share of those pixels that move at all.
    """

    motion: float
    with_thing: float
    around: float


def see(source: FrameSource, looks: Sequence[Look], rules: Manipulation) -> Iterator[tuple[tuple[int, int], Seen]]:
    """Each look's key with what it shows. Frames are streamed once; flow is computed once a frame pair."""
    by_pair: dict[tuple[int, int], list[Look]] = defaultdict(list)
    for look in looks:
        by_pair[look.frame, look.later].append(look)
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    for (first, later), (before, after) in _frame_pairs(source, sorted(by_pair), rules.rows):
        flow = dis.calc(before, after, None)
        for look in by_pair[first, later]:
            seen = _measure(flow, look, rules)
            if seen is not None:
                yield look.key, seen


def _frame_pairs(
    source: FrameSource, pairs: Sequence[tuple[int, int]], rows: int
) -> Iterator[tuple[tuple[int, int], tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]]:
    """Grey pictures of each of the sorted `pairs`; a picture is forgotten when no pair needs it any more."""
    waiting: Mapping[int, list[tuple[int, int]]] = _by_later(pairs)
    last_use = {f: max(b for a, b in pairs if f in (a, b)) for pair in pairs for f in pair} if pairs else {}
    held: dict[int, npt.NDArray[np.uint8]] = {}
    picked = source.pick(sorted(last_use), height=min(rows, source.video.height))
    with closing(ahead(picked)) as frames:
        for frame in frames:
            held[frame.index] = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY)
            for pair in waiting.get(frame.index, ()):
                yield pair, (held[pair[0]], held[pair[1]])
            held = {f: p for f, p in held.items() if last_use[f] > frame.index}


def _by_later(pairs: Sequence[tuple[int, int]]) -> dict[int, list[tuple[int, int]]]:
    grouped: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair in pairs:
        grouped[pair[1]].append(pair)
    return grouped


def _measure(flow: Flow, look: Look, rules: Manipulation) -> Seen | None:
    """None where the thing or the person's part of the ring is too small to say anything."""
    height, width = flow.shape[:2]
    step = look.thing.height / height
    thing, person = patch(look.thing, step=step), patch(look.person, step=step)
    size = float(np.sqrt(np.count_nonzero(thing.cells)))
    if size < rules.least_side:
        return None
    reach = rules.bleed + max(2, round(rules.ring * size))
    window = _window(thing, reach, height, width)
    own = thing.window(*window)
    distance = cv2.distanceTransform(1 - own, cv2.DIST_L2, 3)
    ring = (distance > rules.bleed) & (distance <= reach) & (person.window(*window) > 0)
    still = _background(flow, thing, person)
    if np.count_nonzero(ring) < rules.least_ring or still is None:
        return None
    x0, y0, x1, y1 = window
    near = flow[y0:y1, x0:x1]
    moved = np.median(near[own > 0], axis=0) - still
    around = near[ring] - still
    motion = float(np.hypot(*moved))
    close = np.hypot(*(around - moved).T) <= max(rules.follow * motion, 0.5 * rules.pixels)
    return Seen(motion, float(close.mean()), float((np.hypot(*around.T) > rules.pixels).mean()))


def _window(thing: Patch, reach: int, height: int, width: int) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the thing's box, wider by `reach` cells, within the picture."""
    h, w = thing.cells.shape
    x1, y1 = min(width, thing.x + w + reach), min(height, thing.y + h + reach)
    return max(0, thing.x - reach), max(0, thing.y - reach), x1, y1


def _background(flow: Flow, *things: Patch) -> FloatArray | None:
    """The median flow [2] outside `things`, over every fourth pixel both ways; None where nothing is left."""
    height, width = flow.shape[:2]
    covered = sum(t.window(0, 0, width, height)[::4, ::4] for t in things)
    free = flow[::4, ::4][np.asarray(covered == 0)]
    return np.asarray(np.median(free, axis=0), dtype=np.float64) if len(free) >= LEAST_BACKGROUND else None

"""Looks at pixels: the optical flow of a few frame pairs, and how a person's outline moves around a thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.relations.coarse import grown, patch
from svg2_assets.relations.thresholds import Manipulation
from svg2_assets.scene.masks import BoolArray, Mask
from svg2_assets.scene.video import FrameSource

Flow = npt.NDArray[np.float32]


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
    for frame in source.pick(sorted(last_use), height=min(rows, source.video.height)):
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
    thing, person = _full(look.thing, flow), _full(look.person, flow)
    size = float(np.sqrt(np.count_nonzero(thing)))
    if size < rules.least_side:
        return None
    near = grown(thing.astype(np.uint8), rules.bleed)
    ring = grown(thing.astype(np.uint8), rules.bleed + max(2, round(rules.ring * size))) & ~near & person
    background = ~(near | person)
    if np.count_nonzero(ring) < rules.least_ring or np.count_nonzero(background) < rules.least_ring:
        return None
    still = np.median(flow[background], axis=0)
    moved = np.median(flow[thing], axis=0) - still
    around = flow[ring] - still
    motion = float(np.hypot(*moved))
    close = np.hypot(*(around - moved).T) <= max(rules.follow * motion, 0.5 * rules.pixels)
    return Seen(motion, float(close.mean()), float((np.hypot(*around.T) > rules.pixels).mean()))


def _full(mask: Mask, flow: Flow) -> BoolArray:
    """`mask` at the flow's size."""
    height, width = flow.shape[:2]
    return np.asarray(patch(mask, step=mask.height / height).window(0, 0, width, height) > 0)

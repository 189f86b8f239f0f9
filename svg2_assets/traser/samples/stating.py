"""Which relations hold where a group's slots look: of the pair that they show, or of the camera and their object."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from svg2_assets.scene.masks import FloatArray, IntArray
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, SYMMETRIC
from svg2_assets.traser.arrangement import Clip, Tokenizer
from svg2_assets.traser.text import Statement, Told
from svg2_assets.traser.values import FRAMES_A_STEP, Arranged, Group, Role, step_times

SHARE = 0.5  # of a step's time for which a relation must hold to hold on it


def predicates_at(told: Told, arranged: Arranged, clip: Clip, tokenizer: Tokenizer) -> dict[int, IntArray]:
    """By a group's place among all: the ids of the predicates that hold there, ascending, each once.

    Of a pair's step those from its own object to the other, and symmetric ones either way; none is told by an empty
    array. Of an object's window those between it and the camera, where there are any. Answers without relations
    state nothing.
    """
    if not told.statements:
        return {}
    edges, found = _edges(clip), {}
    for place, group in enumerate(arranged.groups):
        if group.role is Role.BESIDE:
            own = round(float(arranged.groups[group.pair[0]].meta[-1])) if group.pair[0] >= 0 else 0
            step = int(np.searchsorted(step_times(clip.times), float(group.meta[0]) - 1e-3))
            held = _between(told, own, round(float(group.meta[-1])), edges[step : step + 2])
            found[place] = _ids(held, tokenizer)
        elif group.role is Role.WINDOW:
            ids = _ids(_with_camera(told, group, edges), tokenizer)
            if len(ids):
                found[place] = ids
    return found


def _edges(clip: Clip) -> FloatArray:
    """[steps + 1] seconds between which each step's frames stand."""
    starts = np.asarray(clip.times, dtype=np.float64)[::FRAMES_A_STEP]
    long = float(np.diff(starts).mean()) if len(starts) > 1 else 2.0
    return np.append(starts, starts[-1] + long)


def _between(told: Told, own: int, other: int, edges: FloatArray) -> Iterator[str]:
    for s in told.statements:
        forth = (s.subject, s.object) == (own, other)
        back = (s.object, s.subject) == (own, other) and s.predicate in SYMMETRIC
        if (forth or back) and _holds(s.spans, edges):
            yield s.predicate


def _with_camera(told: Told, group: Group, edges: FloatArray) -> Iterator[str]:
    """Of the object of a window's group."""
    first, last = np.searchsorted(edges, group.meta[:2], side="right") - 1
    number = round(float(group.meta[-1]))
    for s in told.statements:
        if {s.subject, s.object} == {number, CAMERA_ID} and _holds_on_any(s, edges[first : last + 2]):
            yield s.predicate


def _holds_on_any(s: Statement, edges: FloatArray) -> bool:
    return any(_holds(s.spans, edges[k : k + 2]) for k in range(len(edges) - 1))


def _holds(spans: Spans, edges: FloatArray) -> bool:
    """For at least `SHARE` of the time between two edges."""
    start, end = float(edges[0]), float(edges[1])
    held = sum(max(0.0, min(part.end, end) - max(part.start, start)) for part in spans.parts)
    return held >= SHARE * (end - start)


def _ids(predicates: Iterator[str], tokenizer: Tokenizer) -> IntArray:
    ids = [i for predicate in predicates for i in tokenizer.encode(predicate)]
    return np.unique(np.asarray(ids, dtype=np.int64))

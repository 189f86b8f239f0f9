"""Which relations hold where a group's slots look: of the pair that they show, or of the camera and their object."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, SYMMETRIC
from svg2_assets.traser.arrangement import Clip, Tokenizer
from svg2_assets.traser.text import Statement, Told
from svg2_assets.traser.values import FRAMES_A_STEP, Arranged, Role, step_times

SHARE = 0.5  # of a step's time for which a relation must hold to hold on it


def predicates_at(told: Told, arranged: Arranged, clip: Clip, tokenizer: Tokenizer) -> dict[int, IntArray]:
    """By a group's place among all: the ids of the predicates that hold there, ascending, each once.

    Of a pair's step those from its own object to the other, and symmetric ones either way; none is told by an empty
    array. Of an object's window those between it and the camera, where there are any. Answers without relations
    state nothing.
    """
    if not told.statements:
        return {}
    edges, times, found = _edges(clip), step_times(clip.times), {}
    held = [(s, _held(s.spans, edges)) for s in told.statements]
    between = _by_ends(held)
    for place, group in enumerate(arranged.groups):
        number = round(float(group.meta[-1]))
        if group.role is Role.BESIDE:
            own = round(float(arranged.groups[group.pair[0]].meta[-1])) if group.pair[0] >= 0 else 0
            step = int(np.searchsorted(times, float(group.meta[0]) - 1e-3))
            found[place] = _ids((p for p, on in between.get((own, number), ()) if on[step]), tokenizer)
        elif group.role is Role.WINDOW:
            first, last = np.searchsorted(edges, group.meta[:2], side="right") - 1
            camera = ((s, on) for s, on in held if {s.subject, s.object} == {number, CAMERA_ID})
            ids = _ids((s.predicate for s, on in camera if on[first : last + 1].any()), tokenizer)
            if len(ids):
                found[place] = ids
    return found


def _edges(clip: Clip) -> FloatArray:
    """[steps + 1] seconds between which each step's frames stand."""
    starts = np.asarray(clip.times, dtype=np.float64)[::FRAMES_A_STEP]
    long = float(np.diff(starts).mean()) if len(starts) > 1 else 2.0
    return np.append(starts, starts[-1] + long)


def _by_ends(held: Iterable[tuple[Statement, BoolArray]]) -> dict[tuple[int, int], list[tuple[str, BoolArray]]]:
    """Predicates by subject and object, symmetric ones either way, with the steps on which each holds."""
    found: dict[tuple[int, int], list[tuple[str, BoolArray]]] = {}
    for s, on in held:
        ways = {(s.subject, s.object), (s.object, s.subject)} if s.predicate in SYMMETRIC else {(s.subject, s.object)}
        for ends in ways:
            found.setdefault(ends, []).append((s.predicate, on))
    return found


def _held(spans: Spans, edges: FloatArray) -> BoolArray:
    """[steps]: whether `spans` hold for at least `SHARE` of the time between each two edges."""
    starts, ends = np.asarray([(part.start, part.end) for part in spans.parts]).reshape(-1, 2).T[:, :, None]
    common = np.clip(np.minimum(ends, edges[1:]) - np.maximum(starts, edges[:-1]), 0, None).sum(axis=0)
    return np.asarray(common >= SHARE * np.diff(edges))


def _ids(predicates: Iterable[str], tokenizer: Tokenizer) -> IntArray:
    ids = [i for predicate in predicates for i in tokenizer.encode(predicate)]
    return np.unique(np.asarray(ids, dtype=np.int64))

"""Which frames are shown: those that the overlay video plays, and those that stand on the contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.masks import FloatArray, IntArray
from svg2_assets.scene.video import Video

RATE = 8.0  # pictures a second that the overlay video aims at
WHOLE = 20.0  # seconds up to which a video is played whole
PARTS = 5  # evenly spread parts of a longer one, WHOLE seconds together
_FARTHEST = 1e-9


@dataclass(frozen=True, slots=True)
class Playback:
    """The overlay video: `frames` in order (a frame that stays on screen is repeated), at `rate` pictures a second."""

    frames: tuple[int, ...]
    rate: Fraction


def playback(video: Video) -> Playback:
    """Every n-th frame so that about eight a second remain, at true speed; parts of a video over twenty seconds."""
    step = max(1, round(video.fps / RATE)) / video.fps
    frames = [
        f for start, end in _parts(float(video.edges[-1])) for f in _frames_at(video, np.arange(start, end, step))
    ]
    return Playback(tuple(frames), Fraction(1 / step).limit_denominator(1001))


def sheet_grid(video: Video) -> IntArray:
    """The frames a contact sheet may choose from: about those of the overlay video, over the whole clip."""
    step = max(1, round(video.fps / RATE)) / video.fps
    end = float(video.edges[-1])
    return np.unique(_frames_at(video, np.arange(0.0, end, max(step, end / 2000))))


def moments(graph: SceneGraph, candidates: Sequence[int] | IntArray, *, count: int) -> tuple[int, ...]:
    """At most `count` of `candidates`, evenly spread over the time in which something is visible.

    Of each stretch the frame with most to see is taken (visible objects, relations that hold), rather near its middle.
    """
    frames = np.asarray(candidates, dtype=np.int64)
    seen = visible_counts(graph)[frames]
    if np.count_nonzero(seen) >= count:
        frames, seen = frames[seen > 0], seen[seen > 0]
    elif seen.any():
        first, last = np.flatnonzero(seen)[[0, -1]]
        frames, seen = frames[first : last + 1], seen[first : last + 1]
    merit = seen + 0.5 * _holding_counts(graph, frames)
    chosen = []
    for stretch in np.array_split(np.arange(frames.size), min(count, frames.size)):
        off_centre = np.abs(stretch - stretch.mean()) / max(1.0, len(stretch))
        chosen.append(int(frames[stretch[int(np.argmax((1 + merit[stretch]) * (1 - off_centre)))]]))
    return tuple(chosen)


def visible_counts(graph: SceneGraph) -> FloatArray:
    """How many objects each frame shows, [num_frames]."""
    counts = np.zeros(graph.video.num_frames)
    for one in graph.objects:
        counts[list(one.trajectory.frames)] += 1
    return counts


def middle_of(video: Video, frame: int) -> float:
    """Seconds at the middle of the time that `frame` is on screen: safe against rounded spans."""
    end = video.time_of(frame + 1) if frame + 1 < video.num_frames else float(video.edges[-1])
    return (video.time_of(frame) + end) / 2


def holds_at(relation: Relation, time: float) -> bool:
    """Whether `relation` holds at `time` seconds."""
    return any(span.start <= time < span.end for span in relation.spans)


def _parts(duration: float) -> list[tuple[float, float]]:
    if duration <= WHOLE:
        return [(0.0, duration)]
    length = WHOLE / PARTS
    return [(start, start + length) for start in np.linspace(0.0, duration - length, PARTS).tolist()]


def _frames_at(video: Video, times: FloatArray) -> list[int]:
    frames = np.searchsorted(video.edges, times + _FARTHEST, side="right") - 1
    return [int(f) for f in frames.clip(0, video.num_frames - 1)]


def _holding_counts(graph: SceneGraph, frames: IntArray) -> FloatArray:
    times = np.asarray([middle_of(graph.video, int(f)) for f in frames])
    counts = np.zeros(frames.size)
    for relation in graph.relations:
        for span in relation.spans:
            counts += (times >= span.start) & (times < span.end)
    return counts

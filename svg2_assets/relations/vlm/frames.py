"""Which frames a model sees, when they were shown, and the windows that they are sent in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.relations.sampling import sample_grid
from svg2_assets.scene.spans import Span
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

RELEASED_FRAMES = 24
EXTRA_SHARE = 0.25  # of the frames of a video that may be added for objects that are on none of them
FEWEST_EXTRA = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """Frame `index`, on screen at `time`; it stands for `[start, end)`. All in seconds on the video's clock."""

    index: int
    time: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Window:
    """Frames that are sent together."""

    samples: tuple[Sample, ...]

    @property
    def span(self) -> Span:
        """The time that its frames stand for."""
        return Span(min(s.start for s in self.samples), max(s.end for s in self.samples))

    def sample_at(self, time: float) -> Sample:
        """The frame that stands for `time`; the nearest where none does."""
        return min(self.samples, key=lambda s: (max(s.start - time, time - s.end, 0.0), abs(s.time - time)))


def sampled(video: Video, cuts: Sequence[int], *, rate: float) -> tuple[Sample, ...]:
    """About `rate` frames a second, each from the middle of its part of a shot; together they stand for the whole."""
    grid = sample_grid(video, cuts, rate=rate)
    if len(grid) > 2 * max(1.0, video.duration * rate):  # flashes: a frame a shot would be a frame a blink
        grid = sample_grid(video, (), rate=rate)
    edges = grid.edges
    return tuple(
        Sample(int(f), round(video.time_of(int(f)), 3), float(edges[i]), float(edges[i + 1]))
        for i, f in enumerate(grid.frames)
    )


def completed(
    video: Video, samples: Sequence[Sample], trajectories: Mapping[int, Trajectory]
) -> tuple[tuple[Sample, ...], frozenset[int]]:
    """`samples` with the best frame of each object that is on none of them, and the ids for which there was no room.

    Best is where the object is largest. One frame serves all objects that are on it; the longest seen come first.
    """
    chosen = {s.index: s for s in samples}
    missing = {i: t for i, t in trajectories.items() if t.frames and not chosen.keys() & set(t.frames)}
    most = max(FEWEST_EXTRA, math.ceil(EXTRA_SHARE * len(samples)))
    edges = video.edges
    added = 0
    left: set[int] = set()
    for object_id, trajectory in sorted(missing.items(), key=lambda item: (-len(item[1]), item[0])):
        if chosen.keys() & set(trajectory.frames):
            continue
        if added == most:
            left.add(object_id)
            continue
        best = trajectory.frames[int(np.argmax(trajectory.areas))]
        chosen[best] = Sample(best, round(video.time_of(best), 3), float(edges[best]), float(edges[best + 1]))
        added += 1
    return tuple(sorted(chosen.values(), key=lambda s: s.index)), frozenset(left)


def windows(samples: Sequence[Sample], *, most: int, overlap: int) -> list[Window]:
    """`samples` in windows of at most `most` frames, neighbours sharing at least `overlap`, all about equally long."""
    if not samples:
        return []
    if len(samples) <= most:
        return [Window(tuple(samples))]
    count = math.ceil((len(samples) - overlap) / (most - overlap))
    starts = [round(i * (len(samples) - most) / (count - 1)) for i in range(count)]
    return [Window(tuple(samples[s : s + most])) for s in starts]


def released(video: Video) -> tuple[int, ...]:
    """The frames that the released code sends: one of each step of max(1, round(fps)), Python's rounding.

    More than 24 are thinned by an even spread over that list, first and last in, truncated to whole positions.
    """
    indices = list(range(0, video.num_frames, max(1, round(video.fps))))
    if len(indices) > RELEASED_FRAMES:
        places = np.linspace(0, len(indices) - 1, RELEASED_FRAMES).astype(int)
        indices = [indices[p] for p in places]
    return tuple(indices)


def released_samples(video: Video) -> tuple[Sample, ...]:
    """`released` frames on the clock: each stands for the time until the next, the first from the beginning on."""
    indices = released(video)
    starts = [0.0, *(video.time_of(i) for i in indices[1:])]
    ends = [*starts[1:], float(video.edges[-1])]
    return tuple(
        Sample(i, round(video.time_of(i), 3), s, max(e, s + 1e-3))
        for i, s, e in zip(indices, starts, ends, strict=True)
    )

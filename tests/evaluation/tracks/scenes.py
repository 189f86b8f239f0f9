"""Small clips of rectangles whose overlaps can be counted by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory

HEIGHT, WIDTH = 40, 50
Box = tuple[int, int, int, int]

LEFT: Box = (0, 0, 10, 10)
MIDDLE: Box = (20, 0, 10, 10)
RIGHT: Box = (40, 0, 10, 10)
LOW: Box = (0, 30, 10, 10)


def mask(*boxes: Box) -> Mask:
    """The pixels of any of `boxes`."""
    pixels = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for x, y, w, h in boxes:
        pixels[y : y + h, x : x + w] = True
    return Mask.from_array(pixels)


def track(boxes: Mapping[int, Box]) -> Trajectory:
    """One box a frame."""
    frames = sorted(boxes)
    return Trajectory.of(frames, [mask(boxes[f]) for f in frames])


def still(box: Box, frames: Iterable[int]) -> Trajectory:
    """The same box on each of `frames`."""
    return track(dict.fromkeys(frames, box))


def shifted(box: Box, dx: int) -> Box:
    """`box` moved to the right."""
    return box[0] + dx, *box[1:]


def columns(tracks: list[Trajectory], *, num_frames: int) -> list[list[dict[str, Any] | None]]:
    """The file form: `list[frame][object]`."""
    shown = [[t.at(f) for t in tracks] for f in range(num_frames)]
    return [[None if m is None else m.to_json() for m in frame] for frame in shown]


def random_clip(seed: int, *, num_frames: int = 12, objects: int = 4) -> tuple[list[Trajectory], list[Trajectory]]:
    """Truth that walks and pauses, and a prediction of it that jitters, swaps identities, loses and invents."""
    draw = np.random.default_rng(seed)
    names = list(range(objects))
    truth: list[dict[int, Box]] = [{} for _ in names]
    found: list[dict[int, Box]] = [{} for _ in range(objects + 1)]
    corners = draw.integers(0, 30, (objects, 2))
    for t in range(num_frames):
        corners = np.clip(corners + draw.integers(-2, 3, corners.shape), 0, 30)
        if draw.random() < 0.3:
            draw.shuffle(names)
        for i, (x, y) in enumerate(corners.tolist()):
            if draw.random() < 0.85:
                truth[i][t] = (x, y, 10, 10)
            if draw.random() < 0.8:
                found[names[i]][t] = (x + int(draw.integers(0, 4)), y, 10, 10)
        if draw.random() < 0.4:
            found[objects][t] = (int(draw.integers(0, 40)), 30, 10, 8)
    return [track(b) for b in truth], [track(b) for b in found]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Trajectory], list[Trajectory], int]:
    """(truth, prediction, number of frames), none of them necessarily visible."""
    num_frames = draw(st.integers(1, 5))
    box = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 20))
    tracks = st.dictionaries(st.integers(0, num_frames - 1), box, max_size=num_frames).map(track)
    return draw(st.lists(tracks, max_size=4)), draw(st.lists(tracks, max_size=4)), num_frames

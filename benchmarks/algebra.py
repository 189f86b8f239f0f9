"""Mask algebra on run lengths against decoding: pairwise co-visible containment of many objects."""

from __future__ import annotations

import time

import numpy as np
from pycocotools import mask as coco

from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.trajectory import Trajectory, covisible_containment

RATIO = 0.9


def blobs(*, objects: int, frames: int, height: int, width: int, seed: int = 3) -> list[Trajectory]:
    """Trajectories of drifting ellipses with ragged edges, some inside others; gaps in visibility."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    ripple = 0.15 * np.sin(rows / 5) * np.cos(columns / 7)
    start, speed = rng.uniform((0, 0), (width, height), size=(objects, 2)), rng.normal(0, 1, size=(objects, 2))
    radius = rng.uniform(15, 160, size=(objects, 2))
    made = []
    for i in range(objects):
        shown = [f for f in range(frames) if (f + 11 * i) % 50 >= 5]
        places = [start[i] + speed[i] * f for f in shown]
        masks = [
            Mask.from_array(((columns - x) / radius[i, 0]) ** 2 + ((rows - y) / radius[i, 1]) ** 2 + ripple < 1)
            for x, y in places
        ]
        made.append(Trajectory.of(shown, masks))
    return made


def decoded_containment(trajectories: list[Trajectory]) -> tuple[FloatArray, FloatArray]:
    """The same as `covisible_containment`, by decoding each mask once a frame and multiplying pixels in numpy."""
    n = len(trajectories)
    together, inside = np.zeros((n, n)), np.zeros((n, n))
    for frame in range(1 + max(t.frames[-1] for t in trajectories if t.frames)):
        shown = {i: m for i, t in enumerate(trajectories) if (m := t.at(frame)) is not None}
        if not shown:
            continue
        pixels = coco.decode([m.rle for m in shown.values()]).reshape(-1, len(shown), order="F").astype(np.float32)
        common = pixels.T @ pixels
        block = np.ix_(list(shown), list(shown))
        together[block] += 1
        inside[block] += common / np.diag(common)[:, None] >= RATIO
    return together, np.divide(inside, together, out=np.zeros((n, n)), where=together > 0)


def compared(
    *, objects: int = 65, frames: int = 300, decoded_frames: int = 6, height: int = 720, width: int = 1280
) -> dict[str, float]:
    """CPU seconds of both ways; decoding is timed on `decoded_frames` frames and scaled. Both must agree there."""
    # A few frames are enough variety: they repeat until there are `frames` of them.
    drawn = blobs(objects=objects, frames=decoded_frames, height=height, width=width)
    again = -(-frames // decoded_frames)
    full = [_again(t, again, period=decoded_frames, frames=frames) for t in drawn]
    began = time.process_time()
    covisible_containment(full, ratio=RATIO)
    runs = time.process_time() - began
    began = time.process_time()
    decoded = decoded_containment(drawn)
    pixels = (time.process_time() - began) * frames / decoded_frames
    ours = covisible_containment(drawn, ratio=RATIO)
    assert all(np.allclose(a, b) for a, b in zip(ours, decoded, strict=True))
    return {"runs": runs, "decoded": pixels, "ratio": pixels / runs}


def _again(trajectory: Trajectory, times: int, *, period: int, frames: int) -> Trajectory:
    pairs = [
        (f + k * period, m) for k in range(times) for f, m in zip(trajectory.frames, trajectory.masks, strict=True)
    ]
    kept = [(f, m) for f, m in pairs if f < frames]
    return Trajectory(tuple(f for f, _ in kept), tuple(m for _, m in kept))

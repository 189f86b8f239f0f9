"""Clips and trajectories of any length and number, made of rectangles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Frame, Video

HEIGHT, WIDTH = 84, 112


@dataclass
class Clip:
    """A `FrameSource` of grey frames that get lighter."""

    video: Video

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        for i in indices:
            pixels = np.full((self.video.height, self.video.width, 3), i % 256, dtype=np.uint8)
            yield Frame(i, self.video.time_of(i), pixels)


def clip(seconds: float, *, fps: float = 2.0) -> Clip:
    frames = round(seconds * fps)
    return Clip(Video("clip", "clip.mp4", "", WIDTH, HEIGHT, fps, frames, frames / fps))


def box(x: int, y: int, w: int, h: int, *, frames: Sequence[int]) -> Trajectory:
    mask = Mask.from_box((x, y, w, h), height=HEIGHT, width=WIDTH)
    return Trajectory(tuple(frames), (mask,) * len(frames))


def many(count: int, *, frames: int) -> dict[int, Trajectory]:
    """`count` boxes all over the frame, ids from 10 on."""
    draw = np.random.default_rng(count)
    return {
        10 + k: box(*(int(v) for v in draw.integers(0, (80, 50))), 30, 30, frames=range(frames)) for k in range(count)
    }

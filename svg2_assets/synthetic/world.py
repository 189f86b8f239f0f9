"""A synthetic clip as a frame source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np

from svg2_assets.scene.video import Frame, Pixels, Video
from svg2_assets.synthetic.rendering import Painter
from svg2_assets.synthetic.script import plan_clip
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.truth import Truth


class World:
    """Renders the clip that `settings` and `seed` stand for: the same on every run. A `FrameSource` with its `truth`.

    Frames are drawn when asked for, in any order, and not kept: only poses and outlines grow with their number.
    """

    def __init__(self, settings: WorldSettings, *, seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.video = _video(settings, seed)
        # Not the size: a seed stands for the same story at every resolution of one aspect.
        entropy = [seed, list(Difficulty).index(settings.difficulty)]
        stages = plan_clip(settings, np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy))))
        self._painters = [Painter(s, width=settings.width, height=settings.height) for s in stages]
        self.truth = Truth(self.video, stages, self._painters)

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        """Every frame in order; scaled to `height` rows (aspect kept) when given."""
        return self._stream(range(self.video.num_frames), height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        """Only the frames of sorted `indices`. Raises `IndexError` outside of the clip, `ValueError` out of order."""
        wanted = [int(i) for i in indices]
        if any(b < a for a, b in pairwise(wanted)):
            raise ValueError(f"{self.video.id}: frames must be picked in order, not {wanted[:10]}")
        for index in wanted:
            self.truth.locate(index)
        return self._stream(wanted, height)

    def _stream(self, indices: Sequence[int], height: int | None) -> Iterator[Frame]:
        if height is not None and height < 1:
            raise ValueError(f"height must be positive, not {height}")
        return (Frame(i, self.video.time_of(i), self._scaled(self._render(i), height)) for i in indices)

    def _render(self, index: int) -> Pixels:
        shot, frame = self.truth.locate(index)
        return self._painters[shot].picture(frame)

    def _scaled(self, pixels: Pixels, height: int | None) -> Pixels:
        if height is None or height == self.video.height:
            return pixels
        size = max(1, round(self.video.width * height / self.video.height)), height
        how = cv2.INTER_AREA if height < self.video.height else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(pixels, size, interpolation=how), dtype=np.uint8)


def _video(settings: WorldSettings, seed: int) -> Video:
    text = f"{settings!r} seed={seed}"
    name = f"synthetic-{settings.difficulty.value}-{seed}"
    return Video(
        id=name,
        uri=f"synthetic://{name}",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        width=settings.width,
        height=settings.height,
        fps=settings.fps,
        num_frames=settings.frames,
        duration=settings.frames / settings.fps,
    )

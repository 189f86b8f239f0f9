"""Synthetic clips: coloured shapes that move over a grey ground, with their true masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Frame, Pixels, Video
from svg2_assets.trajectories.protocols import Origin, TrackedObject, Witness

WIDTH, HEIGHT, FPS, FRAMES = 320, 240, 10.0, 30
Paint = Callable[[Pixels, int], None]


def video(*, frames: int = FRAMES, width: int = WIDTH, height: int = HEIGHT, video_id: str = "v1") -> Video:
    return Video(video_id, "made.mp4", "0" * 64, width, height, FPS, frames, frames / FPS)


@dataclass
class Clip:
    """A `FrameSource` that paints each frame when asked; `picked` records what was asked for."""

    video: Video
    paint: Sequence[Paint] = ()

    def __post_init__(self) -> None:
        self.picked: list[int] = []

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        for index in indices:
            self.picked.append(index)
            pixels = np.full((self.video.height, self.video.width, 3), 120, np.uint8)
            for paint in self.paint:
                paint(pixels, index)
            if height is not None and height != self.video.height:
                width = round(self.video.width * height / self.video.height)
                pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
            yield Frame(index, index / FPS, pixels)


@dataclass(frozen=True)
class Thing:
    """A shape that goes from `start` by `step` (x, y) a frame; `colours` from top to bottom in equal bands."""

    start: tuple[float, float]
    size: tuple[int, int]
    colours: tuple[tuple[int, int, int], ...] = ((200, 40, 30),)
    step: tuple[float, float] = (0, 0)
    shape: str = "rectangle"
    frames: range = range(FRAMES)

    def stencil(self, index: int, shape: tuple[int, int]) -> np.ndarray:
        canvas = np.zeros(shape, np.uint8)
        n = index - self.frames.start
        x, y = self.start[0] + n * self.step[0], self.start[1] + n * self.step[1]
        if self.shape == "disc":
            cv2.circle(canvas, (round(x + self.size[0] / 2), round(y + self.size[0] / 2)), self.size[0] // 2, 1, -1)
        else:
            corners = (round(x), round(y)), (round(x) + self.size[0] - 1, round(y) + self.size[1] - 1)
            cv2.rectangle(canvas, *corners, 1, -1)
        return canvas.astype(bool)

    def paint(self, pixels: Pixels, index: int) -> None:
        if index not in self.frames:
            return
        where = self.stencil(index, pixels.shape[:2])
        rows = np.flatnonzero(where.any(axis=1))
        for band, colour in zip(np.array_split(rows, len(self.colours)), self.colours, strict=True):
            inside = np.zeros_like(where)
            inside[band] = where[band]
            pixels[inside] = colour

    def trajectory(self, of: Video) -> Trajectory:
        masks = [Mask.from_array(self.stencil(i, (of.height, of.width))) for i in self.frames]
        return Trajectory.of(list(self.frames), masks)

    def tracked(self, of: Video, *, object_id: int = 0, witnesses: tuple[Witness, ...] = ()) -> TrackedObject:
        return TrackedObject(object_id, self.trajectory(of), Origin.DISCOVERED, 0.9, witnesses)


def detector(source: str = "nanodet", *, looks: int = 20, **scores: float) -> Witness:
    """A witness; underscores in keyword names stand for spaces."""
    return Witness(source, looks, {name.replace("_", " "): score for name, score in scores.items()})

"""Painted scenes and recognisers that see colours: what the tracker does can be known in advance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from svg2_assets.scene.video import Frame, Video
from svg2_assets.trajectories.recognisers import Appearance, Detections, Recognisers

RED, BLUE, GREEN = (220, 30, 30), (30, 60, 230), (30, 210, 60)
COLOURS = (RED, BLUE, GREEN)


@dataclass
class Square:
    """A square of `colour`, its corner at frame t given by `at`; None hides it."""

    colour: tuple[int, int, int]
    at: Callable[[int], tuple[int, int] | None]
    side: int = 40


@dataclass
class PaintedVideo:
    """A frame source that paints squares on a textured wall; `seed_of` says which wall a frame has."""

    squares: Sequence[Square]
    frames_in_all: int = 48
    width: int = 320
    height: int = 240
    fps: float = 12.0
    seed_of: Callable[[int], int] = lambda _: 1
    hidden_behind: tuple[int, int] | None = None
    decoded: list[int] = field(default_factory=list)

    @property
    def video(self) -> Video:
        n = self.frames_in_all
        return Video("v" * 16, "painted", "0" * 64, self.width, self.height, self.fps, n, n / self.fps)

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        for t in range(self.frames_in_all):
            self.decoded.append(t)
            yield Frame(t, t / self.fps, self.paint(t))

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        yield from (f for f in self.frames(height=height) if f.index in set(indices))

    def paint(self, t: int) -> np.ndarray:
        pixels = wall(self.width, self.height, self.seed_of(t))
        for square in self.squares:
            corner = square.at(t)
            if corner is not None:
                x, y = corner
                pixels[max(0, y) : y + square.side, max(0, x) : x + square.side] = square.colour
        if self.hidden_behind is not None:
            left, right = self.hidden_behind
            pixels[:, left:right] = 90
        return pixels


def wall(width: int, height: int, seed: int) -> np.ndarray:
    """Grey texture that flow can hold on to; each seed has its own brightness."""
    noise = np.random.default_rng(seed).integers(0, 60, (max(1, height // 8), max(1, width // 8)), dtype=np.uint8)
    grey = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int32) + 40 + (70 * seed) % 130
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def mask_of(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(pixels.astype(np.int32) - colour).sum(axis=2) < 60


@dataclass
class ColourDetector:
    """Sees one box a colour; class = colour unless `blind` to classes. `score_of` may depend on the look."""

    name: str = "nanodet"
    one_class: bool = False
    score: float = 0.8
    looks: int = 0
    classes: tuple[str, ...] = ("red", "blue", "green")

    def detect(self, pixels: np.ndarray) -> Detections:
        self.looks += 1
        boxes, scores = [], []
        for i, colour in enumerate(COLOURS):
            ys, xs = np.nonzero(mask_of(pixels, colour))
            if len(xs) < 30:
                continue
            boxes.append([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
            scores.append(np.eye(3)[0 if self.one_class else i] * self.score)
        if not boxes:
            return Detections.none(3)
        return Detections(np.asarray(boxes, np.float32), np.asarray(scores, np.float32))


@dataclass
class ColourSaliency:
    """Foreground = anything that is coloured. Records the sizes it was asked for."""

    sizes: list[int] = field(default_factory=list)

    def foreground(self, pixels: np.ndarray, *, size: int) -> np.ndarray:
        self.sizes.append(size)
        coloured = np.logical_or.reduce([mask_of(pixels, c) for c in COLOURS]).astype(np.float32)
        return cv2.resize(coloured, (size, size), interpolation=cv2.INTER_LINEAR)


class ColourEmbedder:
    """Mean colour as an embedding."""

    name = "efficientnet"
    classes = ("red", "blue", "green")

    def look(self, pixels: np.ndarray) -> Appearance:
        mean = pixels.reshape(-1, 3).mean(axis=0) + 1.0
        return Appearance((mean / mean.sum()).astype(np.float32), (mean / np.linalg.norm(mean)).astype(np.float32))


def recognisers(**detector: object) -> Recognisers:
    return Recognisers(
        ColourDetector(**detector), ColourDetector(name="centernet", **detector), ColourSaliency(), ColourEmbedder()
    )

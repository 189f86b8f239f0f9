"""Small synthetic worlds: rectangles and discs that move, with names, tracks and pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.relations.extract import extract_relations
from svg2_assets.scene.graph import Relation, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Frame, Video
from svg2_assets.trajectories.protocols import CameraMotion, Origin, TrackedObject, TrackingResult

Box = tuple[float, float, float, float]
Path = Callable[[float], Box | None]
"""Seconds to (x, y, w, h) in pixels; None where the part is not there."""


def still(x: float, y: float, w: float, h: float) -> Path:
    return lambda _t: (x, y, w, h)


def moving(x: float, y: float, w: float, h: float, *, vx: float = 0.0, vy: float = 0.0) -> Path:
    return lambda t: (x + vx * t, y + vy * t, w, h)


def during(path: Path, start: float, end: float) -> Path:
    return lambda t: path(t) if start <= t < end else None


@dataclass
class Body:
    id: int
    name: str
    parts: Sequence[Path]
    round: bool = False
    confidence: float = 0.95
    origin: Origin = Origin.SEED


@dataclass
class World:
    """Bodies are drawn in order: later ones hide earlier ones and cut their masks."""

    width: int = 320
    height: int = 240
    fps: float = 10.0
    seconds: float = 5.0
    cuts: tuple[int, ...] = ()
    camera: CameraMotion = field(default_factory=CameraMotion)
    bodies: list[Body] = field(default_factory=list)
    id: str = "f" * 16
    labelled: dict[int, dict[str, Any]] = field(default_factory=dict)  # further fields of labels, by body

    def add(self, name: str, *parts: Path, **given: object) -> World:
        self.bodies.append(Body(len(self.bodies), name, parts, **given))  # type: ignore[arg-type]
        return self

    @property
    def video(self) -> Video:
        frames = round(self.seconds * self.fps)
        return Video(self.id, "world.mp4", "", self.width, self.height, self.fps, frames, frames / self.fps)

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        rows = height or self.height
        size = (round(self.width * rows / self.height), rows)
        for i in indices:
            yield Frame(i, i / self.fps, np.asarray(cv2.resize(self._picture(i), size), dtype=np.uint8))

    def tracks(self) -> TrackingResult:
        video = self.video
        shown = [self._masks(i) for i in range(video.num_frames)]
        objects = tuple(
            TrackedObject(b.id, self._trajectory(shown, k), b.origin, 0.8) for k, b in enumerate(self.bodies)
        )
        return TrackingResult(tuple(o for o in objects if len(o.trajectory)), self.camera, self.cuts)

    def labels(self) -> tuple[VerifiedLabel, ...]:
        supported = Verification(Verdict.SUPPORTED, 0.9)
        return tuple(
            VerifiedLabel(Label(b.id, b.name, b.confidence, **self.labelled.get(b.id, {})), supported)
            for b in self.bodies
        )

    def relations(self) -> tuple[Relation, ...]:
        return extract_relations(self, self.tracks(), self.labels()).relations

    def find(self, predicate: str, subject: int = 0, object_: int = 1) -> Relation | None:
        return next((r for r in self.relations() if r.key == (subject, predicate, object_)), None)

    def _trajectory(self, shown: Sequence[Sequence[np.ndarray]], k: int) -> Trajectory:
        return Trajectory.of(range(len(shown)), [Mask.from_array(masks[k]) for masks in shown])

    def _masks(self, frame: int) -> list[np.ndarray]:
        free = np.ones((self.height, self.width), dtype=bool)
        found: list[np.ndarray] = []
        for body in reversed(self.bodies):
            silhouette = np.zeros_like(free)
            for part in body.parts:
                self._paint(silhouette, part(frame / self.fps), body.round, True)
            found.append(silhouette & free)
            free &= ~silhouette
        return found[::-1]

    def _picture(self, frame: int) -> np.ndarray:
        grey = _texture(0).copy()[: self.height, : self.width]
        seed = 1
        for body in self.bodies:
            for part in body.parts:
                self._paint(grey, part(frame / self.fps), body.round, _texture(seed))
                seed += 1
        return np.repeat(grey[:, :, None], 3, axis=2)

    def _paint(self, picture: np.ndarray, box: Box | None, is_round: bool, paint: np.ndarray | bool) -> None:
        """Fill `box` of `picture`: with a flag, or with a texture that moves along."""
        if box is None:
            return
        x, y, w, h = (round(v) for v in box)
        x0, y0, x1, y1 = max(0, x), max(0, y), min(self.width, x + w), min(self.height, y + h)
        if x0 >= x1 or y0 >= y1:
            return
        ys, xs = np.mgrid[y0:y1, x0:x1] + 0.5
        inside = ((xs - x - w / 2) / (w / 2)) ** 2 + ((ys - y - h / 2) / (h / 2)) ** 2 <= 1
        cover = inside if is_round else np.ones_like(inside)
        colour = paint if isinstance(paint, bool) else paint[y0 - y : y1 - y, x0 - x : x1 - x]
        picture[y0:y1, x0:x1] = np.where(cover, colour, picture[y0:y1, x0:x1])


@lru_cache(maxsize=64)
def _texture(seed: int) -> np.ndarray:
    """Smooth noise, 800 x 800: flow needs something to follow."""
    coarse = np.random.default_rng(seed).integers(20, 235, (134, 134))
    fine = np.kron(coarse, np.ones((6, 6)))[:800, :800]
    return np.asarray((fine + np.roll(fine, 3, 0) + np.roll(fine, 3, 1)) / 3, dtype=np.uint8)

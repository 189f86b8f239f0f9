"""Which frames to look at closely, and the pixels of each object on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.descriptions.colours import Lab, to_lab
from svg2_assets.descriptions.facts import Region
from svg2_assets.descriptions.geometry import cut_sides
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Frame, Video


@dataclass(frozen=True, slots=True)
class SamplingRule:
    """How pixels are taken.

    At most `frames` frames an object, decoded to `rows` rows; frames on a grid of `grid_seconds` are preferred, so that
    objects share them; `pixels` at most a frame and region; silhouettes shrink by `erosion` of the root of their area.
    `upper` and `lower` are rows of the box in shares of its height: below the head and above the feet of a person.
    """

    frames: int = 8
    rows: int = 360
    grid_seconds: float = 0.25
    pixels: int = 600
    erosion: float = 0.06
    upper: tuple[float, float] = (0.18, 0.46)
    lower: tuple[float, float] = (0.56, 0.88)


@dataclass(slots=True)
class Samples:
    """Lab pixels of one object by region, one array a frame, and the frames."""

    frames: list[int] = field(default_factory=list)
    regions: dict[Region, list[Lab]] = field(default_factory=dict)

    def add(self, frame: int, pixels: Mapping[Region, Lab]) -> None:
        """Take in what was seen on `frame`."""
        self.frames.append(frame)
        for region, lab in pixels.items():
            self.regions.setdefault(region, []).append(lab)


def choose_frames(trajectory: Trajectory, video: Video, rule: SamplingRule) -> tuple[int, ...]:
    """At most `rule.frames` frames, spread over the object's time, each the best of its stretch: large and uncut."""
    frames = np.asarray(trajectory.frames)
    boxes = trajectory.boxes
    cut = cut_sides(boxes, width=video.width, height=video.height).any(axis=1)
    grid = max(1, round(rule.grid_seconds * video.fps))
    worth = trajectory.areas * np.where(cut, 0.3, 1.0) * np.where(frames % grid == 0, 1.0, 0.25)
    stretches = np.array_split(np.arange(len(frames)), min(rule.frames, len(frames)))
    return tuple(int(frames[rows[np.argmax(worth[rows])]]) for rows in stretches)


def gather(frames: Iterable[Frame], wanted: Mapping[int, list[tuple[int, Mask]]], rule: SamplingRule) -> dict[int, Samples]:
    """The samples of each object id; `wanted` lists, by frame index, the objects to look at and their masks."""
    samples: dict[int, Samples] = {}
    for frame in frames:
        for object_id, mask in wanted.get(frame.index, ()):
            samples.setdefault(object_id, Samples()).add(frame.index, dict(_regions(frame, mask, rule)))
    return samples


def _regions(frame: Frame, mask: Mask, rule: SamplingRule) -> Iterator[tuple[Region, Lab]]:
    inside, (left, top) = _small_mask(mask, frame.pixels.shape[0], rule)
    height, width = inside.shape
    crop = frame.pixels[top : top + height, left : left + width]
    for region, (start, end) in (
        (Region.WHOLE, (0.0, 1.0)),
        (Region.UPPER, rule.upper),
        (Region.LOWER, rule.lower),
    ):
        rows = slice(int(start * height), max(int(start * height) + 1, round(end * height)))
        pixels = crop[rows][inside[rows, : crop.shape[1]][: crop[rows].shape[0]]]
        step = max(1, len(pixels) // rule.pixels)
        yield region, to_lab(np.ascontiguousarray(pixels[::step]))


def _small_mask(mask: Mask, rows: int, rule: SamplingRule) -> tuple[npt.NDArray[np.bool_], tuple[int, int]]:
    """The eroded silhouette inside its box at the scale of a frame of `rows` rows, and where the box starts (x, y)."""
    scale = rows / mask.height
    x, y, w, h = (int(v) for v in mask.box)
    crop = mask.to_array()[y : y + h, x : x + w].astype(np.uint8)
    size = max(1, round(w * scale)), max(1, round(h * scale))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    radius = max(1, round(rule.erosion * float(np.sqrt(mask.area)) * scale))
    padded = cv2.copyMakeBorder(small, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    eroded = cv2.erode(padded, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)[1:-1, 1:-1]
    return eroded.astype(bool), (round(x * scale), round(y * scale))

"""Which frames to look at closely, and the pixels of each object on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from svg2_assets.descriptions.colours import Lab, to_lab
from svg2_assets.descriptions.facts import Region
from svg2_assets.descriptions.geometry import Course, Outline, cropped
from svg2_assets.scene.masks import BoolArray, IntArray, Mask
from svg2_assets.scene.video import Frame, Pixels

Wanted = Mapping[int, Sequence[tuple[int, Mask]]]
"""Frame index to the object ids to look at there, with their masks."""


@dataclass(frozen=True, slots=True)
class SamplingRule:
    """How pixels are taken.

    At most `frames` frames an object, decoded to `rows` rows; frames on a grid of `grid_seconds` are preferred, so that
    objects share them. Silhouettes are thinned to `side` pixels, shrunk by `erosion` of the root of their area, and
    give at most `pixels` a frame and region. The halves are rows of the box in shares of its height: below the head and
    above the feet of a person.
    """

    frames: int = 8
    rows: int = 360
    grid_seconds: float = 0.25
    pixels: int = 300
    side: int = 120
    erosion: float = 0.06
    upper_from: float = 0.18
    upper_to: float = 0.46
    lower_from: float = 0.56
    lower_to: float = 0.88


@dataclass(slots=True)
class Samples:
    """What was seen of one object: the frames, the outline on each, and Lab pixels by region, one array a frame."""

    frames: list[int] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)
    regions: dict[Region, list[Lab]] = field(default_factory=dict)

    def look(self, frame: Frame, mask: Mask, rule: SamplingRule) -> None:
        """Take in what `frame` shows inside `mask`."""
        silhouette, corner = cropped(mask)
        self.frames.append(frame.index)
        self.outlines.append(Outline.of(silhouette))
        inside, seen = _sampled(frame.pixels, silhouette, corner, scale=frame.pixels.shape[0] / mask.height, rule=rule)
        for region, (start, end) in _bands(rule):
            first = round(start * len(inside))
            rows = slice(first, max(first + 1, round(end * len(inside))))
            pixels = seen[rows][inside[rows]]
            step = max(1, len(pixels) // rule.pixels)
            self.regions.setdefault(region, []).append(to_lab(np.ascontiguousarray(pixels[::step])))


def choose_frames(course: Course, rule: SamplingRule) -> tuple[int, ...]:
    """At most `rule.frames` frames, spread over the object's time, each the best of its stretch: large and uncut."""
    frames = course.frames
    grid = max(1, round(rule.grid_seconds * course.video.fps))
    worth = course.areas * np.where(course.cut_anywhere, 0.3, 1.0) * np.where(frames % grid == 0, 1.0, 0.25)
    stretches = np.array_split(np.arange(len(frames)), min(rule.frames, len(frames)))
    return tuple(int(frames[rows[np.argmax(worth[rows])]]) for rows in stretches)


def gather(frames: Iterable[Frame], wanted: Wanted, rule: SamplingRule) -> dict[int, Samples]:
    """The samples of each object id, from a stream of the frames that `wanted` names."""
    samples: dict[int, Samples] = {}
    for frame in frames:
        for object_id, mask in wanted.get(frame.index, ()):
            samples.setdefault(object_id, Samples()).look(frame, mask, rule)
    return samples


def _bands(rule: SamplingRule) -> tuple[tuple[Region, tuple[float, float]], ...]:
    return (
        (Region.WHOLE, (0.0, 1.0)),
        (Region.UPPER, (rule.upper_from, rule.upper_to)),
        (Region.LOWER, (rule.lower_from, rule.lower_to)),
    )


def _sampled(
    pixels: Pixels, silhouette: BoolArray, corner: tuple[int, int], *, scale: float, rule: SamplingRule
) -> tuple[BoolArray, Pixels]:
    """The eroded silhouette [h, w] and the pixels under it [h, w, 3], both thinned to at most `rule.side` a side.

    `corner` (x, y) is where the silhouette starts in the mask, `scale` the pixels of the frame a pixel of the mask.
    """
    fit = min(scale, rule.side / max(silhouette.shape))
    height, width = (max(1, round(side * fit)) for side in silhouette.shape)
    small = cv2.resize(silhouette.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    radius = max(1, round(rule.erosion * float(np.sqrt(small.sum()))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    inside = cv2.erode(cv2.copyMakeBorder(small, 1, 1, 1, 1, cv2.BORDER_CONSTANT), kernel)[1:-1, 1:-1].astype(bool)
    xs = _positions(corner[0], silhouette.shape[1], width, scale=scale, limit=pixels.shape[1])
    ys = _positions(corner[1], silhouette.shape[0], height, scale=scale, limit=pixels.shape[0])
    return inside, pixels[ys[:, None], xs]


def _positions(start: int, length: int, count: int, *, scale: float, limit: int) -> IntArray:
    """The middles of `count` equal parts of `[start, start + length)`, scaled, below `limit`."""
    middles = (start + (np.arange(count) + 0.5) * length / count) * scale
    return np.minimum(middles.astype(np.int64), limit - 1)

"""Stuff: two to four regions that fill the world behind the things."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np

from svg2_assets.scene.masks import FloatArray
from svg2_assets.scene.video import Pixels
from svg2_assets.synthetic.textures import Pattern, Texture, make_texture

MARGIN_X, MARGIN_Y = 0.75, 0.35  # of the frame's width and height, painted beyond each border for the camera


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Stuff below the line `top` [K, 2] (world x, y): later regions of a backdrop cover earlier ones."""

    name: str
    texture: Texture
    top: FloatArray
    ground: bool = False


@dataclass(frozen=True, eq=False)  # no slots: the picture is kept once painted
class Canvas:
    """The painted world: `regions` [h, w] indices into `stuff`; world point p lies at (p - origin) * scale."""

    stuff: tuple[Region, ...]
    regions: Pixels
    origin: tuple[float, float]
    scale: float

    @cached_property
    def pixels(self) -> Pixels:
        """The picture [h, w, 3]; who only asks for truth never paints it. Each region is painted where it shows."""
        rows, columns = self.regions.shape
        pixels = np.zeros((rows, columns, 3), np.uint8)
        for index, region in enumerate(self.stuff):
            shown = self.regions == index
            (band,) = np.nonzero(shown.any(axis=1))
            if band.size:
                top, end = int(band[0]), int(band[-1]) + 1
                texture = replace(region.texture, cells=region.texture.cells * (end - top) / rows)
                np.copyto(pixels[top:end], texture.paint(end - top, columns), where=shown[top:end, :, None])
        return pixels

    def region_at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """The index of the region at world points (x, y), [F] each; the nearest one outside of the canvas."""
        height, width = self.regions.shape
        columns = np.clip((x - self.origin[0]) * self.scale, 0, width - 1).astype(np.int64)
        rows = np.clip((y - self.origin[1]) * self.scale, 0, height - 1).astype(np.int64)
        return np.asarray(self.regions[rows, columns], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """The stuff of a shot. `horizon` is the world y from which the ground reaches down to 1, the frame's edge."""

    regions: tuple[Region, ...]
    horizon: float
    aspect: float
    outdoor: bool = True
    _canvases: dict[int, Canvas] = field(default_factory=dict, repr=False)

    @property
    def colors(self) -> tuple[str, ...]:
        """The colours of the regions."""
        return tuple(r.texture.color for r in self.regions)

    def canvas(self, height: int) -> Canvas:
        """The regions laid out for frames of `height` rows; kept for the next call."""
        if height not in self._canvases:
            self._canvases.clear()
            self._canvases[height] = _lay_out(self, height)
        return self._canvases[height]


def make_backdrop(rng: np.random.Generator, *, aspect: float, contrast: float) -> Backdrop:
    """One of a few kinds of places, with its own colours, lines and textures."""
    layouts = (_meadow, _street, _shore, _room)
    return layouts[int(rng.integers(len(layouts)))](rng, aspect, contrast)


def _meadow(rng: np.random.Generator, aspect: float, contrast: float) -> Backdrop:
    horizon = float(rng.uniform(0.36, 0.5))
    regions = [_sky(rng, contrast)]
    if rng.random() < 0.7:
        hills = replace(_stuff(rng, ("green", "purple", "teal", "gray"), contrast, cells=5), grain=0.2)
        regions.append(Region("mountain", hills, _line(rng, aspect, horizon - 0.1, waves=0.06)))
    grass = replace(_stuff(rng, ("green", "yellow"), contrast, cells=22), grain=0.22)
    regions.append(Region("grass", grass, _line(rng, aspect, horizon, waves=0.012), ground=True))
    if rng.random() < 0.6:
        path = _stuff(rng, ("brown", "gray"), contrast, cells=14)
        regions.append(Region("path", path, _line(rng, aspect, float(rng.uniform(0.72, 0.8)), waves=0.02), ground=True))
    return Backdrop(tuple(regions), horizon, aspect)


def _street(rng: np.random.Generator, aspect: float, contrast: float) -> Backdrop:
    horizon = float(rng.uniform(0.42, 0.52))
    bricks = replace(
        _stuff(rng, ("red", "brown", "orange", "white", "gray"), contrast, cells=9, pattern=Pattern.CHECKED), angle=0.0
    )
    slabs = _stuff(rng, ("gray", "white"), contrast, cells=7, pattern=Pattern.CHECKED)
    road = _stuff(rng, ("gray", "black"), contrast, cells=18)
    regions = [
        _sky(rng, contrast),
        Region("wall", bricks, _line(rng, aspect, float(rng.uniform(0.05, 0.2)), waves=0.0)),
        Region("sidewalk", replace(slabs, angle=0.0), _line(rng, aspect, horizon, waves=0.0), ground=True),
        Region("road", road, _line(rng, aspect, horizon + 0.17, waves=0.0), ground=True),
    ]
    return Backdrop(tuple(regions), horizon, aspect)


def _shore(rng: np.random.Generator, aspect: float, contrast: float) -> Backdrop:
    horizon = float(rng.uniform(0.44, 0.54))
    water = replace(_stuff(rng, ("blue", "teal"), contrast, cells=20), stretch=6.0, grain=0.22)
    sand = replace(_stuff(rng, ("yellow", "orange", "white"), contrast, cells=20), grain=0.16)
    regions = (
        _sky(rng, contrast),
        Region("water", water, _line(rng, aspect, horizon - 0.16, waves=0.0)),
        Region("sand", sand, _line(rng, aspect, horizon, waves=0.025), ground=True),
    )
    return Backdrop(regions, horizon, aspect)


def _room(rng: np.random.Generator, aspect: float, contrast: float) -> Backdrop:
    horizon = float(rng.uniform(0.46, 0.56))
    paper = _stuff(rng, ("yellow", "pink", "teal", "white", "purple"), contrast, cells=6, pattern=Pattern.STRIPED)
    boards = _stuff(rng, ("brown", "gray", "orange"), contrast, cells=12, pattern=Pattern.STRIPED)
    regions = [
        Region("wall", replace(paper, angle=0.0), _line(rng, aspect, -1.0, waves=0.0)),
        Region("floor", replace(boards, angle=math.pi / 2), _line(rng, aspect, horizon, waves=0.0), ground=True),
    ]
    if rng.random() < 0.5:
        rug = _stuff(rng, ("red", "blue", "purple", "green"), contrast, cells=10, pattern=Pattern.CHECKED)
        regions.append(Region("rug", rug, _line(rng, aspect, horizon + 0.26, waves=0.0), ground=True))
    return Backdrop(tuple(regions), horizon, aspect, outdoor=False)


def _sky(rng: np.random.Generator, contrast: float) -> Region:
    """Clouds: wide lumps of a lighter colour."""
    air = _stuff(rng, ("blue", "gray", "pink", "teal"), contrast, cells=3)
    light = replace(air.shaded(1.25), second=(238.0, 238.0, 240.0), contrast=0.35, stretch=2.5, grain=0.05)
    return Region("sky", light, np.asarray([(-9.0, -9.0), (9.0, -9.0)]))


def _stuff(
    rng: np.random.Generator,
    colors: tuple[str, ...],
    contrast: float,
    *,
    cells: float,
    pattern: Pattern = Pattern.PLAIN,
) -> Texture:
    """A muted surface: backgrounds are paler than what stands before them."""
    texture = make_texture(rng, str(rng.choice(colors)), contrast=0.4 * contrast, pattern=pattern, grain=0.1)
    grey = sum(texture.rgb) / 3
    muted = tuple(0.72 * c + 0.28 * grey + 12 for c in texture.rgb)
    return replace(texture, rgb=(muted[0], muted[1], muted[2]), cells=cells)


def _line(rng: np.random.Generator, aspect: float, y: float, *, waves: float) -> FloatArray:
    """A line across the world at height `y` that swings by about `waves`, [K, 2]."""
    x = np.linspace(-MARGIN_X * aspect, (1 + MARGIN_X) * aspect, 60)
    first, second = rng.uniform(0, 6, 2)
    return np.stack((x, y + waves * (np.sin(2.3 * x + first) + 0.5 * np.sin(6.1 * x + second))), axis=1)


def _lay_out(backdrop: Backdrop, height: int) -> Canvas:
    origin = -MARGIN_X * backdrop.aspect, -MARGIN_Y
    rows, columns = round((1 + 2 * MARGIN_Y) * height), round((1 + 2 * MARGIN_X) * backdrop.aspect * height)
    regions = np.zeros((rows, columns), np.uint8)
    for index, region in enumerate(backdrop.regions):
        line = (region.top - origin) * height
        outline = np.concatenate((line, [(columns + 9, rows + 9), (-9, rows + 9)]))
        cv2.fillPoly(regions, [np.rint(outline).astype(np.int32)], index)
    return Canvas(backdrop.regions, regions, origin, float(height))

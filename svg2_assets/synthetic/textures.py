"""Surfaces: colours with names, patterns and noise, painted at any size from a few numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.scene.video import Pixels

FloatImage = npt.NDArray[np.float32]
Rgb = tuple[float, float, float]

COLORS: MappingProxyType[str, Rgb] = MappingProxyType(
    {
        "red": (196, 52, 46),
        "orange": (226, 132, 44),
        "yellow": (228, 200, 70),
        "green": (70, 142, 66),
        "teal": (50, 140, 140),
        "blue": (56, 92, 184),
        "purple": (124, 70, 156),
        "pink": (224, 136, 164),
        "brown": (122, 82, 52),
        "gray": (132, 132, 136),
        "white": (228, 226, 220),
        "black": (44, 42, 46),
    }
)


class Pattern(StrEnum):
    """What a surface looks like beside its colour; the value is the word for it."""

    PLAIN = "plain"
    STRIPED = "striped"
    CHECKED = "checked"
    SPOTTED = "spotted"
    SHADED = "shaded"


@dataclass(frozen=True, slots=True)
class Texture:
    """A surface: `rgb` and `second` (0..255) mixed by `pattern` with `cells` repeats across, turned by `angle`.

    `contrast` (0..1) says how far the pattern goes towards `second`, `grain` how strong the noise is, `stretch` how
    much longer than high the noise's lumps are. Equal numbers paint equal surfaces.
    """

    color: str
    rgb: Rgb
    second: Rgb
    pattern: Pattern = Pattern.PLAIN
    cells: float = 4.0
    angle: float = 0.0
    contrast: float = 0.3
    grain: float = 0.1
    stretch: float = 1.0
    seed: int = 0

    def paint(self, height: int, width: int) -> Pixels:
        """Pixels [height, width, 3]. The pattern is a share of the height: a larger picture shows the same, finer."""
        mix = (self.contrast * _pattern(self, height, width))[..., None]
        colour = np.asarray(self.rgb, np.float32) * (1 - mix) + np.asarray(self.second, np.float32) * mix
        light = 1 + self.grain * value_noise(self.seed, height, width, cells=2 * self.cells, stretch=self.stretch)
        return np.asarray(np.clip(colour * light[..., None], 0, 255), dtype=np.uint8)

    def shaded(self, factor: float) -> Texture:
        """The same surface, lighter (above 1) or darker."""
        rgb, second = (tuple(min(255.0, c * factor) for c in colour) for colour in (self.rgb, self.second))
        return replace(self, rgb=(rgb[0], rgb[1], rgb[2]), second=(second[0], second[1], second[2]))


def make_texture(
    rng: np.random.Generator, color: str, *, contrast: float = 0.3, pattern: Pattern | None = None, grain: float = 0.12
) -> Texture:
    """A surface of the colour called `color`, jittered, with a random or the given `pattern`."""
    rgb = np.clip(np.asarray(COLORS[color]) + rng.normal(0, 9, 3), 10, 245)
    second = np.clip(rgb * rng.choice([0.35, 1.7]) + rng.normal(0, 18, 3), 5, 250)
    chosen = pattern or list(Pattern)[int(rng.integers(len(Pattern)))]
    return Texture(
        color=color,
        rgb=(float(rgb[0]), float(rgb[1]), float(rgb[2])),
        second=(float(second[0]), float(second[1]), float(second[2])),
        pattern=chosen,
        cells=float(rng.uniform(2.5, 5.0)),
        angle=float(rng.uniform(0, math.pi)),
        contrast=min(0.9, contrast * (1.4 if chosen is not Pattern.PLAIN else 0.6)),
        grain=grain,
        seed=int(rng.integers(2**31)),
    )


def value_noise(seed: int, height: int, width: int, *, cells: float, stretch: float = 1.0) -> FloatImage:
    """Smooth noise of about -1..1, [height, width]: three octaves, the first with `cells` lumps over the height."""
    rng = np.random.Generator(np.random.PCG64(seed))
    noise, total = np.zeros((height, width), np.float32), 0.0
    for octave in range(3):
        lump = height / (cells * 2**octave)  # pixels, exactly: the same lattice lies under every size
        rows, columns = math.ceil(height / lump) + 2, math.ceil(width / lump / stretch) + 2
        # A power of two, so that a column more or less does not shift the numbers of all rows.
        lattice = rng.uniform(-1, 1, (rows, 1 << (columns - 1).bit_length())).astype(np.float32)
        grown = np.asarray([[lump * stretch, 0, 0], [0, lump, 0]])
        weight = 0.6**octave
        noise += weight * cv2.warpAffine(
            lattice, grown, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
        total += weight
    return np.asarray(noise / total * 1.6, dtype=np.float32)


def _pattern(texture: Texture, height: int, width: int) -> FloatImage:
    """How much of the second colour each pixel takes, 0..1 [height, width]."""
    if texture.pattern is Pattern.PLAIN:
        return _unit(0.5 + value_noise(texture.seed + 1, height, width, cells=texture.cells))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(height)
    along = x * math.cos(texture.angle) + y * math.sin(texture.angle)
    across = y * math.cos(texture.angle) - x * math.sin(texture.angle)
    if texture.pattern is Pattern.SHADED:
        return _unit(along - along.min())
    turns = 2 * math.pi * texture.cells
    wave, other = np.sin(along * turns), np.sin(across * turns)
    if texture.pattern is Pattern.STRIPED:
        return np.asarray(wave > 0, dtype=np.float32)
    if texture.pattern is Pattern.CHECKED:
        return np.asarray(wave * other > 0, dtype=np.float32)
    return np.asarray(wave + other > 0.9, dtype=np.float32)


def _unit(values: FloatImage) -> FloatImage:
    return np.asarray(np.clip(values, 0, 1), dtype=np.float32)

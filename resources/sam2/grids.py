"""Where a frame is prompted: crops in layers, and a grid of points in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from resources.sam2.package import make_importable
from resources.sam2.settings import SegmentSettings
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import BoolArray, Mask

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a frame and where it is prompted.

    `box` = (left, top, right, bottom) in pixels of the frame, the last two outside. `points` [N, 2]: x, y of each
    prompt as a part (0..1) of the crop's width and height.
    """

    layer: int
    box: tuple[int, int, int, int]
    points: Points

    @property
    def size(self) -> tuple[int, int]:
        """Height, width."""
        left, top, right, bottom = self.box
        return bottom - top, right - left


def layers(
    height: int,
    width: int,
    settings: SegmentSettings,
    *,
    focus: Mask | None = None,
    known: Mask | None = None,
    closely: bool = True,
) -> Iterator[list[Crop]]:
    """Crops of a frame layer by layer, the whole frame first; only those with a point in `focus`.

    A quarter of the points is left in `known`. Raises `InvalidSceneValue` for masks that are not of the frame's size.
    """
    make_importable()
    from sam2.utils.amg import generate_crop_boxes

    wanted, sparse = _pixels(height, width, focus), _pixels(height, width, known)
    sides = settings.points_per_side if closely else settings.points_per_side[:1]
    boxes, owners = generate_crop_boxes((height, width), len(sides) - 1, settings.crop_overlap)
    for layer, side in enumerate(sides):
        grid = point_grid(side, inset=settings.inset_grid)
        own = [tuple(box) for box, owner in zip(boxes, owners, strict=True) if owner == layer]
        rough = _every_second(side)
        crops = [Crop(layer, box, grid[_kept(grid, box, rough, wanted, sparse)]) for box in own]
        yield [crop for crop in crops if len(crop.points)]


def point_grid(side: int, *, inset: bool) -> Points:
    """`side` × `side` points of the unit square, [side², 2], x fastest: from border to border, or `inset` half a step.

    SVG2 prompts from border to border; SAM's own grid is inset.
    """
    margin = 0.5 / side if inset else 0.0
    line = np.linspace(margin, 1 - margin, side)
    ys, xs = np.meshgrid(line, line, indexing="ij")
    return np.stack([xs.ravel(), ys.ravel()], axis=1)


def _every_second(side: int) -> BoolArray:
    """[side²] of a grid's points: those in every second column of every second row."""
    even = np.arange(side) % 2 == 0
    return np.asarray(even[:, None] & even[None, :]).ravel()


def _pixels(height: int, width: int, mask: Mask | None) -> BoolArray | None:
    if mask is None:
        return None
    if (mask.height, mask.width) != (height, width):
        raise InvalidSceneValue(
            f"SAM 2: a focus of {mask.height}x{mask.width} does not fit a frame of {height}x{width} (height x width)"
        )
    return mask.to_array()


def _kept(
    grid: Points, box: tuple[int, int, int, int], rough: BoolArray, wanted: BoolArray | None, sparse: BoolArray | None
) -> BoolArray:
    """Which points of `grid`, laid into `box`, fall on a wanted pixel and are not spared on a sparse one.

    Points on the border count as inside.
    """
    left, top, right, bottom = box
    xs = np.minimum(left + grid[:, 0] * (right - left), right - 1).astype(np.int64)
    ys = np.minimum(top + grid[:, 1] * (bottom - top), bottom - 1).astype(np.int64)
    kept = np.ones(len(grid), dtype=bool) if wanted is None else wanted[ys, xs]
    return kept if sparse is None else kept & (rough | ~sparse[ys, xs])

"""A caption from the pixels under the alpha of RGBA images: what can be said without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svg2_assets.descriptions.colours import COLOURS, Limits, name_pixels, to_lab

_MOVED = 0.05  # of the frame's side, between the first and the last image
_SIZES = ((0.02, "small"), (0.15, "medium-sized"))
_SECOND_COLOUR = 0.25
_PIXELS = 20_000  # that are looked at, of each image

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Region:
    """What is under the alpha of one image. `x`, `y`: its centre, 0 to 1 from the upper left; `share`: of the image;
    `colours`: share of its pixels by index into `COLOURS`."""

    x: float
    y: float
    share: float
    colours: npt.NDArray[np.float64]


def region_of(image: Pixels) -> Region:
    """Measure an RGBA `image` [H, W, 4] that has a pixel with alpha above 0."""
    height, width = image.shape[:2]
    rows, columns = np.nonzero(image[:, :, 3])
    step = max(1, len(rows) // _PIXELS)
    pixels = image[rows[::step], columns[::step], :3]
    counts = np.bincount(name_pixels(to_lab(pixels), Limits()), minlength=len(COLOURS))
    return Region(
        x=float((columns.mean() + 0.5) / width),
        y=float((rows.mean() + 0.5) / height),
        share=len(rows) / (height * width),
        colours=counts / len(pixels),
    )


def caption(regions: Sequence[Region]) -> str:
    """One to two sentences about the object: colour, size, place, and over several images its motion."""
    colours = np.mean([r.colours for r in regions], axis=0)
    share = float(np.mean([r.share for r in regions]))
    size = next((word for limit, word in _SIZES if share < limit), "large")
    first = regions[0]
    text = f"A {size} {_colour(colours)} object in the {_place(first)} of the frame."
    if len(regions) == 1:
        return text
    return f"{text} {_motion(first, regions[-1], len(regions))}"


def _colour(shares: npt.NDArray[np.float64]) -> str:
    order = np.argsort(-shares, kind="stable")
    name = COLOURS[order[0]]
    return f"{name} and {COLOURS[order[1]]}" if shares[order[1]] > _SECOND_COLOUR else name


def _place(region: Region) -> str:
    across = ("left", "middle", "right")[min(2, int(region.x * 3))]
    down = ("upper", "middle", "lower")[min(2, int(region.y * 3))]
    if down == "middle":
        return across if across == "middle" else f"{across} part"
    return f"{down} {across}"


def _motion(first: Region, last: Region, count: int) -> str:
    x, y = last.x - first.x, last.y - first.y
    if max(abs(x), abs(y)) < _MOVED:
        return f"Over the {count} images it stays where it is."
    across, down = "to the right" if x > 0 else "to the left", "downwards" if y > 0 else "upwards"
    return f"Over the {count} images it moves {across if abs(x) >= abs(y) else down}."

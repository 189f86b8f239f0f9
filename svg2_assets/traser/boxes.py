"""Where an object is, as text: what a box-trajectory baseline reads in place of an object's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from svg2_assets.traser.values import Window

if TYPE_CHECKING:  # the network runs where pycocotools is not
    from svg2_assets.scene.masks import FloatArray

SCALE = 1000
"""Boxes go from 0 to this over the width and the height."""
NOWHERE = "no box"


def box_text(
    boxes: npt.NDArray[np.float32], times: FloatArray, windows: Sequence[Window], *, first: bool = False
) -> str:
    """`0 s [x0, y0, x1, y1]; 4 s [...]`: the box that each window shows first, or the `first` one alone.

    `boxes` [steps, 4] as a track has them (NaN where the object is not seen), `times` [steps] in seconds.
    """
    seen = ~np.isnan(boxes[:, 0])
    shown = [int(np.flatnonzero(seen[w.first : w.last])[0]) + w.first for w in windows if seen[w.first : w.last].any()]
    return "; ".join(f"{times[s]:.4g} s {_box(boxes[s])}" for s in shown[: 1 if first else None]) or NOWHERE


def _box(box: npt.NDArray[np.float32]) -> str:
    y, x, height, width = (float(v) for v in box)
    ends = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return str([round(SCALE * min(max(v, 0.0), 1.0)) for v in ends])

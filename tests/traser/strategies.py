"""Random masks of several objects over several frames, at any size against any grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from svg2_assets.scene.masks import Mask
from svg2_assets.traser.values import Grid

SIDES = st.one_of(st.integers(1, 90), st.sampled_from([28, 56, 84, 119, 120, 238]))


@dataclass(frozen=True)
class Scene:
    """`masks` [objects][frames]."""

    masks: list[list[Mask | None]]
    grid: Grid


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Blocks, noise, full and empty masks, and frames without one; an odd number of frames as often as an even one."""
    height, width = draw(SIDES), draw(SIDES)
    frames = draw(st.integers(1, 5))
    steps = draw(st.sampled_from([(frames + 1) // 2] * 3 + [1, 3]))
    grid = Grid(steps, draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kinds = draw(
        st.lists(st.lists(st.sampled_from("bbbnsfe-"), min_size=frames, max_size=frames), min_size=1, max_size=4)
    )
    return Scene([[_mask(kind, height, width, rng=rng) for kind in row] for row in kinds], grid)


def _mask(kind: str, height: int, width: int, *, rng: np.random.Generator) -> Mask | None:
    pixels = np.zeros((height, width), dtype=bool)
    if kind == "-":
        return None
    if kind == "b":
        top, bottom = sorted(rng.integers(0, height + 1, 2))
        left, right = sorted(rng.integers(0, width + 1, 2))
        pixels[top:bottom, left:right] = True
    elif kind == "n":
        pixels = rng.random((height, width)) < rng.random()
    elif kind == "s":
        pixels[rng.integers(height), rng.integers(width)] = True
    elif kind == "f":
        pixels[:] = True
    return Mask.from_array(pixels)

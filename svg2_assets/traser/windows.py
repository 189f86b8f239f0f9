"""Temporal windows: which steps are told together, and what time stands before them (§6.5 of the released code)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from svg2_assets.traser.values import FRAMES_A_STEP, Grid, Window, step_times

if TYPE_CHECKING:  # the network runs where pycocotools is not
    from svg2_assets.scene.masks import FloatArray

RELEASED_FPS = 1.0  # the released code's labels assume it whatever the clip's sampling


def windows_of(times: FloatArray, grid: Grid, *, seconds: float, true_times: bool) -> tuple[Window, ...]:
    """The windows of `seconds` length over a clip whose sampled frames stand at `times` [n], ascending.

    `true_times`: a step belongs to the window that holds the middle of its frames; windows without a step are left
    out. Otherwise as released: every `int(seconds / 2)` steps, labelled as if there were a frame a second.
    Raises `ValueError` for windows that hold no step by construction.
    """
    if true_times:
        return _by_clock(times, grid, seconds)
    steps = int(seconds * RELEASED_FPS / FRAMES_A_STEP)
    if steps < 1:
        raise ValueError(f"a window of {seconds} s holds no step of {FRAMES_A_STEP} frames; take at least 2 s")
    count = math.ceil(grid.steps / steps)
    return tuple(
        Window(w * steps, min((w + 1) * steps, grid.steps), w * seconds, (w + 1) * seconds) for w in range(count)
    )


def _by_clock(times: FloatArray, grid: Grid, seconds: float) -> tuple[Window, ...]:
    if seconds <= 0:
        raise ValueError(f"a window lasts longer than {seconds} s")
    number = np.floor(step_times(times)[: grid.steps] / seconds).astype(np.int64)
    found = []
    for w in np.unique(number):
        where = np.flatnonzero(number == w)
        found.append(Window(int(where[0]), int(where[-1]) + 1, float(w * seconds), float((w + 1) * seconds)))
    return tuple(found)

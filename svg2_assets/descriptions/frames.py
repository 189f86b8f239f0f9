"""Which frames of an object a model is shown.

`paper`: the frames with the largest masks, in order of time. `release`: even positions over the visible frames.
`default`: one frame out of each stretch of the object's visible time, chosen among a few candidates by area, sharpness
and being whole. Two frames of neighbouring stretches are never next to each other, since candidates lie in the middle
of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np

from svg2_assets.descriptions.geometry import Course
from svg2_assets.descriptions.presets import PAPER, RELEASE, FrameRule, ViewRules
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.video import Pixels

T = TypeVar("T")
Stretch = tuple[tuple[int, float], ...]
"""Candidates of one stretch: frame index and worth without sharpness, in order of time."""

SHARPNESS_SIDE = 160  # pixels of the longer side of the crop that is judged: enough for detail, little work
FLAT = 4.0  # variance of grey values (0..255) that a crop is taken to have at least: noise is no detail


def stretches(course: Course, rules: ViewRules, *, frames: int) -> tuple[Stretch, ...]:
    """At most `frames` stretches, in order of time; those of `paper` and `release` hold one frame each."""
    if rules.preset == PAPER:
        return tuple(((f, 1.0),) for f in _largest(course, frames))
    if rules.preset == RELEASE:
        return tuple(((f, 1.0),) for f in _evenly(course, frames))
    return _candidates(course, frames, rules.choice)


def repeated(shown: Sequence[T], count: int) -> tuple[T, ...]:
    """`shown` (at least one) as exactly `count`, in order: of fewer, some come more than once, evenly."""
    return tuple(shown[i * len(shown) // count] for i in range(count))


def sharpness(pixels: Pixels, inside: BoolArray) -> float:
    """How much fine detail `pixels` [h, w, 3] show where `inside` [h, w] holds.

    The variance of the Laplacian over the variance of grey, both inside: contrast and light cancel out, so that frames
    of one object can be compared. Larger than `SHARPNESS_SIDE`, it is made smaller first. 0 for an empty mask.
    """
    fit = min(1.0, SHARPNESS_SIDE / max(inside.shape))
    size = max(1, round(inside.shape[1] * fit)), max(1, round(inside.shape[0] * fit))
    grey = cv2.resize(
        cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA
    )
    small = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
    if not small.any():
        return 0.0
    detail = cv2.Laplacian(grey, cv2.CV_64F)[small]
    return float(detail.var() / max(float(grey[small].var()), FLAT))


def worth(base: float, sharp: float, rule: FrameRule) -> float:
    """The worth of a candidate whose worth without sharpness is `base`."""
    return float(base * (sharp + 1e-6) ** rule.sharpness_weight)


def _largest(course: Course, count: int) -> list[int]:
    # Stable: of equally large frames the earlier one.
    order = np.argsort(-course.areas, kind="stable")[:count]
    return sorted(int(f) for f in course.frames[order])


def _evenly(course: Course, count: int) -> list[int]:
    n = len(course.frames)
    if n <= count:
        return [int(f) for f in course.frames]
    return [int(course.frames[i]) for i in np.linspace(0, n - 1, count, dtype=int)]


def _candidates(course: Course, count: int, rule: FrameRule) -> tuple[Stretch, ...]:
    rows = _worth_seeing(course, count, rule)
    worths = _base_worth(course, rule)
    grid = max(1, round(max(rule.grid_seconds, course.video.duration / rule.grid_steps) * course.video.fps))
    parts = np.array_split(rows, min(count, len(rows)))
    chosen = []
    for part in parts:
        trim = round(len(part) * (1 - rule.inner) / 2) if len(parts) > 1 else 0
        chosen.append(_best_spread(part[trim : len(part) - trim], course.frames, worths, grid=grid, rule=rule))
    return tuple(tuple((int(course.frames[i]), float(worths[i])) for i in part) for part in chosen)


def _worth_seeing(course: Course, count: int, rule: FrameRule) -> IntArray:
    """Rows of the course that are shown well enough; all of them where too few are."""
    large = course.areas >= rule.least_area * float(np.quantile(course.areas, 0.9))
    rows = np.flatnonzero(large)
    return rows if len(rows) >= min(count, len(course.frames)) else np.arange(len(course.frames))


def _base_worth(course: Course, rule: FrameRule) -> FloatArray:
    cut = course.cut_anywhere
    whole = np.where(cut & ~cut.all(), rule.cut_worth, 1.0)
    return np.asarray((course.areas / course.areas.max()) ** rule.area_weight * whole)


def _best_spread(part: IntArray, frames: IntArray, worths: FloatArray, *, grid: int, rule: FrameRule) -> list[int]:
    """At most `rule.candidates` rows of `part`, each the best of a piece of it; rows on the grid go first."""
    found = []
    for piece in np.array_split(part, min(rule.candidates, len(part))):
        on_grid = piece[frames[piece] % grid == 0]
        among = on_grid if len(on_grid) else piece
        found.append(int(among[np.argmax(worths[among])]))
    return found

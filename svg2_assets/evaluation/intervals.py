"""How sure a mean over videos is: bootstrap intervals, and a paired test of two systems on the same videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import FloatArray

EXACT = 12
"""Up to so many videos all 2^n flips of signs are tried."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the confidence interval around it, in the unit of the values."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of a - b over videos with its interval, and how likely so large a one is (either way) were there none."""

    mean: float
    low: float
    high: float
    p_value: float


def bootstrap(values: Sequence[float], *, level: float = 0.95, samples: int = 2000, seed: int = 0) -> Interval:
    """Percentile bootstrap (Efron 1979) of the mean of `values`, one a video, drawn anew with replacement.

    A single value has an interval of no width, which says nothing of the next video. Raises `InvalidSceneValue` on no
    values, on values that are not finite, and on a level outside (0, 1).
    """
    given = _finite(values, "values")
    if not 0 < level < 1 or samples < 1:
        raise InvalidSceneValue(f"an interval needs a level in (0, 1) and a sample or more, not {level} and {samples}")
    draw = np.random.default_rng(seed)
    means = [given[draw.integers(0, given.size, given.size)].mean() for _ in range(samples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(given.mean()), float(low), float(high))


def paired(
    a: Sequence[float], b: Sequence[float], *, level: float = 0.95, samples: int = 10_000, seed: int = 0
) -> Difference:
    """Whether `a` and `b`, the values of two systems on the same videos in the same order, differ in the mean.

    The p-value is that of the two-sided sign-flip permutation test (Fisher 1935): the share of the flips of the signs
    of a - b whose mean is as far from 0; exact up to 12 videos, else over `samples` random flips with the one that was
    observed added, so that it is never 0. Raises `InvalidSceneValue` on sequences of different lengths and as
    `bootstrap` does.
    """
    if len(a) != len(b):
        raise InvalidSceneValue(f"a paired test needs both values of every video, not {len(a)} and {len(b)} values")
    change = _finite(a, "a") - _finite(b, "b")
    around = bootstrap(change.tolist(), level=level, seed=seed)
    return Difference(around.mean, around.low, around.high, _p_value(change, samples=samples, seed=seed))


def _p_value(change: FloatArray, *, samples: int, seed: int) -> float:
    observed = abs(change.sum()) * (1 - 1e-9)  # sums in another order may differ in the last digit
    if change.size <= EXACT:
        signs = np.asarray(list(product((-1, 1), repeat=change.size)))
        return float((np.abs(signs @ change) >= observed).mean())
    draw = np.random.default_rng(seed)
    far = sum(abs(draw.choice((-1, 1), change.size) @ change) >= observed for _ in range(samples))
    return float((far + 1) / (samples + 1))


def _finite(values: Sequence[float], name: str) -> FloatArray:
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1 or given.size == 0 or not np.isfinite(given).all():
        raise InvalidSceneValue(f"{name}: expected one finite number a video. Leave videos without a value out.")
    return given

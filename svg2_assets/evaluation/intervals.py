"""How sure a figure over videos is: bootstrap intervals, and a paired test of two systems on the same videos.

A mean over videos has a value a video. A pooled figure (a micro average) has counts a video, which are added up over
videos before anything is made of them; a `Statistic` says what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import FloatArray

EXACT = 12
"""Up to so many videos all 2^n flips of signs are tried."""
BLOCK = 1 << 20
"""Numbers drawn at a time for pooled figures: bounds memory."""

Statistic = Callable[[FloatArray], FloatArray]
"""Sums of counts [S, M] to the figure that they make, [S]; NaN where they make none."""


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


def share(sums: FloatArray) -> FloatArray:
    """The statistic of a ratio: of sums [S, 2] of right and of how many, the shares [S]."""
    right, of = np.asarray(sums, dtype=np.float64).T
    return np.asarray(np.divide(right, of, out=np.full(right.shape, np.nan), where=of > 0))


def bootstrap_pooled(
    counts: npt.ArrayLike, statistic: Statistic = share, *, level: float = 0.95, samples: int = 2000, seed: int = 0
) -> Interval:
    """Percentile bootstrap of a pooled figure of `counts` [videos, M]: videos are drawn anew with replacement.

    Draws of videos that make no figure (nothing true of a rare kind) are left out. Raises `InvalidSceneValue` where all
    videos together make none, and as `bootstrap` does.
    """
    given = _counts(counts, "counts")
    if not 0 < level < 1 or samples < 1:
        raise InvalidSceneValue(f"an interval needs a level in (0, 1) and a sample or more, not {level} and {samples}")
    mean = _figure(given, statistic)
    drawn = np.concatenate([statistic(weights @ given) for weights in _resampled(len(given), samples, seed)])
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high))


def paired_pooled(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    statistic: Statistic = share,
    *,
    level: float = 0.95,
    samples: int = 10_000,
    seed: int = 0,
) -> Difference:
    """Whether the pooled figures of two systems differ; `a` and `b` are counts [videos, M] of the same videos in order.

    The p-value is that of approximate randomisation (Noreen 1989): the share of the exchanges of the systems' counts,
    video by video, whose difference is as far from 0; exact up to 12 videos, else as in `paired`. Raises
    `InvalidSceneValue` on counts of different shape and as `bootstrap_pooled` does.
    """
    first, second = _counts(a, "a"), _counts(b, "b")
    if first.shape != second.shape:
        raise InvalidSceneValue(f"a paired test needs both counts of every video, not {first.shape} and {second.shape}")
    mean = _figure(first, statistic) - _figure(second, statistic)
    drawn = np.concatenate(
        [statistic(w @ first) - statistic(w @ second) for w in _resampled(len(first), samples=2000, seed=seed)]
    )
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    observed = abs(mean) * (1 - 1e-9)
    far = tried = 0
    for kept in _exchanges(len(first), samples, seed):
        change = statistic(kept @ first + (1 - kept) @ second) - statistic(kept @ second + (1 - kept) @ first)
        far += int((np.abs(change) >= observed).sum())
        tried += len(kept)
    p_value = far / tried if len(first) <= EXACT else (far + 1) / (tried + 1)
    return Difference(mean, float(low), float(high), p_value)


def _figure(counts: FloatArray, statistic: Statistic) -> float:
    figure = float(statistic(counts.sum(axis=0)[None])[0])
    if not np.isfinite(figure):
        raise InvalidSceneValue("counts: all videos together make no figure. Leave it out.")
    return figure


def _resampled(videos: int, samples: int, seed: int) -> Iterator[FloatArray]:
    """How often each video is drawn, [some samples, videos] at a time."""
    draw, at_once = np.random.default_rng(seed), max(1, BLOCK // videos)
    for at in range(0, samples, at_once):
        some = min(at_once, samples - at)
        yield draw.multinomial(videos, np.full(videos, 1 / videos), size=some).astype(np.float64)


def _exchanges(videos: int, samples: int, seed: int) -> Iterator[FloatArray]:
    """1 where a video's counts stay, 0 where the systems exchange them, [some samples, videos] at a time."""
    if videos <= EXACT:
        yield np.asarray(list(product((0.0, 1.0), repeat=videos)))
        return
    draw, at_once = np.random.default_rng(seed), max(1, BLOCK // videos)
    for at in range(0, samples, at_once):
        yield draw.integers(0, 2, (min(at_once, samples - at), videos)).astype(np.float64)


def _counts(counts: npt.ArrayLike, name: str) -> FloatArray:
    given = np.asarray(counts, dtype=np.float64)
    if given.ndim != 2 or given.size == 0 or not np.isfinite(given).all():
        raise InvalidSceneValue(f"{name}: expected finite counts [videos, kinds], one row a video or more")
    return given


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

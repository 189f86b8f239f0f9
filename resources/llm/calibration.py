"""How far answers are from what was guessed of them: a line that few calls move little and many decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PRETENDED = (0.5, 2.0)
"""Before any call is known two are pretended that took what was guessed: of half and of twice the usual size."""
GUESSED_NOISE = 2.0
"""Variance of calls around their line, in guesses of the usual size, before any is known; it counts as one call."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be expected by the size of what is asked: `base + slope * size`.

    `noise`: variance of one call of size `usual` around the line; 0 for a line that was not learned.
    """

    base: float
    slope: float
    noise: float = 0.0
    usual: float = 1.0

    def at(self, size: float) -> float:
        """What is to be expected at `size`."""
        return max(0.0, self.base + self.slope * size)

    def variance(self, size: float) -> float:
        """Of a call of `size`."""
        return self.noise * (1 + size / self.usual) / 2


AS_LARGE, AS_ONE = Line(0.0, 1.0), Line(1.0, 0.0)
"""Guesses: as much as the size; always one, whatever the size."""


def learned(pairs: Sequence[tuple[float, float]], guess: Line) -> Line:
    """The line through `pairs` of (size, actual) and two that are pretended to lie on `guess`; that without pairs.

    An answer is something and a sum over what is asked about, so its variance is a constant and a part that grows with
    size. The pretended calls count the less, the better real ones agree with one line. Neither number is negative:
    longer questions do not have shorter answers.
    """
    known = [(size, actual) for size, actual in pairs if size > 0]
    if not known:
        return guess
    sizes, actual = np.asarray(known, dtype=np.float64).T
    usual = float(sizes.mean())
    unit = guess.at(usual)
    columns, wanted = _weighed(sizes / usual, actual / unit)
    best, *_ = np.linalg.lstsq(columns, wanted, rcond=None)
    seen, guessed = float(np.sum((wanted - columns @ best) ** 2)) / (1 + len(known)), GUESSED_NOISE / (1 + len(known))
    given = np.asarray(PRETENDED)
    pretended, as_guessed = _weighed(given, np.asarray([guess.at(usual * size) / unit for size in given]))
    weight = np.sqrt(seen + guessed)
    columns = np.vstack([columns, weight * pretended])
    wanted = np.concatenate([wanted, weight * as_guessed])
    base, slope = _not_negative(columns, wanted)
    noise = (seen + guessed * (base + slope) ** 2) * unit**2
    return Line(base * unit, slope * unit / usual, noise=noise, usual=usual)


def _weighed(sizes: Any, actual: Any) -> tuple[Any, Any]:
    """The two columns of the regression and what they should give."""
    deviations = np.sqrt((1 + sizes) / 2)
    return np.column_stack([1 / deviations, sizes / deviations]), actual / deviations


def _not_negative(columns: Any, wanted: Any) -> tuple[float, float]:
    """Least squares with base and slope of at least 0."""
    (base, slope), *_ = np.linalg.lstsq(columns, wanted, rcond=None)
    if base < 0:
        return 0.0, max(0.0, _alone(columns[:, 1], wanted))
    if slope < 0:
        return max(0.0, _alone(columns[:, 0], wanted)), 0.0
    return float(base), float(slope)


def _alone(column: Any, wanted: Any) -> float:
    return float(column @ wanted / (column @ column))

"""Estimates that rest on a number which is known as a distribution only: what is expected, and from where to where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from resources.llm.estimate import Estimate

_SUMS = tuple(f.name for f in fields(Estimate) if f.type == "float")


@dataclass(frozen=True, slots=True)
class Range:
    """`expected`, and what it would be at the lower and the upper quartile; in each, answers have quartiles, too."""

    expected: Estimate
    low: Estimate
    high: Estimate


def ranges(variants: Sequence[Sequence[Estimate]], *, factor: float = 1.0) -> list[Range]:
    """One range for each kind of call of `variants`, the estimates at the lower quartile, median and upper quartile.

    Expected is the mean of the three, which estimates the mean of a skewed distribution (Wan et al. 2014, "Estimating
    the sample mean and standard deviation from the sample size, median, range and/or interquartile range", eq. 14).
    `factor`: of videos to those that were planned.
    """
    keyed = [{e.key: e for e in variant} for variant in variants]
    kinds = {e.key: e for variant in variants for e in variant}
    return [_range(kind, [found.get(key) for found in keyed], factor) for key, kind in kinds.items()]


def _range(kind: Estimate, variants: Sequence[Estimate | None], factor: float) -> Range:
    at: list[dict[str, Any]] = [{name: factor * getattr(v, name, 0.0) for name in _SUMS} for v in variants]
    mean: dict[str, Any] = {name: sum(one[name] for one in at) / len(at) for name in _SUMS}
    return Range(replace(kind, **mean), replace(kind, **at[0]), replace(kind, **at[-1]))

"""How far two judges agree: shares and Cohen's kappa."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from svg2_assets.evaluation.judges.likeness import Judge, Likeness, Pair
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.traser.training.scores import Ratio


@dataclass(frozen=True, slots=True)
class Agreement:
    """On the five classes, on right or wrong where only identical labels are right, and where all but mismatches are.

    Each with Cohen's kappa, None where both always say the same one thing.
    """

    classes: Ratio
    classes_kappa: float | None
    strict: Ratio
    strict_kappa: float | None
    lenient: Ratio
    lenient_kappa: float | None


def agreement(judge: Judge, pairs: Sequence[Pair], labels: Sequence[Likeness]) -> Agreement:
    """How far `judge` agrees with `labels`, those that people gave to `pairs`, in order."""
    said = list(judge.judge(pairs))
    classes, strict, lenient = (_both(said, labels, test) for test in (_itself, _is_identical, _is_like))
    return Agreement(*classes, *strict, *lenient)


def _both(
    first: Sequence[Likeness], second: Sequence[Likeness], test: Callable[[Likeness], Hashable]
) -> tuple[Ratio, float | None]:
    a, b = [test(like) for like in first], [test(like) for like in second]
    return Ratio(sum(x == y for x, y in zip(a, b, strict=True)), len(a)), cohens_kappa(a, b)


def _itself(like: Likeness) -> Hashable:
    return like


def _is_identical(like: Likeness) -> Hashable:
    return like is Likeness.IDENTICAL


def _is_like(like: Likeness) -> Hashable:
    return like is not Likeness.MISMATCH


def cohens_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Agreement beyond chance, (p_o - p_e) / (1 - p_e) (Cohen 1960); None where chance alone would always agree.

    Raises `InvalidSceneValue` on sequences of different lengths and on nothing.
    """
    if len(first) != len(second) or not first:
        raise InvalidSceneValue(f"kappa needs two labels an item, not {len(first)} and {len(second)} labels")
    n = len(first)
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    a, b = Counter(first), Counter(second)
    chance = sum(a[label] * b[label] for label in a) / n**2
    return None if chance == 1 else (observed - chance) / (1 - chance)

"""What is counted as right, in one value that goes with every score."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any

from svg2_assets.evaluation.judges.exact import Exact
from svg2_assets.evaluation.judges.lexical import Lexical
from svg2_assets.evaluation.judges.likeness import Judge, Likeness
from svg2_assets.scene.errors import InvalidSceneValue

THRESHOLDS = tuple(i / 10 for i in range(1, 8))
"""0.1, 0.2, ..., 0.7."""
MAIN = 0.5
"""The threshold of the paper's main table."""
LIKE = frozenset(Likeness) - {Likeness.MISMATCH}


class Direction(StrEnum):
    """What a predicted relation says beside itself. Each includes the one before."""

    AS_GIVEN = "as given"
    """Nothing: direction matters (the paper's protocol)."""
    SYMMETRIC = "symmetric"
    """`near` holds both ways (`taxonomy.SYMMETRIC`)."""
    INVERSE = "inverse"
    """`left of` says `right of` the other way (`taxonomy.INVERSES`)."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """When two labels count as the same: `judge` places them in one of the classes `accepts`."""

    name: str
    judge: Judge
    accepts: frozenset[Likeness]

    def record(self) -> dict[str, Any]:
        """What goes with a score."""
        accepted = [likeness.value for likeness in Likeness if likeness in self.accepts]
        return {"name": self.name, "judge": self.judge.name, "version": self.judge.version, "accepts": accepted}


def strict(judge: Judge | None = None) -> Criterion:
    """Only identical labels; by default those that are the same text, as in training and in the paper."""
    return Criterion("strict", judge or Exact(), frozenset({Likeness.IDENTICAL}))


def lenient(judge: Judge | None = None) -> Criterion:
    """All but mismatches; by default what the carried lexicon knows."""
    return Criterion("lenient", judge or Lexical(), LIKE)


@dataclass(frozen=True, slots=True)
class Settings:
    """`thresholds`: tIoU that a relation must exceed, ascending; it counts with its time ignored, too.

    main: the threshold that figures are given at where none is asked for.
    lengths: seconds that separate the bins of relations by how long they hold in all.
    direction: what a relation says beside itself.
    reach: seconds after the end of a video up to which a span is no invalid one (answers count whole seconds).
    """

    criteria: tuple[Criterion, ...] = field(default_factory=lambda: (strict(), lenient()))
    thresholds: tuple[float, ...] = THRESHOLDS
    main: float = MAIN
    lengths: tuple[float, ...] = (1.0, 3.0, 10.0)
    direction: Direction = Direction.AS_GIVEN
    reach: float = 1.0

    def __post_init__(self) -> None:
        names = [c.name for c in self.criteria]
        if not names or len(set(names)) < len(names):
            raise InvalidSceneValue(f"criteria: expected one or more, each with a name of its own, not {names}")
        if not _ascending(self.thresholds) or not all(0 <= t < 1 for t in self.thresholds):
            raise InvalidSceneValue(f"thresholds: expected tIoUs in [0, 1), ascending, not {self.thresholds}")
        if self.main not in self.thresholds:
            raise InvalidSceneValue(f"main: expected one of the thresholds {self.thresholds}, not {self.main}")
        if not _ascending(self.lengths) or not all(0 < s < float("inf") for s in self.lengths):
            raise InvalidSceneValue(f"lengths: expected seconds above 0, ascending, not {self.lengths}")

    @property
    def bins(self) -> tuple[str, ...]:
        """Names of the bins by length: `<1s`, `1-3s`, `3-10s`, `>=10s`. A bin holds its lower end."""
        ends = [f"{s:g}" for s in self.lengths]
        return (f"<{ends[0]}s", *(f"{a}-{b}s" for a, b in pairwise(ends)), f">={ends[-1]}s") if ends else ("any",)

    def record(self) -> dict[str, Any]:
        """Ready for `json.dumps`; scores with different records are not to be compared."""
        return {
            "criteria": [c.record() for c in self.criteria],
            "thresholds": list(self.thresholds),
            "main": self.main,
            "lengths": list(self.lengths),
            "direction": self.direction.value,
            "reach": self.reach,
        }


def _ascending(values: tuple[float, ...]) -> bool:
    return all(a < b for a, b in pairwise(values))

"""What can be measured of one object, before anybody gives it a name.

Facts are neutral: colours are stated of the whole silhouette and of its halves, witnesses are quoted with their scores.
What to call the thing, and whether its colour is clothing, is decided by who reads them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

DIGITS = 3  # of every number in a fact, so that the text and the value say the same
MAX_SCORES = 8  # names quoted of one witness; the rest is below any threshold
MAX_NAME = 120  # characters quoted of a name


class Region(StrEnum):
    """Which pixels of an object a colour is stated of."""

    WHOLE = "whole"
    UPPER = "upper half"
    LOWER = "lower half"


class Claim(StrEnum):
    """What a measured statement is about."""

    COLOR = "color"
    SIZE = "size"
    POSITION = "position"
    MOTION = "motion"
    PASSAGE = "passage"
    SHAPE = "shape"


@dataclass(frozen=True, slots=True)
class Report:
    """Mean score by name that `source` gave over its `looks`, best first; a look that saw nothing counts 0."""

    source: str
    looks: int
    scores: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, source: str, looks: int, scores: dict[str, float]) -> Report:
        """The best `MAX_SCORES` of `scores`, rounded; ties in the order of names."""
        clean = [(name[:MAX_NAME], rounded(s)) for name, s in scores.items() if name and math.isfinite(s)]
        kept: dict[str, float] = {}
        for name, score in sorted(clean, key=lambda item: (-item[1], item[0])):
            kept.setdefault(name, score)
        best = [(name, score) for name, score in kept.items() if score > 0]
        return cls(source[:MAX_NAME], int(looks), tuple(best[:MAX_SCORES]))


@dataclass(frozen=True, slots=True)
class Statement:
    """One measured claim: `value` of `kind`, said of `region`, right with chance `confidence` (0..1)."""

    kind: Claim
    value: str
    confidence: float
    region: Region = Region.WHOLE


@dataclass(frozen=True, slots=True)
class Extent:
    """Numbers of a trajectory that naming weighs.

    `frames` it is visible on, `seconds` from first to last, `area` median share of the frame (0..1), `aspect` median
    width / height of the box, `cut` share of frames on which the border cuts it, `speed` median own sizes a second over
    windows of two seconds, camera removed. `roundness` is the share of the smallest enclosing circle that is filled (a
    disc 1, a square 0.64), upper quartile of the looks: a ball is not round where a hand hides it, and little else is
    round in a quarter of its looks.
    """

    frames: int
    seconds: float
    area: float
    aspect: float
    roundness: float
    cut: float
    speed: float


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything measured of one object."""

    object_id: int
    extent: Extent
    reports: tuple[Report, ...] = ()
    statements: tuple[Statement, ...] = ()

    def report(self, source: str) -> Report | None:
        """What `source` says, None when it never looked."""
        return next((t for t in self.reports if t.source == source), None)


def rounded(number: float) -> float:
    """`number` with the digits that a fact keeps."""
    return round(float(number), DIGITS)

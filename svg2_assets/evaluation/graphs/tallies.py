"""Counts of what is right, by what is counted, criterion, threshold and group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from svg2_assets.evaluation.graphs.settings import Settings
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import IntArray
from svg2_assets.scene.taxonomy import Category
from svg2_assets.traser.training.scores import Ratio

ALL = "all"
LEVELS = ("whole", "part")


class Measure(StrEnum):
    """What is counted."""

    OBJECTS = "objects"
    ATTRIBUTES = "attributes"
    RELATIONS = "relations"
    TRIPLETS = "triplets"

    @property
    def timed(self) -> bool:
        """Whether it is counted by threshold."""
        return self in {Measure.RELATIONS, Measure.TRIPLETS}


class Side(StrEnum):
    """Of which side the share is: what is true and found, or what is predicted and true."""

    RECALL = "recall"
    PRECISION = "precision"


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure's place. `at`: the tIoU to exceed, None with time ignored (and for what has no time).

    `criterion` "" is the first, `group` one of `groups_of`.
    """

    measure: Measure
    criterion: str = ""
    at: float | None = None
    group: str = ALL


@dataclass(frozen=True, slots=True)
class Tally:
    """`right` [C, T, G]: criteria; thresholds, the first of which ignores time; groups. `of` [G]."""

    right: IntArray
    of: IntArray


def groups_of(measure: Measure, settings: Settings) -> tuple[str, ...]:
    """All; wholes and parts; of relations also the categories and the bins of lengths.

    A relation is one of wholes where both ends are (the camera is). Recall goes by the groups of what is true,
    precision by those of what is predicted; levels are the truth's wherever it has the object.
    """
    levels = (ALL, *(f"level:{level}" for level in LEVELS))
    if not measure.timed:
        return levels
    return (*levels, *(f"category:{c.value}" for c in Category), *(f"length:{b}" for b in settings.bins))


def tally(level: IntArray, memberships: Sequence[tuple[IntArray, int]], *, steps: int) -> Tally:
    """Count `level` [C, N], 0 to `steps`: how many of the tests, each harder than the last, an item passes.

    `memberships` are (which group [N], of how many) one beside the other; the group of all comes first by itself.
    """
    criteria, n = level.shape
    histograms, totals = [_histogram(level, np.zeros(n, dtype=np.int64), 1, steps)], [np.asarray([n])]
    for group, size in memberships:
        histograms.append(_histogram(level, group, size, steps))
        totals.append(np.bincount(group, minlength=size))
    passed = np.concatenate(histograms, axis=2)[:, ::-1].cumsum(axis=1)[:, ::-1]
    return Tally(passed[:, 1:].reshape(criteria, steps, -1), np.concatenate(totals))


def _histogram(level: IntArray, group: IntArray, size: int, steps: int) -> IntArray:
    """How many of each group are at each level, [C, steps + 1, size]."""
    counts = [np.bincount(row * size + group, minlength=(steps + 1) * size) for row in level]
    return np.asarray(counts).reshape(len(level), steps + 1, size)


def place(cell: Cell, settings: Settings) -> tuple[int, int, int]:
    """Where `cell` stands in a tally: criterion, threshold, group. Raises `InvalidSceneValue` where it has none."""
    names, groups = [c.name for c in settings.criteria], groups_of(cell.measure, settings)
    if cell.criterion and cell.criterion not in names:
        raise InvalidSceneValue(f"criterion {cell.criterion!r}: expected one of {', '.join(names)}")
    if cell.group not in groups:
        raise InvalidSceneValue(f"group {cell.group!r} of {cell.measure}: expected one of {', '.join(groups)}")
    if cell.at is not None and (not cell.measure.timed or cell.at not in settings.thresholds):
        some = f"one of {settings.thresholds} or None" if cell.measure.timed else "None, for it has no time"
        raise InvalidSceneValue(f"tIoU {cell.at} of {cell.measure}: expected {some}")
    at = 0 if cell.at is None else 1 + settings.thresholds.index(cell.at)
    return (names.index(cell.criterion) if cell.criterion else 0), at, groups.index(cell.group)


def f1(recall: Ratio, precision: Ratio) -> float | None:
    """Harmonic mean of both shares; None without anything true, 0 where nothing is right."""
    if not recall.of:
        return None
    r, p = recall.share or 0.0, precision.share or 0.0
    return 2 * r * p / (r + p) if r + p else 0.0

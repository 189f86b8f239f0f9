"""The scores of many videos: micro and macro figures, how sure they are, what was missing; `report` and `compare`.

Micro: all references of all videos in one pot. Macro: the mean over videos with at least one reference of that kind
(for precision: at least one prediction). A video without a prediction predicts nothing and counts; one without truth
cannot be scored and is only told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from svg2_assets.evaluation.graphs.contents import Oddities
from svg2_assets.evaluation.graphs.rulings import Rulings
from svg2_assets.evaluation.graphs.scores import DEFAULT, VideoScore, score_video
from svg2_assets.evaluation.graphs.settings import Settings
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side, f1, groups_of, place
from svg2_assets.evaluation.intervals import (
    Difference,
    Interval,
    bootstrap,
    bootstrap_pooled,
    paired,
    paired_pooled,
    share,
)
from svg2_assets.evaluation.judges.likeness import Kind
from svg2_assets.scene.errors import InvalidSceneValue, printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.masks import FloatArray, IntArray
from svg2_assets.traser.training.scores import Ratio

Counts = npt.NDArray[np.int32]
Scored = tuple[str, SceneGraph | None, SceneGraph | None]
"""Video id, truth, prediction; None where a side does not have the video."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Tallies of all videos: `right` [V, C, T, G], `of` [V, G]."""

    right: Counts
    of: Counts


@dataclass(frozen=True, slots=True)
class Figure:
    """A share over videos. `videos`: those that have something to count. Intervals are None of nothing."""

    micro: float | None
    macro: float | None
    videos: int
    micro_interval: Interval | None = None
    macro_interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of `videos`, which have truth. `unpredicted`: those of them without a prediction. `untrue`: videos with a
    prediction alone, which are not scored. `known` as in `VideoScore`, added up over videos."""

    settings: Settings
    videos: tuple[str, ...]
    unpredicted: tuple[str, ...]
    untrue: tuple[str, ...]
    oddities: Oddities
    known: Mapping[tuple[str, Kind], Ratio]
    stacks: Mapping[tuple[Side, Measure], Stack]

    def ratio(self, cell: Cell, side: Side = Side.RECALL) -> Ratio:
        """Right, of how many, over all videos."""
        right, of = self.counts(cell, side).sum(axis=0)
        return Ratio(int(right), int(of))

    def counts(self, cell: Cell, side: Side = Side.RECALL) -> IntArray:
        """Right and of how many, a row a video, [V, 2]."""
        criterion, at, group = place(cell, self.settings)
        stack = self.stacks[side, cell.measure]
        return np.stack([stack.right[:, criterion, at, group], stack.of[:, group]], axis=1).astype(np.int64)

    def f1_counts(self, cell: Cell) -> IntArray:
        """Counts of recall and precision side by side, [V, 4]."""
        return np.concatenate([self.counts(cell), self.counts(cell, Side.PRECISION)], axis=1)

    def figure(self, cell: Cell, side: Side = Side.RECALL, *, intervals: bool = False, seed: int = 0) -> Figure:
        """The share of `side`, micro and macro, with 95 % intervals over videos where asked for."""
        counts = self.counts(cell, side)
        values = _values(share(counts.astype(np.float64)))
        micro = self.ratio(cell, side).share
        if micro is None or not intervals:
            return Figure(micro, _mean(values), len(values))
        return Figure(
            micro, _mean(values), len(values), bootstrap_pooled(counts, seed=seed), bootstrap(values, seed=seed)
        )

    def f1(self, cell: Cell, *, intervals: bool = False, seed: int = 0) -> Figure:
        """F1 of both pooled shares, and the mean of the videos' own F1 over videos with at least one reference."""
        counts = self.f1_counts(cell)
        values = _values(_f1s(counts))
        micro = f1(self.ratio(cell), self.ratio(cell, Side.PRECISION))
        if micro is None or not intervals:
            return Figure(micro, _mean(values), len(values))
        pooled = bootstrap_pooled(counts, _f1s, seed=seed)
        return Figure(micro, _mean(values), len(values), pooled, bootstrap(values, seed=seed))

    def curve(self, cell: Cell, side: Side = Side.RECALL) -> dict[float | None, float | None]:
        """Micro share by threshold, whichever `cell` has; None stands for time ignored."""
        ats = (None, *self.settings.thresholds) if cell.measure.timed else (None,)
        return {at: self.ratio(replace(cell, at=at), side).share for at in ats}

    def cells(self) -> list[Cell]:
        """Every figure that there is."""
        return [
            Cell(measure, criterion.name, at, group)
            for measure in Measure
            for criterion in self.settings.criteria
            for at in ((None, *self.settings.thresholds) if measure.timed else (None,))
            for group in groups_of(measure, self.settings)
        ]

    def main_cells(self) -> list[Cell]:
        """What a first table shows: all groups together at the main threshold."""
        main = self.settings.main
        return [Cell(m, c.name, main if m.timed else None) for m in Measure for c in self.settings.criteria]

    def to_json(self, *, intervals: bool = False) -> dict[str, Any]:
        """Ready for `json.dumps`; `intervals` for the main figures alone."""
        main = set(self.main_cells())
        return {
            "settings": self.settings.record(),
            "videos": len(self.videos),
            "unpredicted": list(self.unpredicted),
            "untrue": list(self.untrue),
            "oddities": asdict(self.oddities),
            "known": [
                {"criterion": c, "kind": k.value, "right": r.right, "of": r.of} for (c, k), r in self.known.items()
            ],
            "figures": [self._row(cell, intervals=intervals and cell in main) for cell in self.cells()],
        }

    def _row(self, cell: Cell, *, intervals: bool) -> dict[str, Any]:
        recall, precision = self.ratio(cell), self.ratio(cell, Side.PRECISION)
        return {
            **asdict(cell),
            "measure": cell.measure.value,
            "recall": {"right": recall.right, "of": recall.of, **asdict(self.figure(cell, intervals=intervals))},
            "precision": {
                "right": precision.right,
                "of": precision.of,
                **asdict(self.figure(cell, Side.PRECISION, intervals=intervals)),
            },
            "f1": asdict(self.f1(cell, intervals=intervals)),
        }


def report(scored: Iterable[Scored], settings: Settings = DEFAULT) -> Report:
    """Score videos one by one; of each, only its counts are kept (4 KB).

    Raises `InvalidSceneValue` on a video that comes twice, that neither side has, or whose graphs are of another.
    """
    rulings, gathered = Rulings(settings.criteria), _Gathered()
    for video_id, truth, predicted in scored:
        if gathered.has(video_id):
            raise InvalidSceneValue(f"{printable(video_id)}: comes twice. Score each video once.")
        for graph in (truth, predicted):
            if graph is not None and graph.video.id != video_id:
                raise InvalidSceneValue(f"{printable(video_id)}: has the graph of {printable(graph.video.id)}")
        if truth is not None:
            gathered.add(score_video(truth, predicted, settings, rulings=rulings), predicted=predicted is not None)
        elif predicted is not None:
            gathered.untrue[video_id] = None
        else:
            raise InvalidSceneValue(f"{printable(video_id)}: expected a truth, a prediction, or both")
    return gathered.report(settings)


@dataclass(frozen=True, slots=True)
class Compared:
    """How much better `a` is than `b` in one figure, on the `videos` that both scored. `macro` is None where no video
    has a value of both."""

    micro: Difference
    macro: Difference | None
    videos: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def compare(a: Report, b: Report, cell: Cell, side: Side | None = Side.RECALL, *, seed: int = 0) -> Compared:
    """The paired test of two systems; `side` None compares F1.

    Raises `InvalidSceneValue` where they were scored under different settings, have no video in common, or those that
    they have make no figure.
    """
    if a.settings.record() != b.settings.record():
        raise InvalidSceneValue("the two reports were made under different settings. Score both under the same ones.")
    places = {video: i for i, video in enumerate(b.videos)}
    pairs = [(i, places[video]) for i, video in enumerate(a.videos) if video in places]
    if not pairs:
        raise InvalidSceneValue("the two reports have no video in common. Compare systems on the same videos.")
    statistic = _f1s if side is None else share
    first, second = (
        (r.f1_counts(cell) if side is None else r.counts(cell, side)).astype(np.float64)[list(which)]
        for r, which in zip((a, b), zip(*pairs, strict=True), strict=True)
    )
    x, y = statistic(first), statistic(second)
    there = np.isfinite(x) & np.isfinite(y)
    return Compared(
        micro=paired_pooled(first, second, statistic, seed=seed),
        macro=paired(x[there].tolist(), y[there].tolist(), seed=seed) if there.any() else None,
        videos=len(pairs),
        only_a=tuple(sorted(set(a.videos) - set(b.videos))),
        only_b=tuple(sorted(set(b.videos) - set(a.videos))),
    )


class _Gathered:
    """What is kept of the videos scored so far."""

    def __init__(self) -> None:
        self.videos: dict[str, None] = {}
        self.unpredicted: list[str] = []
        self.untrue: dict[str, None] = {}
        self.oddities = Oddities()
        self.right: dict[tuple[str, Kind], int] = Counter()
        self.of: dict[tuple[str, Kind], int] = Counter()
        self.tallies: dict[tuple[Side, Measure], list[tuple[Counts, Counts]]] = {
            (side, measure): [] for side in Side for measure in Measure
        }

    def has(self, video_id: str) -> bool:
        return video_id in self.videos or video_id in self.untrue

    def add(self, score: VideoScore, *, predicted: bool) -> None:
        self.videos[score.video_id] = None
        if not predicted:
            self.unpredicted.append(score.video_id)
        self.oddities += score.oddities
        for key, ratio in score.known.items():
            self.right[key] += ratio.right
            self.of[key] += ratio.of
        for place_, tally in score.tallies.items():
            self.tallies[place_].append((tally.right.astype(np.int32), tally.of.astype(np.int32)))

    def report(self, settings: Settings) -> Report:
        return Report(
            settings,
            tuple(self.videos),
            tuple(self.unpredicted),
            tuple(self.untrue),
            self.oddities,
            {key: Ratio(self.right[key], of) for key, of in self.of.items()},
            {place_: _stacked(many, place_[1], settings) for place_, many in self.tallies.items()},
        )


def _stacked(many: list[tuple[Counts, Counts]], measure: Measure, settings: Settings) -> Stack:
    groups = len(groups_of(measure, settings))
    steps = 1 + len(settings.thresholds) if measure.timed else 1
    right = np.zeros((len(many), len(settings.criteria), steps, groups), dtype=np.int32)
    of = np.zeros((len(many), groups), dtype=np.int32)
    for v, (right_of_video, of_video) in enumerate(many):
        right[v], of[v] = right_of_video, of_video
    return Stack(right, of)


def _f1s(counts: npt.ArrayLike) -> FloatArray:
    """F1 of sums [S, 4]: right and all of recall, right and all of precision; NaN without anything true."""
    given = np.asarray(counts, dtype=np.float64)
    recall, precision = share(given[:, :2]), np.nan_to_num(share(given[:, 2:]))
    total = recall + precision
    mean = np.divide(2 * recall * precision, total, out=np.zeros_like(total), where=total > 0)
    return np.where(np.isnan(recall), np.nan, mean)


def _values(shares: FloatArray) -> list[float]:
    return [float(v) for v in shares[np.isfinite(shares)]]


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None

"""Systems side by side: recall by measure and data set, with intervals, ranks and the mean rank.

Source: Table 2 of Synthetic Visual Genome 2 (arXiv 2602.23543), which gives recall (of objects: accuracy) alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from svg2_assets.evaluation.graphs.report import Report, compare, report
from svg2_assets.evaluation.graphs.scores import pairs_of
from svg2_assets.evaluation.graphs.settings import Settings
from svg2_assets.evaluation.graphs.tallies import Cell, Measure
from svg2_assets.evaluation.intervals import Interval
from svg2_assets.evaluation.judges.likeness import Pair
from svg2_assets.evaluation.table.settings import Pooling
from svg2_assets.scene.graph import SceneGraph

Graphs = Mapping[str, SceneGraph]
"""Video id -> graph; read when asked for where there are many."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A data set: its true graphs, those of each system by name, and which measures are columns."""

    truth: Graphs
    systems: Mapping[str, Graphs]
    measures: tuple[Measure, ...] = tuple(Measure)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what is counted on which data set."""

    dataset: str
    measure: Measure


@dataclass(frozen=True, slots=True)
class Entry:
    """A system's figure in a column. `share` is None where there is nothing to count. `rank`: 1 is the best, equal
    figures share the mean of their ranks. `p_value`: of the paired test against the best of the column, None for the
    best itself. `unpredicted`: videos of which the system says nothing, which count.
    """

    share: float | None
    interval: Interval | None
    rank: float | None
    p_value: float | None
    videos: int
    unpredicted: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A system: its figures by column, None where it was not run; the mean of its ranks and over how many columns."""

    system: str
    entries: Mapping[Column, Entry | None]
    mean_rank: float | None
    ranked: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table: columns in order, the best system first, and the settings that every figure holds under."""

    columns: tuple[Column, ...]
    standings: tuple[Standing, ...]
    settings: Settings
    pooling: Pooling

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`."""
        systems = [
            {
                "system": s.system,
                "mean_rank": s.mean_rank,
                "ranked": s.ranked,
                "figures": [
                    {"dataset": c.dataset, "measure": c.measure.value, **asdict(e)}
                    for c, e in s.entries.items()
                    if e is not None
                ],
            }
            for s in self.standings
        ]
        return {"settings": self.settings.record(), "pooling": self.pooling.value, "systems": systems}


def all_pairs(datasets: Mapping[str, Rated], settings: Settings) -> list[Pair]:
    """Every pair of labels that the table needs judged, sorted: to ask a costly judge once, ahead."""
    found: set[Pair] = set()
    for rated in datasets.values():
        for predictions in rated.systems.values():
            for video_id, truth in rated.truth.items():
                found |= pairs_of(truth, predictions.get(video_id), settings)
    return sorted(found, key=lambda p: (p.kind, p.reference, p.prediction))


def table_of(
    datasets: Mapping[str, Rated], settings: Settings, *, pooling: Pooling = Pooling.MICRO, seed: int = 0
) -> Comparison:
    """The table of all systems that any data set has, under the first criterion of `settings`.

    A video with truth of which a system has no graph counts as nothing said; a graph without truth is left out. Raises
    `InvalidSceneValue` where a graph is of another video than its key says.
    """
    reports = {
        name: {system: report(_scored(rated.truth, graphs), settings) for system, graphs in rated.systems.items()}
        for name, rated in datasets.items()
    }
    columns = tuple(Column(name, measure) for name, rated in datasets.items() for measure in rated.measures)
    filled = {c: _filled(reports[c.dataset], c.measure, pooling=pooling, seed=seed) for c in columns}
    systems = dict.fromkeys(s for rated in datasets.values() for s in rated.systems)
    standings = [_standing(system, {c: filled[c].get(system) for c in columns}) for system in systems]
    standings.sort(key=lambda s: np.inf if s.mean_rank is None else s.mean_rank)
    return Comparison(columns, tuple(standings), settings, pooling)


def ranks(shares: Sequence[float | None]) -> list[float | None]:
    """1 for the largest; equal ones share the mean of their ranks; None stays None."""
    given = [s for s in shares if s is not None]
    above = {s: sum(o > s for o in given) for s in given}
    return [None if s is None else above[s] + (given.count(s) + 1) / 2 for s in shares]


def _scored(truth: Graphs, predictions: Graphs) -> Iterator[tuple[str, SceneGraph | None, SceneGraph | None]]:
    for video_id, graph in truth.items():
        yield video_id, graph, predictions.get(video_id)


def _filled(reports: Mapping[str, Report], measure: Measure, *, pooling: Pooling, seed: int) -> dict[str, Entry]:
    """A column, by system."""
    some = next(iter(reports.values()), None)
    if some is None:
        return {}
    cell = Cell(measure, at=some.settings.main if measure.timed else None)
    figures = {name: found.figure(cell, intervals=True, seed=seed) for name, found in reports.items()}
    micro = pooling is Pooling.MICRO
    shares = {name: f.micro if micro else f.macro for name, f in figures.items()}
    placed = dict(zip(shares, ranks(list(shares.values())), strict=True))
    best = max((n for n, s in shares.items() if s is not None), key=lambda n: shares[n] or 0.0, default=None)
    return {
        name: Entry(
            share=shares[name],
            interval=f.micro_interval if micro else f.macro_interval,
            rank=placed[name],
            p_value=_p_value(reports[best], reports[name], cell, micro=micro, seed=seed)
            if best not in {None, name} and shares[name] is not None and best is not None
            else None,
            videos=f.videos,
            unpredicted=len(reports[name].unpredicted),
        )
        for name, f in figures.items()
    }


def _p_value(best: Report, other: Report, cell: Cell, *, micro: bool, seed: int) -> float | None:
    compared = compare(best, other, cell, seed=seed)
    difference = compared.micro if micro else compared.macro
    return None if difference is None else difference.p_value


def _standing(system: str, entries: Mapping[Column, Entry | None]) -> Standing:
    placed = [e.rank for e in entries.values() if e is not None and e.rank is not None]
    return Standing(system, entries, float(np.mean(placed)) if placed else None, len(placed))

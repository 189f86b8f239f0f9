"""Which figures of an evaluation are shown, how the systems differ in them, and everything as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from svg2_assets.evaluation.graphs import report
from svg2_assets.evaluation.graphs.settings import Settings
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.evaluation.harness.evaluating import Evaluation, Match, SystemScores
from svg2_assets.scene.errors import InvalidSceneValue

GROUPS = ("category", "level", "length")
AVERAGES = ("micro", "macro")
_FIGURES: tuple[tuple[Side | None, str], ...] = (
    (Side.RECALL, "recall"),
    (Side.PRECISION, "precision"),
    (None, "F1"),
)


@dataclass(frozen=True, slots=True)
class View:
    """Which of the figures are shown: criteria by name (all when empty), tables by group, averages, intervals."""

    criteria: Sequence[str] = ()
    by: Sequence[str] = ()
    averages: Sequence[str] = ("micro",)
    sweep: bool = False
    intervals: bool = True
    seed: int = 0

    def shown(self, settings: Settings) -> list[str]:
        """The criteria that are shown."""
        return [c.name for c in settings.criteria if not self.criteria or c.name in self.criteria]

    def cells(self, settings: Settings) -> list[Cell]:
        """The main figures that are shown."""
        return [Cell(m, c, settings.main if m.timed else None) for m in Measure for c in self.shown(settings)]


@dataclass(frozen=True, slots=True)
class Compared:
    """How two systems differ in one figure (`recall`, `precision` or `F1`)."""

    a: str
    b: str
    cell: Cell
    figure: str
    found: report.Compared


def compared(evaluation: Evaluation, view: View) -> list[Compared]:
    """All pairs of systems in all shown figures; those that one of them makes none of (nothing predicted) left out."""
    found = []
    for a, b in combinations(evaluation.systems, 2):
        for cell in view.cells(evaluation.wanted.settings):
            for side, name in _FIGURES:
                try:
                    difference = report.compare(a.report, b.report, cell, side, seed=view.seed)
                except InvalidSceneValue:  # no figure
                    continue
                found.append(Compared(a.name, b.name, cell, name, difference))
    return found


def to_json(evaluation: Evaluation, view: View, differences: Sequence[Compared]) -> dict[str, Any]:
    """Every figure, whatever `view` shows; intervals of the main ones where it asks for them. For `json.dumps`."""
    return {
        "truth": evaluation.truth,
        "match": evaluation.wanted.match.value,
        "least_viou": evaluation.wanted.least if evaluation.wanted.match is Match.VIOU else None,
        "videos": len(evaluation.videos),
        "true_graphs_not_read": {**evaluation.unreadable, **evaluation.rejected},
        "systems": [_system_json(s, view) for s in evaluation.systems],
        "differences": [
            {"a": d.a, "b": d.b, "figure": d.figure}
            | {**asdict(d.cell), "measure": d.cell.measure.value}
            | asdict(d.found)
            for d in differences
        ],
    }


def _system_json(s: SystemScores, view: View) -> dict[str, Any]:
    public = s.public
    return {
        "name": s.name,
        "source": s.spec,
        "paired_by": dict(s.pairing.how),
        "without_prediction": [v for v in s.report.unpredicted if v not in s.unreadable],
        "not_read": {**s.unreadable, **s.rejected},
        "without_truth": list(s.pairing.extra),
        "matching": None if s.matching is None else {**asdict(s.matching), "mean_overlap": s.matching.mean_overlap},
        "same_place": None if s.same_place is None else asdict(s.same_place),
        "public": None
        if public is None
        else {
            "figures": [{"benchmark": b, "metric": m, "value": v} for (b, m), v in public.figures.items()],
            "failed": dict(public.failed),
            "left_out": dict(public.left_out),
        },
        "report": s.report.to_json(intervals=view.intervals),
    }

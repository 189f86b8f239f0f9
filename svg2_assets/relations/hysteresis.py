"""From raw yes/no samples to spans that do not flicker."""

from __future__ import annotations

import numpy as np

from svg2_assets.relations.sampling import Grid
from svg2_assets.relations.thresholds import Hysteresis
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.spans import Spans


def steady(raw: BoolArray, *, window: int, on: float, off: float) -> BoolArray:
    """The state [K] that `raw` [K] settles in: on where the share of yes in a centred window reaches `on`, off at
    `off`; from the first to the last yes of the stretches that caused it.
    """
    share = _moving_share(raw, window)
    state, current = np.zeros(len(raw), dtype=bool), False
    for i, value in enumerate(share):
        current = value > off if current else value >= on
        state[i] = current
    return _fitted(state, raw)


def spans_of(
    raw: BoolArray, cells: IntArray, grid: Grid, settings: Hysteresis, *, shortest: float, shortest_share: float
) -> Spans:
    """When `raw` [K], given at the grid's sorted `cells` [K], holds steadily and long enough. Runs end at cuts and
    where a cell is missing.
    """
    flags = np.zeros(len(grid), dtype=bool)
    for run in grid.runs(cells):
        here = cells[run]
        length = float(np.mean(np.diff(grid.edges)[here]))
        window = max(1, min(round(settings.window / length), len(run) // 2))
        state = steady(raw[run], window=window, on=settings.on, off=settings.off)
        least = min(shortest, shortest_share * grid.shot_duration(int(here[0])))
        flags[here] = _long_enough(state, np.diff(grid.edges)[here], least)
    return _spans_within_shots(flags, grid)


def _moving_share(raw: BoolArray, window: int) -> FloatArray:
    kernel = np.ones(window)
    counts = np.convolve(np.ones(len(raw)), kernel, mode="same")
    return np.asarray(np.convolve(raw.astype(np.float64), kernel, mode="same") / counts)[: len(raw)]


def _fitted(state: BoolArray, raw: BoolArray) -> BoolArray:
    """Each stretch of `state` grown over the yeses that it begins and ends in, then cut to its first and last yes."""
    kept = np.zeros_like(state)
    yeses = _stretches(raw)
    for start, end in _stretches(state):
        touching = [(a, b) for a, b in yeses if a < end and b > start]
        if touching:
            kept[touching[0][0] : touching[-1][1]] = True
    return kept


def _long_enough(state: BoolArray, lengths: FloatArray, least: float) -> BoolArray:
    kept = np.zeros_like(state)
    for start, end in _stretches(state):
        kept[start:end] = lengths[start:end].sum() >= least - 1e-6
    return kept


def _spans_within_shots(flags: BoolArray, grid: Grid) -> Spans:
    """One span a stretch. Where a stretch goes on behind a cut, the part before ends half a cell early: spans that
    touch would be merged into one that crosses it.
    """
    before_cut = np.append(np.diff(grid.shots) != 0, False)
    crossing = np.flatnonzero(flags & before_cut & np.append(flags[1:], False))
    whole = Spans.where(flags, grid.edges)
    holes = [((grid.edges[c] + grid.edges[c + 1]) / 2, grid.edges[c + 1]) for c in crossing]
    return without(whole, holes)


def without(spans: Spans, holes: list[tuple[float, float]]) -> Spans:
    """`spans` minus the sorted, disjoint `holes`."""
    if not holes or not spans:
        return spans
    ends = [0.0, *(h[1] for h in holes)]
    starts = [*(h[0] for h in holes), max(spans.parts[-1].end, holes[-1][1]) + 1.0]
    return spans & Spans.of((a, b) for a, b in zip(ends, starts, strict=True) if a < b)


def _stretches(state: BoolArray) -> list[tuple[int, int]]:
    change = np.diff(np.concatenate(([False], state, [False])).astype(np.int8))
    return list(zip(np.flatnonzero(change == 1).tolist(), np.flatnonzero(change == -1).tolist(), strict=True))

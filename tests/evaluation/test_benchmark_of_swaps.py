"""The command that replaces phases by the truth: with all of it nothing is lost, with none of it something is."""

from __future__ import annotations

import pickle

from benchmarks import oracle_swaps
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.synthetic.settings import Difficulty


def test_what_the_truth_replaces_is_not_lost():
    clip = oracle_swaps.swapped(oracle_swaps.Job("stand-ins", Difficulty.EASY, 1.0, 5))
    reports = oracle_swaps.reports_of([clip])
    relations, names = Cell(Measure.RELATIONS, "strict", 0.5), Cell(Measure.OBJECTS, "strict")
    for side in Side:
        assert reports["all three"].ratio(relations, side).share == 1
        assert reports["trajectories, names"].ratio(names, side).share == 1
    assert clip.found["trajectories"] == len(clip.truth.objects) >= clip.found["nothing"]
    assert reports["relations"].ratio(relations, Side.PRECISION).share == 1, "those that are left are right"
    swaps, losses = oracle_swaps.swaps_table("stand-ins", [clip]), oracle_swaps.losses_table("stand-ins", [clip])
    assert [row[0] for row in swaps.rows] == list(oracle_swaps.SWAPS)
    in_order = sum(float(str(row[2])) for row in losses.rows)
    lost = 1 - (reports["nothing"].ratio(Cell(Measure.RELATIONS, "lenient", 0.5)).share or 0)
    assert abs(in_order - 100 * lost) < 0.2
    sent = pickle.loads(pickle.dumps(oracle_swaps._sent(oracle_swaps.Job("stand-ins", Difficulty.EASY, 1.0, 5))))
    received = oracle_swaps._received(sent)
    assert oracle_swaps.swaps_table("stand-ins", [received]).rows == swaps.rows, "from another process, the same"

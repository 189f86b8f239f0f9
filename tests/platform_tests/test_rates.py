"""Measures that are shares add up over the videos of a partition before they are divided."""

from __future__ import annotations

from svg2_assets.orchestration import _metadata
from svg2_assets.phases import PHASES, Plan, Recipe
from svg2_assets.runner import PhaseRun, Rate


def test_the_rate_of_a_batch_is_that_of_all_its_claims() -> None:
    run = PhaseRun("relations", Plan(new=("a", "b", "c")))
    run.measures = {
        "a": {"rule x": Rate(1, 10), "claims": 10},
        "b": {"rule x": Rate(5, 20), "claims": 20},
        "c": {"claims": 0},
    }
    shown = _metadata(run, recipe=Recipe(PHASES["relations"]), videos=["a", "b", "c"])
    assert shown["rule x"] == 0.2
    assert shown["claims"] == 30


def test_nothing_of_nothing_is_no_violation() -> None:
    assert Rate(0, 0).share == 0.0

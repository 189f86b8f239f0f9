"""The learning rate over the steps."""

from __future__ import annotations

import pytest

from svg2_assets.traser.training.schedule import Schedule


def test_the_rate_rises_then_falls_to_nothing() -> None:
    schedule = Schedule(100, warmup=0.1)
    factors = [schedule.factor(s) for s in range(101)]
    assert schedule.rising == 10
    assert factors[:11] == sorted(factors[:11])
    assert factors[10] == 1.0
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[55] == pytest.approx(0.5)
    assert factors[100] == pytest.approx(0.0)
    assert factors[0] > 0  # no step is made in vain


def test_without_warm_up_the_first_step_has_the_peak_rate() -> None:
    assert Schedule(10, warmup=0).factor(0) == 1.0


def test_the_cosine_ends_at_the_floor() -> None:
    assert Schedule(10, warmup=0, floor=0.1).factor(10) == pytest.approx(0.1)
    assert Schedule(10, warmup=0, floor=0.1).factor(99) == pytest.approx(0.1)

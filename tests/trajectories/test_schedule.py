"""The budget counts crops against the video's clock."""

from __future__ import annotations

import numpy as np

from svg2_assets.trajectories.schedule import CropPlan, MaskBudget
from svg2_assets.trajectories.settings import MaskSettings
from svg2_assets.trajectories.tracks import Hit, Life, Track


def a_track(number: int, side: float, *, unrest: float = 0.1) -> Track:
    track = Track(number, number, 0, np.asarray([10, 10, 10 + side, 10 + side], np.float32), life=Life.LIVE)
    track.hits.append(Hit(0, 0.8))
    track.unrest = unrest
    return track


def test_never_more_is_spent_than_was_earned() -> None:
    settings = MaskSettings(budget=300, large_cost=100, small_cost=100, tiny_cost=100)
    budget = MaskBudget(settings, width=640, height=480)
    tracks = [a_track(i, 60) for i in range(20)]
    crops = 0
    for frame in range(100):
        budget.earn(0.1)
        plans = budget.plan(tracks, frame=frame, fps=10)
        crops += len(plans)
        for plan in plans:
            plan.track.last_crop, plan.track.unrest = frame, 0.1
    assert crops * 100 <= 300 * 10.5
    assert crops * 100 >= 300 * 9


def test_the_large_restless_thing_comes_first() -> None:
    budget = MaskBudget(MaskSettings(budget=400), width=640, height=480)
    small, large = a_track(0, 30), a_track(1, 300)
    assert [p.track.id for p in budget.plan([small, large], frame=5, fps=10)][:1] == [1]


def test_on_the_last_frame_one_crop_is_made_in_any_case() -> None:
    budget = MaskBudget(MaskSettings(budget=1), width=640, height=480)
    assert budget.plan([a_track(0, 300)], frame=9, fps=10) == []
    assert len(budget.plan([a_track(0, 300)], frame=9, fps=10, last=True)) == 1


def test_a_tiny_thing_gets_context_instead_of_resolution() -> None:
    settings = MaskSettings()
    plan = the_crop(a_track(0, 30))
    assert plan.size == settings.tiny_size
    assert plan.window[2] - plan.window[0] >= 2 * 30
    assert plan.cost < the_crop(a_track(0, 90)).cost


def test_a_crop_that_came_back_empty_is_made_again_with_more_room() -> None:
    track = a_track(0, 90)
    before = the_crop(track).window
    track.refused, track.last_crop = 1, 3
    after = the_crop(track).window
    assert after[2] - after[0] > before[2] - before[0]


def the_crop(track: Track) -> CropPlan:
    track.box = track.box + 150
    (plan,) = MaskBudget(MaskSettings(), width=640, height=480).plan([track], frame=5, fps=10)
    track.box = track.box - 150
    return plan

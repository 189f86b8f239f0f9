from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from svg2_assets.scene_graphs.preview.moments import PARTS, WHOLE, holds_at, middle_of, moments, playback, sheet_grid
from tests.scene_graphs import scenes


@pytest.mark.parametrize(("fps", "low", "high"), [(10, 7.5, 10), (24, 8, 8), (25, 8, 9), (30, 7.5, 10), (60, 7.5, 10)])
def test_a_short_video_is_played_whole_at_true_speed(fps, low, high):
    plan = playback(scenes.video(frames=int(fps * 4), fps=fps))
    assert low <= float(plan.rate) <= high
    assert len(plan.frames) / float(plan.rate) == pytest.approx(4.0, abs=0.15)
    assert list(plan.frames) == sorted(set(plan.frames))


def test_a_long_video_is_played_in_evenly_spread_parts():
    plan = playback(scenes.video(frames=30 * 600, fps=30.0))
    assert len(plan.frames) / float(plan.rate) == pytest.approx(WHOLE, abs=1)
    jumps = np.flatnonzero(np.diff(plan.frames) > 100)
    assert len(jumps) == PARTS - 1
    assert plan.frames[0] == 0
    assert plan.frames[-1] > 30 * 599


def test_a_frame_that_stays_on_screen_is_repeated():
    times = (0.0, 0.1, 0.2, 1.2, 1.3)
    video = replace(scenes.video(frames=5, fps=10.0), frame_times=times, duration=1.4)
    plan = playback(video)
    assert plan.frames.count(2) == 10
    assert plan.rate == Fraction(10)


def test_one_frame_is_played_once():
    assert playback(scenes.video(frames=1)).frames == (0,)
    assert sheet_grid(scenes.video(frames=1)).tolist() == [0]


def test_moments_are_spread_over_the_time_in_which_something_is_visible():
    video = scenes.video(frames=400)
    graph = scenes.graph(video, scenes.box_object(video, 1, (0, 0, 9, 9), frames=range(100, 300)))
    chosen = moments(graph, range(400), count=9)
    assert len(chosen) == 9
    assert all(100 <= f < 300 for f in chosen)
    assert np.diff(chosen).min() >= 10


def test_times_without_anything_to_see_are_left_out_when_there_are_others():
    video = scenes.video(frames=400)
    graph = scenes.graph(video, scenes.box_object(video, 1, (0, 0, 9, 9), frames=[*range(50, 70), *range(300, 350)]))
    assert all(50 <= f < 70 or 300 <= f < 350 for f in moments(graph, range(400), count=9))
    brief = scenes.graph(video, scenes.box_object(video, 1, (0, 0, 9, 9), frames=[50, 300]))
    assert len(moments(brief, range(400), count=9)) == 9


def test_of_each_stretch_the_moment_with_most_to_see_is_taken():
    video = scenes.video(frames=100)
    steady = scenes.box_object(video, 1, (0, 0, 9, 9))
    passing = scenes.box_object(video, 2, (20, 0, 9, 9), frames=range(24, 28))
    assert moments(scenes.graph(video, steady, passing), range(100), count=2)[0] in range(24, 28)
    holding = [scenes.relation(1, f"p{i}", -1, (1.0, 1.2)) for i in range(4)]
    assert 1.0 <= video.time_of(moments(scenes.graph(video, steady, relations=holding), range(100), count=2)[0]) < 1.2


def test_without_objects_moments_are_spread_over_the_whole():
    chosen = moments(scenes.graph(scenes.video(frames=90)), range(90), count=9)
    assert np.abs(np.diff(chosen) - 10).max() <= 1
    assert moments(scenes.graph(scenes.video(frames=3)), range(3), count=9) == (0, 1, 2)


def test_a_relation_holds_on_the_frames_of_its_rounded_spans():
    video = scenes.video(frames=90, fps=30.0)
    relation = scenes.relation(1, "near", 2, (round(1 / 30, 6), round(61 / 30, 6)))
    assert [f for f in range(90) if holds_at(relation, middle_of(video, f))] == list(range(1, 61))

"""Which frames a model sees, and what time they stand for."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.relations.vlm.frames import completed, released, released_samples, sampled, windows
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video


def clip(fps: float, frames: int, times: tuple[float, ...] | None = None) -> Video:
    duration = frames / fps if times is None else times[-1] + 1 / fps
    return Video("v" * 16, "v.mp4", "", 64, 48, fps, frames, duration, times)


def seen(*frames: int) -> Trajectory:
    sizes = range(1, len(frames) + 1)
    return Trajectory.of(frames, [Mask.from_box((0, 0, 4 + s % 7, 5), height=48, width=64) for s in sizes])


@pytest.mark.parametrize("fps", [23.976, 25.0, 29.97, 60.0, 7.0])
def test_one_frame_a_second_from_the_middle_of_each(fps: float) -> None:
    samples = sampled(clip(fps, round(24 * fps)), (), rate=1.0)
    assert len(samples) == 24
    for before, after in itertools.pairwise(samples):
        assert before.end == after.start
    for sample in samples:
        assert sample.start <= sample.time < sample.end
        assert sample.time == pytest.approx((sample.start + sample.end) / 2, abs=1 / fps + 1e-3)
    assert samples[0].start == 0.0
    assert samples[-1].end == pytest.approx(24, abs=0.05)


def test_times_are_those_of_the_clock_at_a_variable_rate() -> None:
    times = tuple([i / 10 for i in range(20)] + [2 + i for i in range(6)])
    samples = sampled(clip(10, 26, times), (), rate=1.0)
    assert all(s.time == round(times[s.index], 3) for s in samples)
    assert len(samples) == 7


def test_a_clip_shorter_than_a_second_has_one_frame() -> None:
    assert len(sampled(clip(25, 8), (), rate=1.0)) == 1
    assert len(sampled(clip(25, 1), (), rate=1.0)) == 1


def test_no_sample_stands_for_two_shots() -> None:
    samples = sampled(clip(10, 100), (37,), rate=1.0)
    assert any(s.end == 3.7 for s in samples)
    assert not any(s.start < 3.7 < s.end for s in samples)


def test_a_storm_of_flashes_does_not_buy_a_frame_each() -> None:
    assert len(sampled(clip(10, 100), range(1, 100), rate=1.0)) == 10


def test_an_object_between_two_samples_gets_its_best_frame() -> None:
    video = clip(10, 100)
    samples = sampled(video, (), rate=1.0)
    blink = Trajectory.of([50, 51, 52], [Mask.from_box((0, 0, w, 9), height=48, width=64) for w in (4, 9, 6)])
    more, left = completed(video, samples, {1: seen(*range(100)), 2: blink})
    assert [s.index for s in more] == sorted({*(s.index for s in samples), 51})
    assert left == frozenset()
    assert next(s for s in more if s.index == 51).start == pytest.approx(5.1)


def test_one_added_frame_serves_all_objects_on_it() -> None:
    video = clip(10, 100)
    samples = sampled(video, (), rate=1.0)
    more, _ = completed(video, samples, {i: seen(51) for i in range(20)})
    assert len(more) == len(samples) + 1


def test_frames_are_not_added_without_end_and_what_is_left_is_named() -> None:
    video = clip(100, 1000)
    samples = sampled(video, (), rate=1.0)
    taken = {s.index for s in samples}
    alone = [f for f in range(0, 1000, 10) if f not in taken]
    more, left = completed(video, samples, {i: seen(f) for i, f in enumerate(alone)})
    assert len(more) == len(samples) + 4
    assert len(left) == len(alone) - 4


@given(count=st.integers(1, 400), most=st.integers(2, 60), data=st.data())
def test_windows_cover_everything_in_order_and_share_their_overlap(count: int, most: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, most - 1))
    samples = sampled(clip(1, count), (), rate=1.0)
    found = windows(samples, most=most, overlap=overlap)
    assert {s.index for w in found for s in w.samples} == {s.index for s in samples}
    assert all(len(w.samples) <= most for w in found)
    for before, after in itertools.pairwise(found):
        assert len(set(before.samples) & set(after.samples)) >= min(overlap, most - 1)
        assert before.samples[0].index < after.samples[0].index
    assert len(found) == 1 or count > most


def test_no_frames_no_windows() -> None:
    assert windows((), most=10, overlap=2) == []


@pytest.mark.parametrize(("fps", "step"), [(30.0, 30), (29.97, 30), (2.5, 2), (3.5, 4), (0.4, 1), (24.0, 24)])
def test_the_released_step_is_rounded_as_python_does(fps: float, step: int) -> None:
    assert released(clip(fps, 5 * step)) == tuple(range(0, 5 * step, step))


def test_more_than_24_released_frames_are_thinned_with_first_and_last_in() -> None:
    exactly = released(clip(10, 240))
    assert exactly == tuple(range(0, 240, 10))
    thinned = released(clip(10, 250))
    assert len(thinned) == 24
    assert (thinned[0], thinned[-1]) == (0, 240)
    assert thinned[12] == 10 * int(24 * 12 / 23)


def test_released_frames_stand_for_the_time_until_the_next() -> None:
    samples = released_samples(clip(10, 95))
    assert [(s.start, s.end) for s in samples[:2]] == [(0.0, 1.0), (1.0, 2.0)]
    assert (samples[-1].start, samples[-1].end) == (9.0, 9.5)

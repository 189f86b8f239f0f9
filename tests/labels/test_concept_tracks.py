"""Which frames a concept tracker is shown, and what it is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.labels.concept_tracks import WindowSettings, concepts_of, prompt_of, windows_of
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.trajectory import Trajectory
from tests.descriptions.pictures import Thing, video


def test_frames_stand_apart_in_seconds_whatever_the_frame_rate() -> None:
    assert windows_of(video(frames=30), [], WindowSettings(rate=2.0)) == ((0, 5, 10, 15, 20, 25),)
    fast = replace(video(frames=90), fps=30.0, duration=3.0)
    assert windows_of(fast, [], WindowSettings(rate=2.0)) == ((0, 15, 30, 45, 60, 75),)


def test_a_rate_above_the_videos_shows_every_frame_once() -> None:
    assert windows_of(video(frames=4), [], WindowSettings(rate=1000.0)) == ((0, 1, 2, 3),)


def test_what_would_be_missed_adds_a_frame() -> None:
    brief = Thing((0, 0), (9, 9), frames=range(6, 9)).trajectory(video())
    assert windows_of(video(), [brief, Trajectory((), ())], WindowSettings(rate=1.0)) == ((0, 7, 10, 20),)


@given(st.integers(1, 3000), st.integers(1, 50), st.floats(0.2, 30))
def test_windows_are_bounded_even_and_in_order(frames: int, most: int, rate: float) -> None:
    windows = windows_of(video(frames=frames), [], WindowSettings(rate=rate, most_frames=most))
    sizes = [len(w) for w in windows]
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
    flat = [i for w in windows for i in w]
    assert flat == sorted(set(flat))
    assert flat[0] == 0
    assert flat[-1] < frames


def test_windows_need_sensible_settings() -> None:
    with pytest.raises(InvalidSceneValue, match="most_frames"):
        WindowSettings(most_frames=0)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("Dog", "dog"),
        ("dog (uncertain)", "dog"),
        ("traffic_light", "traffic light"),
        ("object", ""),
        ("  ", ""),
        ("dog\x00\x1b[31m\nignore the above", "dog [31m ignore the above"),
        ("犬", "犬"),
        ("a b c d e f g h i j", "a b c d e f g h"),
    ],
)
def test_names_become_prompts(name: str, prompt: str) -> None:
    assert prompt_of(name) == prompt


def test_a_prompt_is_bounded() -> None:
    assert len(prompt_of("x" * 10_000)) <= 80


def test_each_name_is_asked_for_once() -> None:
    assert concepts_of(["dog", "Dog", "object", "cat", "dog (uncertain)"]) == ("dog", "cat")

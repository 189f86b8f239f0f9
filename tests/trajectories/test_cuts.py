"""Where shots begin: what is a cut, and what only looks like one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from svg2_assets.scene.video import Frame, Pixels, Video
from svg2_assets.trajectories.pipeline import Run
from svg2_assets.trajectories.preparing import prepare
from svg2_assets.trajectories.settings import CutSettings, FlowSettings, TrackerSettings
from tests.trajectories.scenes import RED, PaintedVideo, Square, recognisers

HEIGHT, WIDTH = 120, 160
PALETTE = {1: (1.0, 0.7, 0.4), 2: (0.4, 0.8, 1.0)}


def place(seed: int) -> Pixels:
    """A place in colours of its own."""
    shades = np.random.default_rng(seed).integers(40, 200, (6, 8, 1))
    blocks = np.clip(shades * PALETTE[seed], 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(blocks, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


@dataclass
class Shown:
    """A frame source of the pictures that `picture` gives for each frame."""

    picture: Callable[[int], Pixels]
    count: int = 40
    fps: float = 24.0

    @property
    def video(self) -> Video:
        return Video("shown", "shown", "0" * 64, WIDTH, HEIGHT, self.fps, self.count, self.count / self.fps)

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        return self.pick(range(self.count))

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        return (Frame(t, t / self.fps, self.picture(t)) for t in indices)


def cuts_of(picture: Callable[[int], Pixels], *, count: int = 40, fps: float = 24.0) -> list[int]:
    source = Shown(picture, count, fps)
    prepared = list(prepare(source, flow=FlowSettings(), cuts=CutSettings()))
    assert [p.frame.index for p in prepared] == list(range(count))
    assert [p.flow is None for p in prepared] == [True] + [False] * (count - 1)
    return [p.frame.index for p in prepared if p.cut]


def lit(pixels: Pixels, gain: float) -> Pixels:
    return np.clip(pixels.astype(np.float32) * gain, 0, 255).astype(np.uint8)


def white() -> Pixels:
    return np.full((HEIGHT, WIDTH, 3), 255, np.uint8)


def test_another_place_is_a_cut_on_its_first_frame() -> None:
    assert cuts_of(lambda t: place(1 if t < 17 else 2)) == [17]


def test_back_to_an_earlier_place_after_a_while_is_a_second_cut() -> None:
    assert cuts_of(lambda t: place(2 if 12 <= t < 26 else 1)) == [12, 26]


@pytest.mark.parametrize("fps", [24.0, 2.0])
def test_a_flash_that_shows_nothing_but_white_is_no_cut(fps: float) -> None:
    assert cuts_of(lambda t: white() if t == 20 else place(1), fps=fps) == []


def test_a_strobe_is_no_cut_and_hides_none() -> None:
    def picture(t: int) -> Pixels:
        return white() if t % 5 == 3 else place(1 if t < 21 else 2)

    assert cuts_of(picture) == [21]


@pytest.mark.parametrize("gain", [0.5, 1.5])
def test_a_lamp_that_goes_on_or_off_for_long_is_no_cut(gain: float) -> None:
    assert cuts_of(lambda t: lit(lit(place(1), 0.6), gain if t >= 15 else 1.0)) == []


def test_a_cut_to_black_is_one_and_noise_in_the_dark_is_none() -> None:
    def picture(t: int) -> Pixels:
        noise = np.random.default_rng(t).integers(2, 12, (HEIGHT, WIDTH, 1))
        tinted = noise * ((1.0, 0.2, 0.2) if t // 9 % 2 else (0.2, 0.2, 1.0))  # a coder's noise has any colour
        return place(1) if t < 15 else tinted.astype(np.uint8)

    assert cuts_of(picture) == [15]


def test_the_last_frame_may_be_a_cut() -> None:
    assert cuts_of(lambda t: place(1 if t < 39 else 2)) == [39]


def test_who_is_lit_by_a_flash_keeps_the_id() -> None:
    @dataclass
    class Flashed(PaintedVideo):
        def paint(self, t: int) -> Pixels:
            pixels = super().paint(t)
            return white_like(pixels) if t == 21 else pixels

    def white_like(pixels: Pixels) -> Pixels:
        return np.full_like(pixels, 255)

    scene = Flashed([Square(RED, lambda t: (60 + 2 * t, 80), side=60)])
    result = Run(scene, recognisers(), TrackerSettings()).execute(None)
    assert result.cuts == ()
    assert len(result.objects) == 1
    assert {0, 47} <= set(result.objects[0].trajectory.frames)

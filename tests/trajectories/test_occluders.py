"""Bars before a moving picture: what is behind them is one thing, and the bars are none of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from svg2_assets.scene.masks import Mask, iou
from svg2_assets.trajectories.flow import shrink
from svg2_assets.trajectories.occluders import Stillness, painted_over
from svg2_assets.trajectories.pipeline import Run
from svg2_assets.trajectories.recognisers import Detections, Recognisers
from svg2_assets.trajectories.settings import FlowSettings, OccluderSettings, TrackerSettings
from tests.trajectories.scenes import (
    RED,
    ColourDetector,
    ColourEmbedder,
    ColourSaliency,
    PaintedVideo,
    Square,
    mask_of,
)


@dataclass
class PanningVideo(PaintedVideo):
    """The wall passes by at `speed` pixels a frame, behind `bars` (left, right) that rest in the picture."""

    speed: int = 3
    bars: list[tuple[int, int]] = field(default_factory=list)

    def paint(self, t: int) -> np.ndarray:
        grain = blocks(self.width + self.speed * self.frames_in_all, self.height)
        pixels = np.repeat(90 + 3 * grain[:, self.speed * t :][:, : self.width, None], 3, axis=2).astype(np.uint8)
        for square in self.squares:
            x, y = square.at(t) or (0, 0)
            shade = grain[: square.side, : square.side, None]
            pixels[y : y + square.side, x : x + square.side] = np.clip(np.asarray(square.colour) + shade, 0, 255)
        for left, right in self.bars:
            pixels[:, left:right] = 90
        return pixels


def blocks(width: int, height: int) -> np.ndarray:
    """Blocks of 6 pixels between -19 and 19: a texture that changes wherever it moves."""
    noise = np.random.default_rng(3).integers(-19, 20, (height // 6 + 1, width // 6 + 1))
    return np.kron(noise, np.ones((6, 6), np.int64))[:height, :width]


class PieceDetector(ColourDetector):
    """Sees the largest connected piece of red only."""

    def detect(self, pixels: np.ndarray) -> Detections:
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask_of(pixels, RED).astype(np.uint8))
        if len(stats) < 2:
            return Detections.none(3)
        x, y, w, h, _ = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
        return Detections(np.asarray([[x, y, x + w, y + h]], np.float32), np.asarray([[0.8, 0, 0]], np.float32))


BARS = [(x, x + 6) for x in range(20, 320, 44)]


def thin_places(source: PaintedVideo) -> np.ndarray | None:
    stillness = Stillness(OccluderSettings())
    for frame in source.frames():
        stillness.observe(shrink(frame.index, frame.pixels, FlowSettings()))
    return stillness.thin()


def test_bars_are_found_where_the_picture_behind_them_moves() -> None:
    found = thin_places(PanningVideo([], frames_in_all=16, bars=BARS))
    assert found is not None
    truth = np.zeros(found.shape, bool)
    for left, right in BARS:
        truth[:, left:right] = True
    assert (found & truth).sum() > 0.6 * (found | truth).sum()


def test_nothing_is_found_without_bars_or_without_motion() -> None:
    assert thin_places(PanningVideo([], frames_in_all=16)) is None
    assert thin_places(PanningVideo([], frames_in_all=16, bars=BARS, speed=0)) is None
    assert thin_places(PaintedVideo([Square(RED, lambda t: (20 + 4 * t, 60))], frames_in_all=16)) is None


def test_what_is_behind_bars_is_one_thing_without_the_bars() -> None:
    scene = PanningVideo([Square(RED, lambda t: (60 + 2 * t, 70), side=90)], bars=BARS)
    detectors = PieceDetector(), PieceDetector(name="centernet")
    result = Run(scene, Recognisers(*detectors, ColourSaliency(), ColourEmbedder()), TrackerSettings()).execute(None)
    best = max((o.trajectory for o in result.objects), key=len)
    scores = []
    for t in range(scene.frames_in_all):
        truth, mask = Mask.from_array(mask_of(scene.paint(t), RED)), best.at(t)
        scores.append(iou([truth], [mask])[0, 0] if mask is not None else 0.0)
    assert float(np.mean(scores)) > 0.8


def test_what_is_painted_over_looks_like_what_is_beside_it() -> None:
    pixels = np.full((60, 100, 3), 50, np.uint8)
    pixels[:, 50:] = 200
    hidden = np.zeros((30, 50), bool)
    hidden[:, 10:12] = True
    pixels[:, 20:24] = 255
    assert np.ptp(painted_over(pixels, hidden, reach=0.2)[:, 10:40]) == 0

"""Closer looks: small things are found, large ones are not found twice, and little is spent where nothing is gained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from svg2_assets.trajectories.pipeline import Run
from svg2_assets.trajectories.recognisers import Detections, Recognisers
from svg2_assets.trajectories.settings import TileSettings, TrackerSettings
from svg2_assets.trajectories.tiling import TileTurns, joined, news, tiles_over
from tests.trajectories.scenes import BLUE, RED, ColourDetector, ColourEmbedder, ColourSaliency, PaintedVideo, Square

TILE, SHAPE = (0, 0, 100, 100), (100, 180)


@dataclass
class NearSighted(ColourDetector):
    """Misses what is smaller than a twelfth of the picture it is shown."""

    def detect(self, pixels: np.ndarray) -> Detections:
        found = ColourDetector.detect(self, pixels)
        sides = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1) if len(found) else np.zeros(0)
        return found.take(np.flatnonzero(sides >= max(pixels.shape) / 12))


def boxes(*given: tuple[list[float], float]) -> Detections:
    return Detections(
        np.asarray([b for b, _ in given], np.float32).reshape(-1, 4),
        np.asarray([[score, 0] for _, score in given], np.float32).reshape(-1, 2),
    )


def test_small_things_that_the_whole_frame_does_not_show_are_tracked() -> None:
    scene = PaintedVideo(
        [
            Square(RED, lambda t: (40 + 2 * t, 60), side=20),
            Square(BLUE, lambda t: (260 - 2 * t, 150), side=20),
        ]
    )
    detectors = NearSighted(), NearSighted(name="centernet")
    result = Run(scene, Recognisers(*detectors, ColourSaliency(), ColourEmbedder()), TrackerSettings()).execute(None)
    named = [o for o in result.objects if o.witness("nanodet") is not None]
    assert len(named) == 2
    assert all(len(o.trajectory) > 36 for o in named)


def test_few_closer_looks_are_taken_where_the_whole_frame_shows_everything() -> None:
    scene = PaintedVideo([Square(RED, lambda t: (40 + 2 * t, 60), side=60)], frames_in_all=96)
    result = Run(
        scene, Recognisers(ColourDetector(), ColourDetector(), ColourSaliency(), ColourEmbedder()), TrackerSettings()
    ).execute(None)
    assert result.statistics["closer looks"] <= 0.2 * result.statistics["detector calls"]  # type: ignore[operator]


@pytest.mark.parametrize(("width", "height"), [(854, 480), (480, 854), (768, 576), (500, 500), (3, 5)])
def test_tiles_cover_the_frame(width: int, height: int) -> None:
    covered = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in tiles_over(width, height, zoom=1.75):
        assert max(x1 - x0, y1 - y0) <= np.ceil(max(width, height) / 1.75)
        covered[y0:y1, x0:x1] = True
    assert covered.all()


def test_every_tile_is_looked_at_first_and_then_only_those_that_pay() -> None:
    left, right = (0, 0, 100, 100), (80, 0, 180, 100)
    turns = TileTurns((left, right), TileSettings(idle_every=100))
    assert [looked(turns, news=0) for _ in range(4)] == [left, right, None, None]
    turns.note(right, news=2, sure=3)
    assert [looked(turns, news=2) for _ in range(3)] == [right] * 3
    turns.note(right, news=2, sure=9)  # two more among nine are no need
    assert turns.next() is None


def looked(turns: TileTurns, *, news: int) -> tuple[int, int, int, int] | None:
    tile = turns.next()
    if tile is not None:
        turns.note(tile, news=news, sure=3)
    return tile


def test_what_a_tile_cuts_off_is_no_news() -> None:
    close = boxes(([70, 10, 100, 40], 0.9), ([0, 10, 30, 40], 0.9))
    assert news(close, boxes(), TILE, SHAPE, TileSettings()).boxes[:, 0].tolist() == [0]  # the frame ends there too


def test_a_part_of_a_thing_that_the_whole_frame_shows_is_no_news() -> None:
    close, whole = boxes(([20, 20, 40, 40], 0.9)), boxes(([10, 10, 60, 60], 0.5))
    assert not len(news(close, whole, TILE, SHAPE, TileSettings()))


def test_the_surer_of_two_boxes_of_one_thing_stays() -> None:
    whole = boxes(([20, 20, 40, 40], 0.3), ([120, 20, 140, 40], 0.3))
    told = news(boxes(([21, 20, 41, 40], 0.6)), whole, TILE, SHAPE, TileSettings())
    both = joined(whole, told, TileSettings())
    assert sorted(both.best.tolist()) == pytest.approx([0.3, 0.6])

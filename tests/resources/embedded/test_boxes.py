"""Fitting frames into a detector's input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from resources.embedded import boxes
from resources.embedded.boxes import Letterbox
from resources.embedded.nanodet import NanoDet
from resources.media.reader import open_video

CLIPS = Path(__file__).parents[2] / "clips"


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [(480, 854, 352, 416), (854, 480, 416, 352), (576, 768, 416, 416), (100, 1000, 160, 416), (1, 1, 416, 416)],
)
def test_whole_cells_of_black_are_left_away(height: int, width: int, rows: int, columns: int) -> None:
    fitted = Letterbox.of(np.full((height, width, 3), 200, np.uint8), 416, trimmed=True)
    assert fitted.image.shape == (rows, columns, 3)
    square = Letterbox.of(np.full((height, width, 3), 200, np.uint8), 416)
    assert square.image.shape == (416, 416, 3)
    assert (square.top - fitted.top) % 32 == (square.left - fitted.left) % 32 == 0
    top, left = square.top - fitted.top, square.left - fitted.left
    assert np.array_equal(square.image[top : top + rows, left : left + columns], fitted.image)


def test_boxes_come_back_to_the_frame() -> None:
    fitted = Letterbox.of(np.zeros((480, 854, 3), np.uint8), 416, trimmed=True)
    corners = np.asarray([[fitted.left, fitted.top, fitted.left + 416, fitted.top + 234]], np.float32)
    assert np.allclose(fitted.undo(corners, width=854, height=480), [[0, 0, 854, 480]], atol=1.0)


def test_a_wide_frame_shows_the_same_boxes_as_in_the_square(monkeypatch: pytest.MonkeyPatch) -> None:
    rabbit = next(iter(open_video(CLIPS / "bigbuckbunny.mp4").pick([60]))).pixels
    trimmed = NanoDet().detect(rabbit)
    monkeypatch.setattr(boxes, "LEAST_RIM", 416)
    square = NanoDet().detect(rabbit)
    assert len(square) > 0
    sure = square.best > 0.3
    assert sure.any()
    for box, score in zip(square.boxes[sure], square.best[sure], strict=True):
        at = int(np.abs(trimmed.boxes - box).max(axis=1).argmin())
        assert np.abs(trimmed.boxes[at] - box).max() < 0.02 * rabbit.shape[1]
        assert abs(trimmed.best[at] - score) < 0.05

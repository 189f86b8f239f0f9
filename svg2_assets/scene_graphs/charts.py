"""Distributions as one picture of bars, drawn with OpenCV: a file to look at, linked from Dagster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from svg2_assets.scene.video import Pixels

WIDTH, HEIGHT, ACROSS = 560, 300, 2  # of a chart in pixels; charts beside each other
LEFT, RIGHT, TOP, BOTTOM = 20, 20, 50, 70
BAR, BLACK, GREY, WHITE = (180, 90, 20), (40, 40, 40), (200, 200, 200), 255  # BGR
FONT = cv2.FONT_HERSHEY_SIMPLEX


def write_charts(path: Path, charts: Mapping[str, Mapping[str, int]]) -> Path:
    """A PNG with a chart for each title: a bar for each name, as high as its count is beside the chart's largest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    down = -(-len(charts) // ACROSS)
    canvas = np.full((max(down, 1) * HEIGHT, ACROSS * WIDTH, 3), WHITE, dtype=np.uint8)
    for i, (title, counts) in enumerate(charts.items()):
        y, x = (i // ACROSS) * HEIGHT, (i % ACROSS) * WIDTH
        _draw(canvas[y : y + HEIGHT, x : x + WIDTH], title, counts)
    if not cv2.imwrite(str(path), canvas):
        raise OSError(f"{path}: could not be written")
    return path


def _draw(canvas: Pixels, title: str, counts: Mapping[str, int]) -> None:
    _write(canvas, title, (LEFT, 22), size=0.55)
    cv2.line(canvas, (LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, HEIGHT - BOTTOM), GREY, 1)
    if not counts:
        _write(canvas, "none", (LEFT, HEIGHT // 2))
        return
    most, step = max(1, *counts.values()), (WIDTH - LEFT - RIGHT) / len(counts)
    for i, (name, count) in enumerate(counts.items()):
        x, high = LEFT + i * step, round(count / most * (HEIGHT - TOP - BOTTOM))
        left, right = round(x + step * 0.1), round(x + step * 0.9)
        if high:
            cv2.rectangle(canvas, (left, HEIGHT - BOTTOM - high), (right, HEIGHT - BOTTOM), BAR, cv2.FILLED)
        _write(canvas, _short(count), (left, HEIGHT - BOTTOM - high - 4), size=0.33)
        # Names are long where there are many of them: they stand on three lines by turns.
        _write(canvas, name, (left, HEIGHT - BOTTOM + 16 + 16 * (i % 3)), size=0.36)


def _write(canvas: Pixels, text: str, at: tuple[int, int], *, size: float = 0.4) -> None:
    plain = text.replace("–", "-").encode("ascii", "replace").decode()  # the font has no other letters
    cv2.putText(canvas, plain, at, FONT, size, BLACK, 1, cv2.LINE_AA)


def _short(count: int) -> str:
    return f"{count / 1e6:.3g}M" if count >= 1e6 else f"{count / 1e3:.3g}K" if count >= 1e4 else str(count)

"""The curve of a run as a picture, drawn with OpenCV: a file to look at, linked from Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from svg2_assets.scene.video import Pixels

WIDTH, HEIGHT = 800, 450
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 30, 45
TICKS = 5
COLOURS = ((180, 90, 20), (40, 40, 200))  # BGR: learned from, held out
GREY, BLACK, WHITE = (200, 200, 200), (40, 40, 40), 255

Points = Sequence[tuple[int, float]]


def write_curve(path: Path, learned: Points, held_out: Points) -> Path:
    """A PNG of both losses over the steps. Nothing is drawn of points that are no number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [[p for p in points if np.isfinite(p[1])] for points in (learned, held_out)]
    every = [p for line in lines for p in line] or [(0, 0.0), (1, 1.0)]
    frame = _Frame(max(p[0] for p in every), max(p[1] for p in every))
    canvas = frame.canvas()
    for line, colour in zip(lines, COLOURS, strict=True):
        corners = np.asarray([frame.place(*p) for p in line], dtype=np.int32).reshape(-1, 1, 2)
        cv2.polylines(canvas, [corners], False, colour, 2, cv2.LINE_AA)
    for name, colour, x in (("learned from", COLOURS[0], LEFT), ("held out", COLOURS[1], LEFT + 150)):
        cv2.putText(canvas, name, (x, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    if not cv2.imwrite(str(path), canvas):
        raise OSError(f"{path}: could not be written")
    return path


class _Frame:
    """Where steps and losses are on the picture."""

    def __init__(self, steps: int, most: float) -> None:
        self.steps, self.most = max(steps, 1), most * 1.05 or 1.0

    def place(self, step: float, value: float) -> tuple[int, int]:
        x = LEFT + step / self.steps * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - value / self.most * (HEIGHT - TOP - BOTTOM)
        return round(x), round(y)

    def canvas(self) -> Pixels:
        """White, with a grid and its figures."""
        canvas = np.full((HEIGHT, WIDTH, 3), WHITE, dtype=np.uint8)
        for i in range(TICKS + 1):
            step, value = self.steps * i / TICKS, self.most * i / TICKS
            (x, _), (_, y) = self.place(step, 0), self.place(0, value)
            cv2.line(canvas, (x, TOP), (x, HEIGHT - BOTTOM), GREY, 1)
            cv2.line(canvas, (LEFT, y), (WIDTH - RIGHT, y), GREY, 1)
            cv2.putText(canvas, f"{step:.0f}", (x - 12, HEIGHT - 20), cv2.FONT_HERSHEY_SIMPLEX, 0.45, BLACK, 1)
            cv2.putText(canvas, f"{value:.2f}", (10, y + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.45, BLACK, 1)
        return canvas

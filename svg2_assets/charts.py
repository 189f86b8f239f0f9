"""Lines over an axis as a picture, drawn with OpenCV: files to look at, linked from Dagster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from svg2_assets.scene.video import Pixels

WIDTH, HEIGHT = 800, 450
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 30, 45
TICKS = 5
COLOURS = ((180, 90, 20), (40, 40, 200), (40, 140, 40), (160, 40, 160), (20, 140, 220), (120, 120, 120))  # BGR
GREY, BLACK, WHITE = (200, 200, 200), (40, 40, 40), 255
LETTER = 10  # pixels, about
LONGEST = 24  # letters of a name

Points = Sequence[tuple[float, float]]


def write_lines(path: Path, lines: Mapping[str, Points], *, ticks: str = "{:.0f}") -> Path:
    """A PNG of `lines` (name -> points) from 0 on; `ticks` is the form of the figures below. Points that are no number
    are left out. Raises `OSError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = {name: [p for p in points if np.isfinite(p).all()] for name, points in lines.items()}
    every = [p for points in drawn.values() for p in points] or [(0.0, 0.0), (1.0, 1.0)]
    frame = _Frame(max(p[0] for p in every), max(p[1] for p in every), ticks)
    canvas, at = frame.canvas(), LEFT
    for number, (name, points) in enumerate(drawn.items()):
        colour = COLOURS[number % len(COLOURS)]
        corners = np.asarray([frame.place(*p) for p in points], dtype=np.int32).reshape(-1, 1, 2)
        cv2.polylines(canvas, [corners], False, colour, 2, cv2.LINE_AA)
        shown = "".join(c if " " <= c <= "~" else "?" for c in name[:LONGEST])  # what the font has
        cv2.putText(canvas, shown, (at, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
        at += LETTER * len(shown) + 30
    if not cv2.imwrite(str(path), canvas):
        raise OSError(f"{path}: could not be written")
    return path


class _Frame:
    """Where points are on the picture."""

    def __init__(self, last: float, most: float, ticks: str) -> None:
        self.last, self.most, self.ticks = last or 1.0, most * 1.05 or 1.0, ticks

    def place(self, at: float, value: float) -> tuple[int, int]:
        x = LEFT + at / self.last * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - value / self.most * (HEIGHT - TOP - BOTTOM)
        return round(x), round(y)

    def canvas(self) -> Pixels:
        """White, with a grid and its figures."""
        canvas = np.full((HEIGHT, WIDTH, 3), WHITE, dtype=np.uint8)
        for i in range(TICKS + 1):
            at, value = self.last * i / TICKS, self.most * i / TICKS
            (x, _), (_, y) = self.place(at, 0), self.place(0, value)
            cv2.line(canvas, (x, TOP), (x, HEIGHT - BOTTOM), GREY, 1)
            cv2.line(canvas, (LEFT, y), (WIDTH - RIGHT, y), GREY, 1)
            below = self.ticks.format(at)
            cv2.putText(canvas, below, (x - 12, HEIGHT - 20), cv2.FONT_HERSHEY_SIMPLEX, 0.45, BLACK, 1)
            cv2.putText(canvas, f"{value:.2f}", (10, y + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.45, BLACK, 1)
        return canvas

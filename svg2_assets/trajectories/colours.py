"""What a box is coloured like: enough to tell a red coat from a black one, in microseconds."""

from __future__ import annotations

import cv2
import numpy as np

from svg2_assets.trajectories.geometry import Boxes
from svg2_assets.trajectories.recognisers import Floats, Pixels

SIDE = 16  # a box is shrunk to SIDE × SIDE before counting
BINS = (6, 3, 4)  # hue, saturation, value


def descriptors(pixels: Pixels, boxes: Boxes) -> Floats:
    """Square roots of HSV histograms of the upper and the lower half of the middle of each box, [N, D], unit length."""
    rows = [_describe(pixels, *(float(v) for v in box)) for box in boxes]
    return np.stack(rows) if rows else np.zeros((0, 2 * int(np.prod(BINS))), np.float32)


def _describe(pixels: Pixels, x0: float, y0: float, x1: float, y1: float) -> Floats:
    height, width = pixels.shape[:2]
    margin_x, margin_y = 0.25 * (x1 - x0), 0.1 * (y1 - y0)
    left, top = min(max(0, int(x0 + margin_x)), width - 1), min(max(0, int(y0 + margin_y)), height - 1)
    right, bottom = max(left + 1, int(x1 - margin_x)), max(top + 1, int(y1 - margin_y))
    part = cv2.resize(pixels[top:bottom, left:right], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(part, cv2.COLOR_RGB2HSV)
    halves = [
        cv2.calcHist([half], [0, 1, 2], None, list(BINS), [0, 180, 0, 256, 0, 256]).ravel()
        for half in (hsv[: SIDE // 2], hsv[SIDE // 2 :])
    ]
    return np.asarray(np.sqrt(np.concatenate(halves) / (SIDE * SIDE)), dtype=np.float32)

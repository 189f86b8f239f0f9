"""Pictures as they go to models: of bounded size, as JPEG in a data URL."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from svg2_assets.scene.video import Pixels


def fitted(pixels: Pixels, side: int, *, enlarge: float = 1.0) -> Pixels:
    """`pixels` with a longer side of `side`; small ones grow to at most `enlarge` times their size."""
    scale = min(enlarge, side / max(pixels.shape[:2]))
    if scale == 1:
        return pixels
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=how), dtype=np.uint8)


def data_url(pixels: Pixels, *, quality: int) -> str:
    """`pixels` [h, w, 3] RGB as a JPEG of `quality` (1..100) in a data URL. Raises `ValueError` where JPEG cannot."""
    turned = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR)
    done, written = cv2.imencode(".jpg", turned, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        raise ValueError(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} cannot be written as JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(written.tobytes()).decode("ascii")

"""u2netp: the foreground of a crop."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from resources.embedded import models
from svg2_assets.trajectories.recognisers import Floats, Pixels

MEAN = np.asarray([0.485, 0.456, 0.406], dtype=np.float32)
SCALE = np.asarray([0.229, 0.224, 0.225], dtype=np.float32)
LEAST_RANGE = 0.2  # a flatter map has no foreground: stretching it would invent one


class U2NetP:
    """Salient foreground at any input size; one session a size, so that shapes fold when it is opened."""

    def __init__(self) -> None:
        self._sessions: dict[int, Any] = {}

    def foreground(self, pixels: Pixels, *, size: int) -> Floats:
        """Probability [size, size] that the stretched `pixels` [H, W, 3] RGB are foreground."""
        session = self._session(size)
        shrink = cv2.INTER_AREA if pixels.shape[0] > 2 * size else cv2.INTER_LINEAR
        image = cv2.resize(pixels, (size, size), interpolation=shrink).astype(np.float32)
        blob = (image / max(float(image.max()), 1.0) - MEAN) / SCALE
        blob = np.ascontiguousarray(blob.transpose(2, 0, 1))[None]
        found = session.run(None, {session.get_inputs()[0].name: blob})[0][0, 0]
        low, high = float(found.min()), float(found.max())
        if high - low < LEAST_RANGE:
            return np.asarray(found, dtype=np.float32)
        return np.asarray((found - low) / (high - low), dtype=np.float32)

    def _session(self, size: int) -> Any:
        if size not in self._sessions:
            fixed = {"n": 1, "height": size, "width": size}
            self._sessions[size] = models.open_session(models.U2NETP, dimensions=fixed)
        return self._sessions[size]

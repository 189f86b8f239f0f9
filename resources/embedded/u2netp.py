"""u2netp: the foreground of a crop."""

from __future__ import annotations

import cv2
import numpy as np

from resources.embedded import models
from resources.embedded.engine import MnnSession
from svg2_assets.trajectories.recognisers import Floats, Pixels

MEAN = np.asarray([0.485, 0.456, 0.406], dtype=np.float32)
SCALE = np.asarray([0.229, 0.224, 0.225], dtype=np.float32)
LEAST_RANGE = 0.2  # a flatter map has no foreground: stretching it would invent one


class U2NetP:
    """Salient foreground at any input size."""

    def __init__(self) -> None:
        self._session = MnnSession(models.U2NETP)

    def foreground(self, pixels: Pixels, *, size: int) -> Floats:
        """Probability [size, size] that the stretched `pixels` [H, W, 3] RGB are foreground."""
        found = np.asarray(self._session.run(prepared(pixels, size))[0, 0], dtype=np.float32)
        low, high = float(found.min()), float(found.max())
        if high - low < LEAST_RANGE:
            return found
        return np.asarray((found - low) / (high - low), dtype=np.float32)


def prepared(pixels: Pixels, size: int) -> Floats:
    """`pixels` [H, W, 3] RGB as the network takes them, [1, 3, S, S]: stretched, over their maximum, normalised."""
    shrink = cv2.INTER_AREA if pixels.shape[0] > 2 * size else cv2.INTER_LINEAR
    image = cv2.resize(pixels, (size, size), interpolation=shrink).astype(np.float32)
    blob = (image / max(float(image.max()), 1.0) - MEAN) / SCALE
    return np.ascontiguousarray(blob.transpose(2, 0, 1), dtype=np.float32)[None]

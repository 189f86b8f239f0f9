"""EfficientNet-Lite0: what a crop looks like, among ImageNet's thousand classes and as an embedding."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from resources.embedded import models
from svg2_assets.trajectories.recognisers import Appearance, Pixels

SIZE = 224


class EfficientNet:
    """Softmax over ImageNet's classes and a unit embedding [1280]."""

    name = "efficientnet"

    def __init__(self) -> None:
        self._session = models.open_session(models.EFFICIENTNET, dimensions={"n": 1})
        self._input = self._session.get_inputs()[0].name

    @property
    def classes(self) -> Sequence[str]:
        """ImageNet's names."""
        return models.names(models.IMAGENET_NAMES)

    def look(self, pixels: Pixels) -> Appearance:
        """Appearance of one crop [H, W, 3] RGB."""
        shrink = cv2.INTER_AREA if max(pixels.shape[:2]) > 2 * SIZE else cv2.INTER_LINEAR
        image = cv2.resize(pixels, (SIZE, SIZE), interpolation=shrink).astype(np.float32)
        blob = np.ascontiguousarray(((image - 127.0) / 128.0).transpose(2, 0, 1))[None]
        logits, embedding = self._session.run(["logits", "embedding"], {self._input: blob})
        weights = np.exp(logits[0] - logits[0].max())
        length = float(np.linalg.norm(embedding[0])) or 1.0
        return Appearance(
            shares=np.asarray(weights / weights.sum(), dtype=np.float32),
            embedding=np.asarray(embedding[0] / length, dtype=np.float32),
        )

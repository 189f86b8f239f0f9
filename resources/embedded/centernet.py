"""CenterNet: the second opinion on boxes and classes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from resources.embedded import models
from resources.embedded.boxes import Letterbox, merge_across_classes
from svg2_assets.trajectories.recognisers import Detections, Floats, Pixels

SIZE = 512
STRIDE = 4


class CenterNet:
    """COCO's 80 classes on a letterboxed 512 × 512 frame."""

    name = "centernet"

    def __init__(self, *, least: float = 0.2, overlap: float = 0.6, most: int = 60) -> None:
        self._session = models.open_session(models.CENTERNET)
        self._input = self._session.get_inputs()[0].name
        self._least, self._overlap, self._most = least, overlap, most

    @property
    def classes(self) -> Sequence[str]:
        """COCO's names."""
        return models.names(models.COCO_NAMES)

    def detect(self, pixels: Pixels) -> Detections:
        """Boxes in `pixels` [H, W, 3] RGB."""
        fitted = Letterbox.of(pixels, SIZE)
        heat, sides = self._session.run(
            ["tower_0/keypoints", "tower_0/wh"], {self._input: fitted.image[None].astype(np.float32)}
        )
        boxes, scores = self._read(np.squeeze(heat), np.squeeze(sides))
        height, width = pixels.shape[:2]
        boxes = fitted.undo(boxes, width=width, height=height)
        return merge_across_classes(boxes, scores, overlap=self._overlap, most=self._most)

    def _read(self, heat: Floats, sides: Floats) -> tuple[Floats, Floats]:
        best = np.ascontiguousarray(heat.max(axis=2))
        peak = (best >= cv2.dilate(best, np.ones((3, 3), np.uint8))) & (best >= self._least)
        ys, xs = np.nonzero(peak)
        middle = np.stack([xs, ys], axis=1).astype(np.float32) * STRIDE
        distances = sides[ys, xs]
        boxes = np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], axis=1)
        return boxes.astype(np.float32), heat[ys, xs]

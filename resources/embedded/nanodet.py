"""NanoDet: the boxes that tracks live on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from resources.embedded import models
from resources.embedded.boxes import Letterbox, merge_across_classes
from svg2_assets.trajectories.recognisers import Detections, Floats, Pixels

SIZE = 416
STRIDES = (8, 16, 32)
BINS = 11
MEAN = np.asarray([103.53, 116.28, 123.675], dtype=np.float32)
SCALE = np.asarray([57.375, 57.12, 58.395], dtype=np.float32)


class NanoDet:
    """COCO's 80 classes on a letterboxed frame of 416 pixels in its longer side."""

    name = "nanodet"

    def __init__(self, *, least: float = 0.15, overlap: float = 0.6, most: int = 60) -> None:
        self._session = models.open_session(models.NANODET)
        self._input = self._session.get_inputs()[0].name
        self._least, self._overlap, self._most = least, overlap, most

    @property
    def classes(self) -> Sequence[str]:
        """COCO's names."""
        return models.names(models.COCO_NAMES)

    def detect(self, pixels: Pixels) -> Detections:
        """Boxes in `pixels` [H, W, 3] RGB."""
        fitted = Letterbox.of(pixels, SIZE, trimmed=True)
        blob = (fitted.image[..., ::-1].astype(np.float32) - MEAN) / SCALE
        out = self._session.run(
            ["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"],
            {self._input: np.ascontiguousarray(blob.transpose(2, 0, 1))[None]},
        )
        boxes, scores = self._read(out, fitted.image.shape[0], fitted.image.shape[1])
        height, width = pixels.shape[:2]
        boxes = fitted.undo(boxes, width=width, height=height)
        return merge_across_classes(boxes, scores, overlap=self._overlap, most=self._most)

    def _read(self, out: list[Floats], rows: int, columns: int) -> tuple[Floats, Floats]:
        boxes, scores = [], []
        for level, stride in enumerate(STRIDES):
            level_scores = out[level][0]
            there = np.flatnonzero(level_scores.max(axis=1) >= self._least)
            distances = _expected(out[level + 3][0][there]) * stride
            centres = _cell_centres(stride, rows, columns)[there]
            boxes.append(np.concatenate([centres - distances[:, :2], centres + distances[:, 2:]], axis=1))
            scores.append(level_scores[there])
        return np.concatenate(boxes).astype(np.float32), np.concatenate(scores)


@lru_cache(maxsize=24)
def _cell_centres(stride: int, rows: int, columns: int) -> Floats:
    ys, xs = np.mgrid[: rows // stride, : columns // stride]
    return np.asarray((np.stack([xs.ravel(), ys.ravel()], axis=1) + 0.5) * stride, dtype=np.float32)


def _expected(bins: Floats) -> Floats:
    """Mean of the distribution over distances, [N, 4] from [N, 4 * BINS] logits."""
    logits = bins.reshape(-1, 4, BINS)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    return np.asarray(weights @ np.arange(BINS, dtype=np.float32), dtype=np.float32)

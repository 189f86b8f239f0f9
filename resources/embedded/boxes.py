"""What both detectors share: fitting a frame into a square, and merging boxes across classes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.recognisers import Detections, Floats, Pixels


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A frame scaled by `scale` into the middle of a square, its corner at (`left`, `top`)."""

    image: Pixels
    scale: float
    left: int
    top: int

    @classmethod
    def of(cls, pixels: Pixels, size: int) -> Letterbox:
        """Fit `pixels` [H, W, 3] into `size` × `size`; stretching instead loses a sixth of the IoU on a dog."""
        height, width = pixels.shape[:2]
        scale = size / max(height, width)
        w, h = max(1, round(width * scale)), max(1, round(height * scale))
        image = np.zeros((size, size, 3), dtype=np.uint8)
        left, top = (size - w) // 2, (size - h) // 2
        shrink = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        image[top : top + h, left : left + w] = cv2.resize(pixels, (w, h), interpolation=shrink)
        return cls(image, scale, left, top)

    def undo(self, boxes: Floats, *, width: int, height: int) -> Floats:
        """`boxes` [N, 4] of the square in pixels of the frame, cut at its edge."""
        moved = (boxes - np.asarray([self.left, self.top] * 2, np.float32)) / np.float32(self.scale)
        return np.asarray(np.clip(moved, 0, [width, height, width, height]), dtype=np.float32)


def merge_across_classes(boxes: Floats, scores: Floats, *, overlap: float, most: int) -> Detections:
    """Boxes that overlap become one, with the highest score of each class.

    Classes flicker on things that the detector has no name for while their box is good: the vector keeps the doubt.
    """
    order = np.argsort(-scores.max(axis=1), kind="stable")
    boxes, scores = boxes[order], scores[order]
    together = geometry.iou(boxes, boxes) > overlap
    kept: list[int] = []
    merged: list[npt.NDArray[np.float32]] = []
    free = np.ones(len(boxes), dtype=bool)
    for i in range(len(boxes)):
        if not free[i] or len(kept) == most:
            continue
        group = together[i] & free
        free[group] = False
        kept.append(i)
        merged.append(scores[group].max(axis=0))
    if not kept:
        return Detections.none(scores.shape[1])
    return Detections(boxes[kept], np.stack(merged))

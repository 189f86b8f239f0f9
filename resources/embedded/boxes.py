"""What both detectors share: fitting a frame into their input, and merging boxes across classes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.recognisers import Detections, Floats, Pixels

COARSEST = 32  # pixels of the coarsest cell of a network that takes trimmed frames
LEAST_RIM = 40  # pixels of black that stay around a frame: what lies at its border is seen as in the square


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A frame scaled by `scale` into the middle of a black rectangle, its corner at (`left`, `top`)."""

    image: Pixels
    scale: float
    left: int
    top: int

    @classmethod
    def of(cls, pixels: Pixels, longest: int, *, trimmed: bool = False) -> Letterbox:
        """Fit `pixels` [H, W, 3] into a square of `longest`; stretching instead loses a sixth of the IoU on a dog.

        With `trimmed` without the black that no cell needs: whole cells are left away on both sides, so that the others
        see what they would see in the square; at 16:9 that saves a sixth of the work.
        """
        height, width = pixels.shape[:2]
        scale = longest / max(height, width)
        w, h = max(1, round(width * scale)), max(1, round(height * scale))
        columns, rows = (_needed(side, longest) if trimmed else longest for side in (w, h))
        image = np.zeros((rows, columns, 3), dtype=np.uint8)
        left, top = (columns - w) // 2, (rows - h) // 2
        shrink = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        image[top : top + h, left : left + w] = cv2.resize(pixels, (w, h), interpolation=shrink)
        return cls(image, scale, left, top)

    def undo(self, boxes: Floats, *, width: int, height: int) -> Floats:
        """`boxes` [N, 4] of the rectangle in pixels of the frame, cut at its edge."""
        moved = (boxes - np.asarray([self.left, self.top] * 2, np.float32)) / np.float32(self.scale)
        return np.asarray(np.clip(moved, 0, [width, height, width, height]), dtype=np.float32)


def _needed(side: int, longest: int) -> int:
    """Pixels of `longest` that stay when whole cells of black are left away on both sides of `side`."""
    spare = (longest - side) // 2 - LEAST_RIM
    return longest - 2 * COARSEST * max(0, spare // COARSEST)


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

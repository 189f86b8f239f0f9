"""Flat colours: what the fake segmenter finds and the fake mask tracker follows."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.video import Pixels

Codes = npt.NDArray[np.int32]


def codes(pixels: Pixels) -> Codes:
    """One number per pixel, [H, W]: its colour."""
    red, green, blue = (pixels[..., c].astype(np.int32) for c in range(3))
    return np.asarray((red << 16) | (green << 8) | blue, dtype=np.int32)


def regions(of_colour: BoolArray) -> list[BoolArray]:
    """The connected parts of `of_colour` [H, W], largest first."""
    count, labels = cv2.connectedComponents(of_colour.astype(np.uint8), connectivity=8)
    parts = [np.asarray(labels == label) for label in range(1, count)]
    return sorted(parts, key=lambda part: -int(part.sum()))


def commonest(colours: Codes) -> int:
    """The colour that most of `colours` have."""
    values, counts = np.unique(colours, return_counts=True)
    return int(values[counts.argmax()])

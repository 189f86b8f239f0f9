"""How often and how the oracle errs, and the dice it throws.

An error belongs to an object and a time, not to a call: a frame that is hard is hard for everyone who asks about it,
in whatever order, so that algorithms are compared on the same errors.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import cv2
import numpy as np

from svg2_assets.scene.masks import Mask


class Kind(IntEnum):
    """What the dice are thrown for."""

    MISS = 1
    SHAPE = 2
    SPLIT = 3
    MERGE = 4
    SCORE = 5
    DROP = 6
    LEAK = 7
    LOSE = 8
    INVENT = 9
    SWITCH = 10
    LOOK = 11
    FUTURE = 12


@dataclass(frozen=True, slots=True)
class Errors:
    """Probabilities are per frame and object for the segmenter, per stretch of time and object for the tracker."""

    miss: float = 0.1
    miss_small: float = 0.25
    """on crops; on the whole frame alone it is `miss_small_far`"""
    miss_small_far: float = 0.8
    small: float = 0.004
    """of the frame"""
    split: float = 0.06
    merge: float = 0.05
    shape: float = 0.015
    """of the frame's height: how far edges lie off"""
    drop: float = 0.06
    """per second: the tracker loses sight for up to half a second"""
    leak: float = 0.05
    """per second: the mask takes a neighbour in"""
    lose: float = 0.4
    """after a full occlusion of at least `forget` seconds"""
    forget: float = 0.4
    invent: float = 0.35
    """while the object is hidden or not yet there: something else is masked"""
    switch: float = 0.3
    """per meeting with a look-alike"""
    unseen_before: float = 0.2
    """an object known from later frames only is not recognised on earlier ones"""
    look: float = 0.08
    """noise of appearance, per component"""

    @classmethod
    def none(cls) -> Errors:
        """A perfect segmenter and tracker."""
        return cls(**{f.name: 0.0 for f in fields(cls)})


@dataclass(frozen=True, slots=True)
class Dice:
    """Reproducible throws: the same `keys` give the same numbers, in any order and process."""

    seed: int

    def throw(self, kind: Kind, *keys: int) -> np.random.Generator:
        """A generator for one decision."""
        return np.random.Generator(np.random.PCG64([self.seed, int(kind), *(k + 1 for k in keys)]))

    def happens(self, probability: float, kind: Kind, *keys: int) -> bool:
        """Whether something with `probability` does."""
        return probability > 0 and bool(self.throw(kind, *keys).random() < probability)


def misshapen(mask: Mask, generator: np.random.Generator, *, strength: float) -> Mask:
    """`mask` moved and grown or shrunk by up to `strength` of the frame's height; never empty."""
    reach = strength * mask.height
    if reach <= 0:
        return mask
    dx, dy = (round(float(d)) for d in generator.normal(0.0, reach / 2, 2))
    change = round(float(generator.normal(0.0, reach / 2)))
    if not (dx or dy or change):
        return mask
    pixels = mask.to_array().astype(np.uint8)
    x, y, w, h = (int(v) for v in mask.box)
    room = abs(dx) + abs(dy) + abs(change)
    rows, columns = slice(max(0, y - room), y + h + room), slice(max(0, x - room), x + w + room)
    moved = np.roll(np.pad(pixels[rows, columns], room), (dy, dx), axis=(0, 1))
    if change:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(change) + 1, 2 * abs(change) + 1))
        moved = cv2.dilate(moved, kernel) if change > 0 else cv2.erode(moved, kernel)
    pixels[rows, columns] = moved[room : moved.shape[0] - room, room : moved.shape[1] - room]
    return Mask.from_array(pixels) if pixels.any() else mask


def piece(mask: Mask, generator: np.random.Generator) -> Mask:
    """About half of `mask`, cut off along one axis."""
    pixels = mask.to_array()
    x, y, w, h = (int(v) for v in mask.box)
    share = generator.uniform(0.35, 0.65)
    if generator.random() < 0.5:
        pixels[:, x + max(1, int(w * share)) :] = False
    else:
        pixels[y + max(1, int(h * share)) :] = False
    return Mask.from_array(pixels) if pixels.any() else mask

"""The mask that a describer is shown: gaps that other things leave are closed, thin leaks cut off.

A model that is shown a trampoline with the shape of a child cut out describes the child: the shape of a hole says more
to it than the pixels around. So what other tracked things take out of the middle of an object is given back to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from svg2_assets.descriptions.presets import MaskRule
from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.video import Pixels

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mask [H, W] ready to be shown, and by which shares of the area it had it was changed."""

    mask: BoolArray
    filled: float = 0.0
    cut_off: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether any pixel differs from what was tracked."""
        return self.filled > 0 or self.cut_off > 0


def prepare(mask: BoolArray, others: BoolArray, parts: BoolArray, *, stuff: bool, rule: MaskRule) -> Prepared:
    """`mask` [H, W] with its gaps filled and its leaks cut off; it keeps a pixel.

    `others` [H, W]: the pixels of all other things of the frame, `parts` [H, W] those of its own parts. Only the crop
    around the mask is worked on.
    """
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(ys):
        return Prepared(mask)
    # One pixel around the box, where the frame has it: what lies there is next to the mask and not of it.
    crop = slice(max(0, int(ys[0]) - 1), int(ys[-1]) + 2), slice(max(0, int(xs[0]) - 1), int(xs[-1]) + 2)
    own = np.ascontiguousarray(mask[crop])
    area = int(own.sum())
    limit = rule.stuff_gap if stuff else rule.thing_gap
    filled = _filled(_without_leaks(own, rule), others[crop], parts[crop], limit=limit, rule=rule)
    result = np.zeros_like(mask)
    result[crop] = filled
    return Prepared(result, int((filled & ~own).sum()) / area, int((own & ~filled).sum()) / area)


def at_size(mask: BoolArray, height: int, width: int) -> BoolArray:
    """`mask` [H, W] scaled to [height, width]; one that has a pixel keeps one, where most of it is."""
    if mask.shape == (height, width):
        return mask
    covered = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    scaled = np.asarray(covered >= 0.5)
    if not scaled.any() and mask.any():
        # The rows and columns of the original decide: of a speck much smaller than a pixel no share may be left.
        ys, xs = np.nonzero(mask)
        y, x = (int(np.median(ys)) * height // mask.shape[0], int(np.median(xs)) * width // mask.shape[1])
        scaled[np.unravel_index(int(covered.argmax()), covered.shape) if covered.max() > 0 else (y, x)] = True
    return scaled


def _without_leaks(own: BoolArray, rule: MaskRule) -> BoolArray:
    """`own` less its thin outgrowths, or as it is where it consists of thin things."""
    area = int(own.sum())
    radius = round(rule.leak * float(np.sqrt(area)))
    if radius < 1:
        return own
    # Beyond the crop lies the object's own continuation or nothing: the border is no outgrowth.
    wide = cv2.copyMakeBorder(own.astype(np.uint8), radius, radius, radius, radius, cv2.BORDER_REPLICATE)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    body = cv2.morphologyEx(wide, cv2.MORPH_OPEN, disc)
    # Corners that opening rounds off come back: they are within a radius of the body.
    kept = (cv2.dilate(body, disc) & wide)[radius:-radius, radius:-radius].astype(bool)
    lost = area - int(kept.sum())
    return kept if kept.any() and lost <= rule.most_leak * area else own


def _filled(own: BoolArray, others: BoolArray, parts: BoolArray, *, limit: float, rule: MaskRule) -> BoolArray:
    """`own` with the gaps that `MaskRule` closes."""
    holes, known = _holes(own), others | parts
    gaps = (holes | (known & _surrounded(own))) & ~own
    area = int(own.sum())
    count, labels, figures, _ = cv2.connectedComponentsWithStats(gaps.astype(np.uint8), connectivity=4)
    result = own.copy()
    for label in range(1, count):
        x, y, w, h, size = (int(v) for v in figures[label])
        near = slice(max(0, y - 1), y + h + 1), slice(max(0, x - 1), x + w + 1)
        gap = labels[near] == label
        hole = bool(holes[near][gap].all())
        speck = hole and size <= rule.speck * area
        owned = float(known[near][gap].mean()) >= rule.owned and size <= limit * area
        part = float(parts[near][gap].mean()) >= rule.owned
        if speck or ((owned or part) and (hole or _enclosed(gap, own[near]) >= rule.enclosed)):
            result[near] |= gap
    return result


def _holes(own: BoolArray) -> BoolArray:
    """The background that cannot be reached from outside the crop."""
    wide: Pixels = cv2.copyMakeBorder((~own).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(wide, None, (0, 0), 0)
    return np.asarray(wide[1:-1, 1:-1], dtype=bool)


def _surrounded(own: BoolArray) -> BoolArray:
    """The pixels that have `own` in at least three of the four directions along rows and columns.

    Legs before a floor are surrounded by it, the body above the horizon is not: only what stands in the object counts.
    """
    seen = own.view(np.uint8)
    sides = np.maximum.accumulate(seen, axis=0) + np.maximum.accumulate(seen, axis=1)
    sides += np.maximum.accumulate(seen[::-1], axis=0)[::-1] + np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(sides >= 3)


def _enclosed(gap: BoolArray, own: BoolArray) -> float:
    """The share of the pixels around `gap` that are of `own`."""
    around = (cv2.dilate(gap.astype(np.uint8), _CROSS) > 0) & ~gap
    return float(own[around].mean()) if around.any() else 0.0

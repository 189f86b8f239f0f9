"""The picture of one object: cut out of the frame that shows most of it, outlined, of bounded size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from svg2_assets.llm.pictures import data_url, fitted
from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.video import FrameSource, Pixels
from svg2_assets.trajectories.protocols import TrackedObject

OUTLINE = (255, 0, 255)  # magenta, as the prompts say; RGB
MARGIN = 0.3  # of the box's longer side, on each side: what is around a thing says what it is
LEAST_MARGIN = 12  # pixels
QUALITY = 85  # JPEG


def pictures(source: FrameSource, objects: Sequence[TrackedObject], *, side: int) -> Mapping[int, str]:
    """Object id -> picture as a data URL (JPEG, longer side at most `side` pixels).

    Objects without a visible frame have none. The frames are decoded in one pass, one at a time.
    """
    wanted: dict[int, list[TrackedObject]] = {}
    for tracked in objects:
        if len(tracked.trajectory):
            wanted.setdefault(_fullest(tracked), []).append(tracked)
    found: dict[int, str] = {}
    for frame in source.pick(sorted(wanted)):
        for tracked in wanted[frame.index]:
            mask = tracked.trajectory.at(frame.index)
            if mask is not None and mask.area:
                found[tracked.id] = data_url(outlined(frame.pixels, mask.to_array(), side=side), quality=QUALITY)
    return found


def outlined(pixels: Pixels, mask: BoolArray, *, side: int) -> Pixels:
    """The surroundings of `mask` [H, W] in `pixels` [H, W, 3], scaled down to `side` and outlined; both may be views.

    The line is drawn around the object, not over it, so that thin things stay visible.
    """
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    margin = max(LEAST_MARGIN, round(MARGIN * max(np.ptp(ys), np.ptp(xs))))
    top, left = max(0, int(ys[0]) - margin), max(0, int(xs[0]) - margin)
    rows, columns = slice(top, int(ys[-1]) + margin + 1), slice(left, int(xs[-1]) + margin + 1)
    crop, inside = fitted(np.ascontiguousarray(pixels[rows, columns]), side), mask[rows, columns].astype(np.uint8)
    if crop.shape[:2] != inside.shape:
        inside = np.asarray(cv2.resize(inside, crop.shape[1::-1], interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    line = cv2.dilate(inside, np.ones((5, 5), np.uint8)).astype(bool) & ~inside.astype(bool)
    result = crop.copy()
    result[line] = OUTLINE
    return result


def _fullest(tracked: TrackedObject) -> int:
    """The frame with the largest mask; the earliest of equals."""
    return tracked.trajectory.frames[int(np.argmax(tracked.trajectory.areas))]

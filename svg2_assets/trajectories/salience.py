"""The foreground that no trajectory explains: looked for rarely, believed when seen twice."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.recognisers import Floats
from svg2_assets.trajectories.settings import SalienceSettings


class SalienceWatch:
    """Decides when to look at the whole frame and whether what is seen deserves a trajectory."""

    def __init__(self, settings: SalienceSettings, *, fps: float) -> None:
        self._settings, self._fps = settings, fps
        self._candidate: Box | None = None
        self._times = 0
        self._last = 0
        self._next = round(settings.first_seconds * fps)

    def restart(self, frame: int) -> None:
        """A new shot begins at `frame`."""
        self._candidate, self._times, self._last = None, 0, frame
        self._next = frame + round(self._settings.first_seconds * self._fps)

    def is_due(self, frame: int, tracks: int) -> bool:
        """Whether to look at the whole frame now: sooner where nothing is tracked, never in a crowd."""
        if not tracks and self._times == 0:
            self._next = min(self._next, self._last + round(self._settings.lonely_seconds * self._fps))
        return frame >= self._next and tracks <= self._settings.most_tracks

    def judge(self, foreground: Floats, frame: int, known: Sequence[Box]) -> tuple[Box, float] | None:
        """Take the `foreground` [h, w] of the whole `frame`; boxes are in units of that map.

        Returns box and mean probability of a region that was seen often enough to be opened as a trajectory.
        """
        found = unexplained(foreground, known, self._settings)
        patience = self._settings.again_seconds if found is not None else self._settings.calm_seconds
        self._next, self._last = frame + round(patience * self._fps), frame
        if found is None:
            self._candidate, self._times = None, 0
            return None
        box, sure = found
        self._times = self._times + 1 if self._is_same(box) else 1
        self._candidate = box
        return (box, sure) if self._times >= self._settings.looks else None

    def _is_same(self, box: Box) -> bool:
        """Between two looks a thing moves, but what is the same overlaps."""
        return self._candidate is not None and bool(
            geometry.iou(self._candidate[None], box[None])[0, 0] >= self._settings.same_iou
        )


def unexplained(foreground: Floats, known: Sequence[Box], settings: SalienceSettings) -> tuple[Box, float] | None:
    """The largest sure region of `foreground` that lies mostly outside the `known` boxes, and its mean probability."""
    solid = (foreground > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count < 2:
        return None
    taken = np.zeros(foreground.shape, dtype=bool)
    for box in known:
        x0, y0, x1, y1 = (max(0, round(float(v))) for v in box)
        taken[y0:y1, x0:x1] = True
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    region = labels == largest
    area, sure = float(region.mean()), float(foreground[region].mean())
    explained = float(taken[region].mean())
    if not settings.least_area <= area <= settings.most_area or sure < settings.sure or explained > settings.explained:
        return None
    x, y, w, h = (int(v) for v in stats[largest, :4])
    return np.asarray([x, y, x + w, y + h], dtype=np.float32), sure

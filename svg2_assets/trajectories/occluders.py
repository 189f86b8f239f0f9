"""Thin things before everything else, as bars and poles: found because they rest while all beside them moves.

They are painted over before anything is detected, so that what they cut in pieces is seen as one, and taken out of the
finished masks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.trajectories.flow import FlowEngine, SmallFrame, shrink
from svg2_assets.trajectories.preparing import Prepared
from svg2_assets.trajectories.recognisers import Floats, Pixels
from svg2_assets.trajectories.settings import OccluderSettings, TrackerSettings

BoolArray = npt.NDArray[np.bool_]


class Stillness:
    """Where a shot has not changed for a while, in a picture of flow size."""

    def __init__(self, settings: OccluderSettings) -> None:
        self._settings = settings
        self.restart()

    def restart(self) -> None:
        """A shot begins."""
        self._before: SmallFrame | None = None
        self._activity: Floats | None = None
        self._steps = 0

    def observe(self, small: SmallFrame) -> None:
        """The next frame of the shot."""
        if self._before is not None:
            change = cv2.GaussianBlur(cv2.absdiff(small.grey, self._before.grey), (3, 3), 0).astype(np.float32)
            old = self._activity if self._activity is not None else np.zeros_like(change)
            self._activity = np.maximum(old * np.float32(self._settings.memory), change)
            self._steps += 1
        self._before = small

    def thin(self) -> BoolArray | None:
        """The thin places [h, w] that rest between moving ones; None when they are too few to be occluders."""
        rules, activity = self._settings, self._activity
        if activity is None or self._steps < rules.settle_frames:
            return None
        width = round(rules.widest * min(activity.shape)) | 1
        gaps = [cv2.morphologyEx(activity, cv2.MORPH_BLACKHAT, np.ones(k, np.uint8)) for k in ((1, width), (width, 1))]
        still = (np.maximum(*gaps) > rules.contrast) & (activity < rules.rest)
        found = _long_parts(still, round(rules.longest * min(activity.shape)))
        return _grown(found) if found.mean() >= rules.least_share else None


def _long_parts(still: BoolArray, least: int) -> BoolArray:
    """The connected parts of `still` that are at least `least` pixels wide or high."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(still.astype(np.uint8), connectivity=8)
    long = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= least
    long[0] = False
    return np.asarray(long[labels], dtype=np.bool_)


def _grown(places: BoolArray) -> BoolArray:
    """`places` and one pixel around: an edge changes with what moves beside it, so it does not rest itself."""
    return np.asarray(cv2.dilate(places.astype(np.uint8), np.ones((3, 3), np.uint8)), dtype=np.bool_)


def see_through(stream: Iterator[Prepared], settings: TrackerSettings) -> Iterator[Prepared]:
    """`stream` with thin occluders painted over. It runs some frames behind: time to find them."""
    stillness, engine = Stillness(settings.occluders), FlowEngine(settings.flow)
    waiting: deque[Prepared] = deque()
    before: SmallFrame | None = None
    hidden: BoolArray | None = None

    def clear(prepared: Prepared) -> Prepared:
        nonlocal before
        cleared = _cleared(prepared, hidden, None if prepared.cut else before, engine, settings)
        before = cleared.small
        return cleared

    for prepared in stream:
        if prepared.cut:
            while waiting:
                yield clear(waiting.popleft())
            stillness.restart()
            hidden = None
        stillness.observe(prepared.small)
        if prepared.frame.index % settings.occluders.every == 0:
            hidden = stillness.thin()
        waiting.append(prepared)
        if len(waiting) > settings.occluders.settle_frames + settings.occluders.every:
            yield clear(waiting.popleft())
    while waiting:
        yield clear(waiting.popleft())


def _cleared(
    prepared: Prepared,
    hidden: BoolArray | None,
    before: SmallFrame | None,
    engine: FlowEngine,
    settings: TrackerSettings,
) -> Prepared:
    """`prepared` without what is `hidden`: pixels, small version, and flow from the cleared frame `before`."""
    if hidden is None:
        return prepared
    pixels = painted_over(prepared.frame.pixels, hidden, reach=settings.occluders.widest)
    small = shrink(prepared.frame.index, pixels, settings.flow)
    flow = engine.between(before, small) if before is not None else prepared.flow
    return replace(prepared, frame=replace(prepared.frame, pixels=pixels), small=small, flow=flow, hidden=hidden)


def painted_over(pixels: Pixels, hidden: BoolArray, *, reach: float) -> Pixels:
    """`pixels` [H, W, 3] with what is `hidden` [h, w] replaced by the mean of what lies around, up to `reach` rows."""
    height, width = pixels.shape[:2]
    covered = cv2.resize(hidden.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
    side = round(reach * min(height, width)) | 1
    shown = (~covered).astype(np.float32)
    around = (
        cv2.blur(pixels * shown[..., None], (side, side)) / np.maximum(cv2.blur(shown, (side, side)), 1e-3)[..., None]
    )
    result = pixels.copy()
    result[covered] = np.clip(np.rint(around[covered]), 0, 255).astype(np.uint8)
    return result

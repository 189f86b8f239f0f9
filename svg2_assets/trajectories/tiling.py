"""Closer looks: parts of the frame, enlarged, where a look at the whole frame misses small things."""

from __future__ import annotations

from collections import deque
from itertools import product
from math import ceil

import numpy as np

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.recognisers import Detections, Floats
from svg2_assets.trajectories.settings import TileSettings

Tile = tuple[int, int, int, int]
"""(x0, y0, x1, y1) in pixels of the frame."""


def tiles_over(width: int, height: int, *, zoom: float) -> tuple[Tile, ...]:
    """The overlapping tiles that cover a frame, each at least `zoom` times smaller than its longer side."""
    side = ceil(max(width, height) / zoom)
    spans = [_spans(length, min(side, length)) for length in (width, height)]
    return tuple((x0, y0, x1, y1) for (y0, y1), (x0, x1) in product(spans[1], spans[0]))


def _spans(length: int, side: int) -> list[tuple[int, int]]:
    count = ceil(length / side)
    starts = [round(i * (length - side) / max(1, count - 1)) for i in range(count)]
    return [(start, start + side) for start in starts]


class TileTurns:
    """Whose turn it is: each tile once at the start of a shot, then seldom, and with every look while that pays."""

    def __init__(self, tiles: tuple[Tile, ...], settings: TileSettings) -> None:
        self._tiles, self._settings = tiles, settings
        self.restart()

    def restart(self) -> None:
        """A shot begins: nothing is known."""
        self._waiting = deque(self._tiles)
        self._news: dict[Tile, int] = {}
        self._sure = 0
        self._looks = 0

    def next(self) -> Tile | None:
        """The tile to look at beside the whole frame in this look; None in most looks while no tile pays."""
        self._looks += 1
        if len(self._news) < len(self._tiles) or self._looks % self._settings.idle_every == 0:
            return self._take(self._waiting[0])
        if not self.pay():
            return None
        return self._take(next(t for t in self._waiting if self._news[t]))

    def note(self, tile: Tile, *, news: int, sure: int) -> None:
        """What a look found at `tile` that the whole frame did not show well, and what that shows surely in all."""
        self._news[tile], self._sure = news, sure

    def pay(self) -> bool:
        """Whether the whole frame misses much of what there is.

        Among many things that it shows, a few more are no need: boxes of a passing closer look only disturb the tracks
        of those.
        """
        news = sum(self._news.values())
        return news > 0 and news >= self._settings.pays * self._sure

    def _take(self, tile: Tile) -> Tile:
        self._waiting.remove(tile)
        self._waiting.append(tile)
        return tile


def news(
    close: Detections, whole: Detections, tile: Tile, shape: tuple[int, int], settings: TileSettings
) -> Detections:
    """The boxes of `close` (frame pixels) that tell more than `whole`, without what `tile` cuts off.

    `shape`: rows and columns of the frame. A part of a thing that the whole frame shows is no news: of the
    same kind, or less sure than the thing itself.
    """
    own = geometry.areas(close.boxes)
    side = max(tile[2] - tile[0], tile[3] - tile[1])
    told = ~_is_cut(close.boxes, tile, shape, settings) & (np.sqrt(own) <= settings.largest * side)
    if len(whole):
        same = geometry.iou(close.boxes, whole.boxes) >= settings.same_iou
        known = np.where(same, whole.best[None], 0).max(axis=1)
        larger = geometry.areas(whole.boxes)[None] > settings.part_ratio * own[:, None]
        kind = close.scores.argmax(axis=1)[:, None] == whole.scores.argmax(axis=1)[None]
        surer = whole.best[None] >= close.best[:, None]
        part = (
            (geometry.containment(close.boxes, whole.boxes) >= settings.part_inside) & larger & (kind | surer) & ~same
        )
        told &= (close.best > known) & ~part.any(axis=1)
    return close.take(np.flatnonzero(told))


def _is_cut(
    boxes: Floats, tile: Tile, shape: tuple[int, int], settings: TileSettings
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which boxes reach an edge of `tile` inside the frame."""
    margin = settings.rim * max(tile[2] - tile[0], tile[3] - tile[1])
    low = (boxes[:, :2] < np.asarray(tile[:2]) + margin) & (np.asarray(tile[:2]) > 0)
    high = (boxes[:, 2:] > np.asarray(tile[2:]) - margin) & (np.asarray(tile[2:]) < np.asarray(shape[::-1]))
    return np.asarray((low | high).any(axis=1))


def joined(whole: Detections, told: Detections, settings: TileSettings) -> Detections:
    """`whole` with the boxes of `told` in place of those they say more about."""
    if not len(told):
        return whole
    if not len(whole):
        return told
    same = (geometry.iou(whole.boxes, told.boxes) >= settings.same_iou).any(axis=1)
    rest = whole.take(np.flatnonzero(~same))
    sure = np.concatenate([rest.best, told.best])
    return Detections(np.concatenate([rest.boxes, told.boxes]), np.concatenate([rest.scores, told.scores]), sure)

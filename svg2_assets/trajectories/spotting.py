"""When to look for boxes and with which detector. Looks depend on nothing but pixels, so they are done ahead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.preparing import Prepared
from svg2_assets.trajectories.recognisers import Detections, Pixels, Recognisers
from svg2_assets.trajectories.settings import DetectionSettings, TileSettings
from svg2_assets.trajectories.tiling import Tile, TileTurns, joined, news, tiles_over


@dataclass(frozen=True, slots=True)
class Spotted:
    """What one look found; `second`: it was the second detector's."""

    found: Detections
    second: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A prepared frame and, on frames that are looked at, the look that is under way."""

    prepared: Prepared
    spotted: Future[Spotted] | None


class Spotter:
    """Looks at a shot's first frame, at the video's last one, and at the ticks of a clock in between.

    The two detectors take turns: what one misses for a second, the other keeps alive.
    """

    def __init__(
        self,
        models: Recognisers,
        settings: DetectionSettings,
        tiles: TileSettings,
        *,
        fps: float,
        num_frames: int,
    ) -> None:
        self._models, self._settings, self._fps, self._last = models, settings, fps, num_frames - 1
        self._tiles = tiles
        self._turns: TileTurns | None = None
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spot")
        self._begun = False
        self.counts: Counter[str] = Counter()

    def close(self) -> None:
        """End the thread; looks that have not begun are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def follow(self, stream: Iterator[Prepared]) -> Generator[Seen]:
        """`stream` with a look started at each frame that is due."""
        for prepared in stream:
            yield Seen(prepared, self._start(prepared))

    def _start(self, prepared: Prepared) -> Future[Spotted] | None:
        index, first = prepared.frame.index, prepared.cut or not self._begun
        self._begun = True
        if not (first or index == self._last or self._ticked(index)):
            return None
        turn = self.counts["looks"] % self._settings.second_every == self._settings.second_every - 1
        self.counts["looks"] += 1
        return self._pool.submit(self._look, prepared.frame.pixels, first=first, second=turn and not first)

    def _ticked(self, index: int) -> bool:
        """Whether the clock of looks ticked between the frame before `index` and it."""
        rate = self._settings.rate / self._fps
        return int(index * rate) != int((index - 1) * rate)

    def _look(self, pixels: Pixels, *, first: bool, second: bool) -> Spotted:
        if second:
            found = self._by_second(pixels)
        else:
            self.counts["detector calls"] += 1
            found = self._models.detector.detect(pixels)
        if first:
            found = self._agree(found, self._by_second(pixels))
        if not second:
            found = self._closer(pixels, found, first=first)
        self.counts["most boxes"] = max(self.counts["most boxes"], len(found))
        return Spotted(found.take(np.flatnonzero(found.best >= self._settings.keep)), second)

    def _closer(self, pixels: Pixels, whole: Detections, *, first: bool) -> Detections:
        """`whole` with what a closer look at the tile whose turn it is adds, while closer looks pay.

        Looks are taken one after the other, so whose turn it is depends on nothing but pixels.
        """
        height, width = pixels.shape[:2]
        if self._turns is None:
            self._turns = TileTurns(tiles_over(width, height, zoom=self._tiles.zoom), self._tiles)
        elif first:
            self._turns.restart()
        tile = self._turns.next()
        if tile is None:
            return whole
        told = news(self._by_tile(pixels, tile), whole, tile, (height, width), self._tiles)
        sure = whole.take(np.flatnonzero(whole.best >= self._settings.open))
        self._turns.note(tile, news=self._count_news(told, sure), sure=len(sure))
        return joined(whole, told, self._tiles) if self._turns.pay() else whole

    def _by_tile(self, pixels: Pixels, tile: Tile) -> Detections:
        self.counts["closer looks"] += 1
        x0, y0, x1, y1 = tile
        found = self._models.detector.detect(np.ascontiguousarray(pixels[y0:y1, x0:x1]))
        return Detections(found.boxes + np.asarray([x0, y0, x0, y0], np.float32), found.scores, found.confidence)

    def _count_news(self, told: Detections, sure: Detections) -> int:
        """How many of `told` open tracks that `sure`, the sure boxes of the whole frame, would not."""
        new = told.best >= self._settings.open
        if len(told) and len(sure):
            new &= ~(geometry.iou(told.boxes, sure.boxes) >= self._tiles.same_iou).any(axis=1)
        return int(new.sum())

    def _by_second(self, pixels: Pixels) -> Detections:
        self.counts["second detector calls"] += 1
        found = self._models.second.detect(pixels)
        sure = np.minimum(found.best * np.float32(self._settings.second_gain), 1.0)
        return Detections(found.boxes, found.scores, sure)

    def _agree(self, found: Detections, other: Detections) -> Detections:
        """Boxes of a shot's first look get a bonus where both detectors agree: nothing else is known yet."""
        if not len(found) or not len(other):
            return found
        agreed = geometry.iou(found.boxes, other.boxes).max(axis=1) >= self._settings.agree_iou
        sure = found.best + np.where(agreed, np.float32(self._settings.agree_bonus), np.float32(0))
        return Detections(found.boxes, found.scores, np.minimum(sure, 1.0).astype(np.float32))

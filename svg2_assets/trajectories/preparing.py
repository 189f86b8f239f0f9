"""What depends on nothing but pixels: decoding, shrinking, flow, cut test; done ahead on a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.trajectories.cuts import is_cut
from svg2_assets.trajectories.flow import FlowEngine, FlowPair, SmallFrame, shrink
from svg2_assets.trajectories.settings import TrackerSettings

LOOK_AHEAD = 6  # frames that may wait decoded: two looks of the detector at 24 frames a second
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A decoded frame with its small version, the flow from the frame before and whether a cut lies between.

    `hidden` [h, w] of the small version: thin occluders that have been painted over.
    """

    frame: Frame
    small: SmallFrame
    flow: FlowPair | None
    cut: bool
    hidden: npt.NDArray[np.bool_] | None = None


def work_height(source: FrameSource, settings: TrackerSettings) -> int | None:
    """Rows to decode to, None for all: frames larger than needed are processed smaller."""
    width, height = source.video.width, source.video.height
    scale = settings.flow.work_rows / min(width, height)
    return max(1, round(height * scale)) if scale < 1 else None


def prepare(source: FrameSource, settings: TrackerSettings) -> Iterator[Prepared]:
    """Every frame of `source`, prepared."""
    engine = FlowEngine(settings.flow)
    before: SmallFrame | None = None
    for frame in source.frames(height=work_height(source, settings)):
        small = shrink(frame.index, frame.pixels, settings.flow)
        flow = engine.between(before, small) if before is not None else None
        cut = flow is not None and before is not None and is_cut(before, small, flow, settings.cuts)
        yield Prepared(frame, small, flow, cut)
        before = small


def ahead(items: Iterator[T], *, most: int = LOOK_AHEAD) -> Generator[T]:
    """`items`, computed on another thread, at most `most` of them waiting. Its errors are raised here."""
    waiting: queue.Queue[T | BaseException | None] = queue.Queue(maxsize=most)
    stop = threading.Event()

    def put(item: T | BaseException | None) -> None:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stop.is_set():
                    return
            put(None)
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that reads
            put(error)

    thread = threading.Thread(target=work, name="prepare-frames", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()

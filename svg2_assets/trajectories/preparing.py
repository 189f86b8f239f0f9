"""What depends on nothing but pixels: decoding, shrinking, flow, cuts. Both trackers see a video through this."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.trajectories.cuts import is_cut
from svg2_assets.trajectories.flow import FlowEngine, FlowPair, SmallFrame, shrink
from svg2_assets.trajectories.settings import CutSettings, FlowSettings, TrackerSettings

LOOK_AHEAD = 4  # frames that may wait prepared: a look of the detector and more at 24 frames a second


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


def prepare(
    source: FrameSource, *, flow: FlowSettings, cuts: CutSettings, height: int | None = None
) -> Iterator[Prepared]:
    """Every frame of `source`, prepared; scaled to `height` rows when given.

    Runs at most `cuts.flash_seconds` ahead of what it yields, and only where the picture changes at once.
    """
    engine = FlowEngine(flow)
    window = max(1, round(cuts.flash_seconds * source.video.fps))
    return without_flashes(_compared(source, engine, flow, cuts, height), engine, cuts, window=window)


def _compared(
    source: FrameSource, engine: FlowEngine, flow: FlowSettings, cuts: CutSettings, height: int | None
) -> Iterator[Prepared]:
    """Every frame with its flow; `cut` by comparison with the frame before alone."""
    before: SmallFrame | None = None
    for frame in source.frames(height=height):
        small = shrink(frame.index, frame.pixels, flow)
        pair = engine.between(before, small) if before is not None else None
        cut = pair is not None and before is not None and is_cut(before, small, pair, cuts)
        yield Prepared(frame, small, pair, cut)
        before = small


def without_flashes(
    stream: Iterator[Prepared], engine: FlowEngine, cuts: CutSettings, *, window: int
) -> Iterator[Prepared]:
    """`stream` without cuts where, up to `window` frames later, the picture is again what it was before."""
    waiting: deque[Prepared] = deque()
    before: SmallFrame | None = None
    while (prepared := waiting.popleft() if waiting else next(stream, None)) is not None:
        if prepared.cut and before is not None:
            waiting.extend(islice(stream, window - len(waiting)))
            back = _returns(before, waiting, engine, cuts)
            if back is not None:
                prepared = replace(prepared, cut=False)
                for i in range(back + 1):
                    waiting[i] = replace(waiting[i], cut=False)
        before = prepared.small
        yield prepared


def _returns(before: SmallFrame, later: deque[Prepared], engine: FlowEngine, cuts: CutSettings) -> int | None:
    """Position of the first of `later` that shows what `before` shows; None when none does."""
    shows = (not is_cut(before, p.small, engine.between(before, p.small), cuts) for p in later)
    return next((i for i, same in enumerate(shows) if same), None)

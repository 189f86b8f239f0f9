"""What depends on nothing but pixels: decoding, shrinking, flow, cut test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.trajectories.cuts import is_cut
from svg2_assets.trajectories.flow import FlowEngine, FlowPair, SmallFrame, shrink
from svg2_assets.trajectories.settings import TrackerSettings

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

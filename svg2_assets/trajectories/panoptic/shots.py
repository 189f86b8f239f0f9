"""The frames of a video, each with the flow from the one before; none where a shot begins."""

from __future__ import annotations

from collections.abc import Iterator

from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.trajectories.cuts import is_cut
from svg2_assets.trajectories.flow import FlowEngine, FlowPair, SmallFrame, shrink
from svg2_assets.trajectories.settings import CutSettings, FlowSettings


def frames_with_flow(
    source: FrameSource, *, flow: FlowSettings | None = None, cuts: CutSettings | None = None
) -> Iterator[tuple[Frame, FlowPair | None]]:
    """Every frame of `source`; without flow the first one of every shot, the video's first included."""
    flow, cuts = flow or FlowSettings(), cuts or CutSettings()
    engine = FlowEngine(flow)
    before: SmallFrame | None = None
    for frame in source.frames():
        small = shrink(frame.index, frame.pixels, flow)
        pair = engine.between(before, small) if before is not None else None
        cut = before is not None and pair is not None and is_cut(before, small, pair, cuts)
        yield frame, None if cut else pair
        before = small

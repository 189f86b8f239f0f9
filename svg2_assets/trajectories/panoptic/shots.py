"""The frames of a video, each with the word whether a new shot begins there."""

from __future__ import annotations

from collections.abc import Iterator

from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.trajectories.cuts import is_cut
from svg2_assets.trajectories.flow import FlowEngine, SmallFrame, shrink
from svg2_assets.trajectories.settings import CutSettings, FlowSettings


def frames_with_cuts(
    source: FrameSource, *, flow: FlowSettings | None = None, cuts: CutSettings | None = None
) -> Iterator[tuple[Frame, bool]]:
    """Every frame of `source`; True on the first one of every shot, the video's first included."""
    flow, cuts = flow or FlowSettings(), cuts or CutSettings()
    engine = FlowEngine(flow)
    before: SmallFrame | None = None
    for frame in source.frames():
        small = shrink(frame.index, frame.pixels, flow)
        yield frame, before is None or is_cut(before, small, engine.between(before, small), cuts)
        before = small

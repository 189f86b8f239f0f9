"""The frames of a video, each with the flow from the one before; none where a shot begins."""

from __future__ import annotations

from collections.abc import Iterator

from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.trajectories.flow import FlowPair
from svg2_assets.trajectories.preparing import prepare
from svg2_assets.trajectories.settings import CutSettings, FlowSettings


def frames_with_flow(
    source: FrameSource, *, flow: FlowSettings | None = None, cuts: CutSettings | None = None
) -> Iterator[tuple[Frame, FlowPair | None]]:
    """Every frame of `source`; without flow the first one of every shot, the video's first included."""
    for prepared in prepare(source, flow=flow or FlowSettings(), cuts=cuts or CutSettings()):
        yield prepared.frame, None if prepared.cut else prepared.flow

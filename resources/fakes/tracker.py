"""A tracker for tests: scripted trajectories, no models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import (
    CameraMotion,
    Origin,
    Progress,
    TrackedObject,
    TrackingResult,
    Witness,
)

Script = Callable[[Video], TrackingResult]


class FakeTracker:
    """Returns what `script` says of a video: one square that moves to the right, called a dog, when none is given.

    `fail_for` holds video ids, `calls` those asked about.
    """

    def __init__(self, *, script: Script | None = None, fail_for: Iterable[str] = ()) -> None:
        self.script = script or moving_square
        self.fail_for, self.calls = frozenset(fail_for), list[str]()

    @property
    def model_id(self) -> str:
        """Says that it is a fake."""
        return "fake-tracker/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing to set."""
        return {}

    def track(self, source: FrameSource, *, progress: Progress | None = None) -> TrackingResult:
        """The scripted trajectories; decodes nothing."""
        video = source.video
        self.calls.append(video.id)
        if video.id in self.fail_for:
            raise PhaseError(
                video=video.id, phase="trajectories", expected="a tracker that works", found="one told to fail"
            )
        if progress is not None:
            progress(video.num_frames, video.num_frames)
        return self.script(video)


def moving_square(video: Video) -> TrackingResult:
    """One square of a third of the frame's height that crosses the frame from left to right."""
    side = max(1, video.height // 3)
    steps = max(1, video.num_frames - 1)
    track = Trajectory(
        tuple(range(video.num_frames)),
        tuple(
            Mask.from_box(
                (f * max(0, video.width - side) // steps, (video.height - side) // 2, side, side),
                height=video.height,
                width=video.width,
            )
            for f in range(video.num_frames)
        ),
    )
    witnesses = tuple(Witness(source, 10, {"dog": 0.8}) for source in ("nanodet", "centernet", "efficientnet"))
    return TrackingResult(
        (TrackedObject(0, track, Origin.SEED, 0.8, witnesses),),
        CameraMotion(),
        statistics=MappingProxyType({"frames": video.num_frames}),
    )

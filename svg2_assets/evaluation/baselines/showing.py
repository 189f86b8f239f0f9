"""What a baseline is shown of a video: frames with their times, and boxes as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from svg2_assets.llm.pictures import data_url, fitted
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.traser.sampling import frame_indices

if TYPE_CHECKING:
    from svg2_assets.evaluation.baselines.settings import Baseline, Boxes, Frames

PHASE = "baseline"


@dataclass(frozen=True, slots=True)
class Picture:
    """Frame `index` at `time` seconds as a data URL; `size` is (width, height) as sent."""

    index: int
    time: float
    url: str
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A video as it is shown. Object k of an answer is `ids[k - 1]`; `boxes[k - 1]` is its line of text."""

    video: Video
    pictures: tuple[Picture, ...]
    ids: tuple[int, ...]
    boxes: tuple[str, ...]


def show(source: FrameSource, trajectories: Mapping[int, Trajectory], baseline: Baseline) -> Shown:
    """Frames of `source` and the boxes of `trajectories`, by id. Raises `PhaseError`, `VideoError`."""
    video = source.video
    there = {i: t for i, t in trajectories.items() if t.frames}
    if not there:
        raise PhaseError(
            video=video.uri or video.id,
            phase=PHASE,
            expected="an object or more",
            found="none that is seen",
            remedy="Give trajectories: annotate the video first, or import its graph with masks.",
        )
    how = baseline.frames
    indices = frame_indices(video.num_frames, video.duration, fps=how.fps, least=how.least, most=how.most)
    pictures = _pictures(source, [int(i) for i in indices], how)
    size = pictures[0].size
    boxes = tuple(box_line(t, video, [p.index for p in pictures], baseline.boxes, size=size) for t in there.values())
    return Shown(video, pictures, tuple(there), boxes)


def box_line(trajectory: Trajectory, video: Video, shown: Sequence[int], how: Boxes, *, size: tuple[int, int]) -> str:
    """`0.00 [x0, y0, x1, y1]; ...`: an object's boxes on frames that are shown, with their times in seconds.

    Of more than there may be, those spread over all, first and last in; of an object on no such frame, where it is
    largest. `size`: (width, height) of the pictures, where boxes are in their pixels.
    """
    visible = [f for f in shown if trajectory.at(f) is not None]
    frames = visible or [trajectory.frames[int(np.argmax(trajectory.areas))]]
    if len(frames) > how.most:
        frames = [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, how.most).astype(int))]
    scale = (how.scale, how.scale) if how.scale else size
    masks = ((f, trajectory.at(f)) for f in frames)
    return "; ".join(f"{video.time_of(f):.2f} {_box(m, scale)}" for f, m in masks if m is not None)


def _box(mask: Mask, scale: tuple[int, int]) -> str:
    x, y, w, h = mask.box
    across, down = scale[0] / mask.width, scale[1] / mask.height
    return str([round(v) for v in (x * across, y * down, (x + w) * across, (y + h) * down)])


def _pictures(source: FrameSource, indices: Sequence[int], how: Frames) -> tuple[Picture, ...]:
    made = []
    for frame in source.pick(indices):
        pixels = fitted(frame.pixels, how.side)
        height, width = pixels.shape[:2]
        made.append(Picture(frame.index, frame.time, data_url(pixels, quality=how.quality), (width, height)))
    if len(made) != len(indices):
        raise PhaseError(
            video=source.video.uri or source.video.id,
            phase=PHASE,
            expected=f"{len(indices)} frames of {source.video.num_frames}",
            found=f"{len(made)}",
            remedy="Register the video again: it may have been cut since.",
        )
    return tuple(made)

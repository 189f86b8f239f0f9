"""Which video a record speaks of: its size, rate and length, from whoever knows them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from svg2_assets.scene.errors import VideoError
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.values import Fault, NotImportable, ReadOptions, Repair, Repairs, Videos

SAME_RATE = 0.01  # rates are written with few digits
STRAY = 1.0  # seconds by which a relation may go on after the last mask: records count time in whole seconds
FEW = 2  # frames by which decoders differ at the end of one file
LONGEST = 86_400.0  # seconds; what a record says of later is an error of its own, not a video that goes on

USUAL_RATES: Mapping[str, float] = MappingProxyType({"sav": 24.0, "vipseg": 6.0, "lvvis": 5.0, "ovis": 5.0})
"""Frames a second of SVG2's masks by source (specification §8.1); the other sources keep each video's own rate."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a record says of its video: `num_frames` as far as masks were made; None where it says nothing.

    `fps` is the record's own rate, `usual_fps` the one that all of its kind have.
    """

    id: str
    height: int | None = None
    width: int | None = None
    num_frames: int | None = None
    fps: float | None = None
    usual_fps: float | None = None


def usual_rate(*names: str) -> float | None:
    """The rate of the first of `names` that is a source with one."""
    plain = ("".join(c for c in name.lower() if c.isalnum()) for name in names)
    return next((USUAL_RATES[name] for name in plain if name in USUAL_RATES), None)


def found_video(video_id: str, videos: Videos, repairs: Repairs) -> Video | None:
    """What the video's file says; None, counted, where it is there and cannot be read."""
    try:
        return videos(video_id)
    except VideoError:
        repairs[Repair.FILE_UNREADABLE] += 1
        return None


def video_of(
    told: Told, options: ReadOptions, *, found: Video | None = None, last: float = 0.0, repairs: Repairs
) -> Video:
    """The video of a record. `last`: seconds at which its last relation ends; `found`: what its file says.

    The rate is `options.fps`, else the record's own, the usual one of its source, the file's. A file of another rate
    is not that of the masks and is not used. Without a file, the video goes on where relations do for over a second
    after the masks. The size is that of the masks. Raises `NotImportable` where nobody knows the rate or the size.
    """
    height, width = _size(told, options, found)
    fps = options.fps or told.fps or told.usual_fps or (found.fps if found else None)
    if fps is None:
        raise NotImportable(
            Fault.NO_RATE,
            "nothing says how many frames a second its masks have. Give the folder of the videos (--videos), or the "
            "rate (--set fps=30).",
        )
    if found is not None and math.isclose(fps, found.fps, rel_tol=SAME_RATE):
        _compare(told.num_frames, found.num_frames, repairs)
        return replace(found, id=told.id, height=height, width=width)
    frames = told.num_frames or _frames(last, fps)
    if frames / fps + STRAY < last <= LONGEST:
        repairs[Repair.MASKS_SHORT] += told.num_frames is not None
        frames = _frames(last, fps)
    repairs[Repair.OTHER_RATE] += found is not None
    return Video(told.id, "", "", width, height, fps, frames, frames / fps)


def _frames(seconds: float, fps: float) -> int:
    return max(1, math.ceil(round(min(seconds, LONGEST) * fps, 6)))


def _size(told: Told, options: ReadOptions, found: Video | None) -> tuple[int, int]:
    if told.height and told.width:
        return told.height, told.width
    if options.size is not None:
        return options.size
    if found is not None:
        return found.height, found.width
    raise NotImportable(
        Fault.NO_SIZE,
        "neither masks nor a file say how large it is. Give the folder of the videos (--videos), or the size "
        "(--set size=[height,width]).",
    )


def _compare(masked: int | None, there: int, repairs: Repairs) -> None:
    if masked is None:
        return
    repairs[Repair.MASKS_SHORT] += masked < there - FEW
    repairs[Repair.MASKS_LONG] += masked > there

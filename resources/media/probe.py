"""What a video file is: size, clock, codec, content hash. Decoding every frame is the validation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import av

from resources.media.decoding import decoded_frames, open_container, video_stream
from resources.media.orientation import Orientation
from svg2_assets.scene.errors import VideoError
from svg2_assets.scene.video import Video


@dataclass(frozen=True, slots=True)
class ProbedVideo:
    """A video that decodes to its end."""

    video: Video


def probe_file(path: str | Path) -> ProbedVideo:
    """Decodes the file at `path` once. Raises `VideoError`."""
    path = Path(path)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    times: list[float] = []
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise VideoError(video=str(path), reason="no-video-stream", detail="the file holds no video stream.")
        rate = float(stream.average_rate or 25)
        frame: av.VideoFrame | None = None
        for frame in decoded_frames(container, stream):
            times.append(frame.time if frame.time is not None else len(times) / rate)
        if frame is None:
            raise VideoError(video=str(path), reason="zero-frames", detail="no frame decodes.")
        width, height = Orientation.of(frame).shown_size(frame.width, frame.height)
    video = Video(sha256[:16], str(path), sha256, width, height, rate, len(times), len(times) / rate)
    return ProbedVideo(video)

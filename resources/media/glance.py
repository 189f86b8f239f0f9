"""What the headers of a video file say of it, for plans that cannot wait until every frame is decoded."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer

from resources.media.clock import MAX_RATE
from resources.media.decoding import NoDecoder, video_stream
from resources.media.orientation import Orientation
from resources.media.probe import opened, probe_file
from svg2_assets.catalog.identity import id_without_content
from svg2_assets.scene.video import Video


def glance_file(path: str | Path, *, uri: str | None = None) -> Video:
    """Size, rate and length as the file declares them; one frame is decoded. Where it declares too little, all are.

    The id is one of no content, since none was read: nothing may be stored under it. Raises `VideoError` naming `uri`
    (default: the path).
    """
    path, uri = Path(path), uri or str(path)
    try:
        with opened(path, uri) as container:
            declared = _declared(container, uri)
    except (OSError, av.FFmpegError, NoDecoder):
        declared = None  # the probe says what is wrong
    return declared or probe_file(path, uri=uri).video


def _declared(container: InputContainer, uri: str) -> Video | None:
    stream = video_stream(container)
    if stream is None:
        return None
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    seconds = seconds or (container.duration or 0) / av.time_base
    frame = next(container.decode(stream), None)
    if frame is None or not 0 < rate <= MAX_RATE or seconds <= 0:
        return None
    width, height = Orientation.of(frame).shown_size(frame.width, frame.height)
    frames = max(1, round(seconds * rate))
    return Video(id_without_content(uri), uri, "", width, height, rate, frames, frames / rate)

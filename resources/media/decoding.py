"""Opening a container and decoding its frames, with nothing but the one local file within FFmpeg's reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

DECODER_THREADS = 2  # frame threads hold decoded frames each; more of them buys memory, not time, on small machines
CONTAINER_OPTIONS = {"protocol_whitelist": "file"}  # a container may name other files or hosts; none is opened


def open_container(path: Path) -> InputContainer:
    """Opens `path` for reading. Raises `av.FFmpegError`, `OSError`."""
    # The prefix keeps a name like `concat:a|b` from being read as a protocol.
    return av.open(f"file:{path}", mode="r", options=dict(CONTAINER_OPTIONS), metadata_errors="replace")


def video_stream(container: InputContainer) -> VideoStream | None:
    """The first video stream that is no cover picture, ready to decode; None where there is none."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            stream.thread_type = "AUTO"
            stream.codec_context.thread_count = DECODER_THREADS
            return stream
    return None


def decoded_frames(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Frames in order of display. Raises `av.FFmpegError`."""
    yield from container.decode(stream)

"""H.264 in an mp4 file, picture by picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Protocol, cast

import av
import cv2
from av.container import OutputContainer
from av.video.stream import VideoStream

from svg2_assets.scene.video import Pixels

# The first that this build of FFmpeg has. Fast presets: a preview is made for each video and looked at once or twice.
_ENCODERS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "ultrafast", "crf": "27"},
    "libopenh264": {"allow_skip_frames": "0"},
    "mpeg4": {"qscale": "5"},
}
_BT601, _LIMITED = 6, 1  # FFmpeg's numbers for the colours that OpenCV's conversion makes


class Reel(Protocol):
    """Takes the pictures of a video, one after the other."""

    def add(self, picture: Pixels, *, times: int = 1) -> None:
        """Append RGB `picture` [H, W, 3] `times` times."""
        ...


def encoder() -> str:
    """The name of the encoder in use. Raises `RuntimeError` when FFmpeg has none of those we can use."""
    for name in _ENCODERS:
        if name in av.codecs_available:
            return name
    raise RuntimeError(f"this build of FFmpeg has none of the encoders {', '.join(_ENCODERS)}: install av from a wheel")


@contextmanager
def reel(path: Path, *, size: tuple[int, int], rate: Fraction) -> Iterator[Reel]:
    """Writes an mp4 (yuv420p, index first) of `size` = (width, height), both even, at `rate` pictures a second."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        name = encoder()
        stream = cast(VideoStream, container.add_stream(name, rate=rate, options=dict(_ENCODERS[name])))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.thread_count = 1  # frame threads hold pictures each and save no processor time
        context.colorspace = context.color_primaries = context.color_trc = _BT601
        context.color_range = _LIMITED
        yield _Reel(container, stream)
        container.mux(stream.encode(None))


class _Reel:
    def __init__(self, container: OutputContainer, stream: VideoStream) -> None:
        self._container, self._stream = container, stream

    def add(self, picture: Pixels, *, times: int = 1) -> None:
        planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
        for _ in range(times):
            self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))

"""Opening a container and decoding its frames, with nothing but the one local file within FFmpeg's reach.

Files and their names are untrusted. A container can be a list of other files or hosts (HLS, concat, SDP), a pattern for
many files (image2), or a device; those demuxers are never used, and the only protocol is `file`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

DECODER_THREADS = 2  # a frame thread holds decoded frames: more of them cost memory more than they save time
MAX_SIDE = 16_384
MAX_PIXELS = 2**27  # 134 MP: 12K fits; RGB of one frame stays under 0.5 GB

DENIED_DEMUXERS = frozenset(
    # lists and patterns of other files or hosts
    "concat concatf hls dash imf sdp rtp rtsp sap webm_dash_manifest vobsub avisynth vapoursynth image2 "
    # pictures; those of the `*_pipe` demuxers are denied by their ending
    "image2pipe ico alias_pix brender_pix fits iff txd msp "
    # taken by a file name's ending alone: nothing in the content says what it is
    "rawvideo bitpacked v210 v210x data tty bin xbin idf adf ffmetadata "
    # devices
    "alsa fbdev iec61883 jack kmsgrab lavfi libcdio openal oss pulse sndio v4l2 video4linux2 x11grab xcbgrab "
    "avfoundation dshow gdigrab vfwcap android_camera decklink".split()
)


@cache
def allowed_demuxers() -> str:
    """Names of the demuxers that may be used, as FFmpeg's `format_whitelist` takes them."""
    names = {name for names in av.formats_available for name in names.split(",")}
    return ",".join(sorted(n for n in names - DENIED_DEMUXERS if not n.endswith("_pipe")))


def open_container(path: Path) -> InputContainer:
    """Opens `path` for reading. Raises `av.FFmpegError`, `OSError`."""
    options = {"protocol_whitelist": "file", "format_whitelist": allowed_demuxers()}
    # The prefix keeps a name like `concat:a|b` from being read as a protocol.
    return av.open(f"file:{path}", mode="r", options=options, metadata_errors="replace")


class NoDecoder(Exception):
    """A stream in a codec for which this build has no decoder."""


def video_stream(container: InputContainer, *, validate_only: bool = False) -> VideoStream | None:
    """The first video stream that is no cover picture, ready to decode; None where there is none.

    With `validate_only` the pictures are not deblocked: errors and frame counts stay the same, decoding is cheaper.
    Raises `NoDecoder`, `av.FFmpegError`.
    """
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            _prepare(stream, validate_only=validate_only)
            return stream
    return None


def _prepare(stream: VideoStream, *, validate_only: bool) -> None:
    context = cast("VideoCodecContext | None", stream.codec_context)
    if context is None:
        raise NoDecoder
    stream.thread_type = "AUTO"
    context.thread_count = DECODER_THREADS
    context.options = {"max_pixels": str(MAX_PIXELS)} | ({"skip_loop_filter": "all"} if validate_only else {})


def decoded_frames(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Frames in order of display. Raises `av.FFmpegError`."""
    yield from container.decode(stream)


def demuxer_complaint(path: Path) -> str | None:
    """The first error that the demuxer reports when `path` is read through; None where it reports none.

    Some demuxers pass over damage to where they find their way again, and only their log says so. Nothing is decoded
    here: decoders log from threads of their own, at which PyAV can lock up. Raises `av.FFmpegError`, `OSError`.
    """
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=True) as lines, open_container(path) as container:
            for _ in container.demux():
                pass
            return next((text.strip() for _, source, text in lines if source == container.format.name), None)
    finally:
        av.logging.set_level(level)

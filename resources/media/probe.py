"""What a video file is: size, clock, codec, content hash. Decoding every frame is the validation.

Nothing damaged passes in silence: a frame that the decoder conceals is a refusal, as is a file that ends before the
end it declares. Codecs without redundancy (VP9, AV1, GIF) cannot tell every damage; what they decode is taken.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from resources.media.clock import timing_of
from resources.media.declared_size import declared_size
from resources.media.decoding import MAX_PIXELS, MAX_SIDE, NoDecoder, demuxer_complaint, open_container, video_stream
from resources.media.orientation import Orientation
from resources.media.refusals import Reason, refuse, refuse_os_error
from resources.media.sniffing import is_still_brand, sniff
from svg2_assets.catalog.identity import content_hash, video_id
from svg2_assets.catalog.protocols import ProbedVideo
from svg2_assets.scene.errors import VideoError, printable
from svg2_assets.scene.video import Video

_STILL_FORMATS = {"gif", "apng", "mjpeg", "jpegxl_anim"}
_DECLARE_DURATION = {"matroska,webm", "flv", "asf"}
_READ_ON_AFTER_DAMAGE = {"matroska,webm"}
_LAST_FRAMES = 3  # damage this close to the end, with nothing after it, is a file cut short
_SLACK_SHARE = 0.02  # headers round; a file may end this share before what they declare


def hash_file(path: str | Path, *, uri: str | None = None) -> str:
    """SHA-256 (hex) of the file's content. Raises `VideoError` naming `uri` (default: the path)."""
    path, uri = Path(path), uri or str(path)
    _size_of(path, uri)
    try:
        with path.open("rb") as file:
            return content_hash(file)
    except OSError as error:
        raise refuse_os_error(uri, error) from error


def probe_file(path: str | Path, *, uri: str | None = None) -> ProbedVideo:
    """Decodes the file at `path` once, from end to end. Raises `VideoError` naming `uri` (default: the path)."""
    path, uri = Path(path), uri or str(path)
    size = _size_of(path, uri)
    sha256 = hash_file(path, uri=uri)
    try:
        if size < (declared := declared_size(path)):
            raise refuse(uri, Reason.TRUNCATED, f"it ends after {size} of {declared} bytes.")
        with opened(path, uri) as container:
            return _Probe(path, uri, size, sha256).run(container)
    except OSError as error:
        raise refuse_os_error(uri, error) from error


def _size_of(path: Path, uri: str) -> int:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, OSError):
            raise refuse_os_error(uri, error) from error
        raise refuse(uri, Reason.MISSING, "there is no such file.") from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
        raise refuse(uri, Reason.NOT_A_FILE, f"it is {kind}.")
    if status.st_size == 0:
        raise refuse(uri, Reason.EMPTY, "the file is empty.")
    return status.st_size


def opened(path: Path, uri: str) -> InputContainer:
    """The container at `path`, to be closed. Raises `VideoError` naming `uri` where it is none, `OSError`."""
    try:
        return open_container(path)
    except OSError:
        raise
    except av.FFmpegError as error:
        raise refuse(uri, *sniff(path)) from error


@dataclass
class _Seen:
    """What demuxing and decoding has shown so far. Times in seconds as the file counts them."""

    first: av.VideoFrame | None = None
    timestamps: list[float | None] = field(default_factory=list)
    last_duration: float = 0.0
    end: float = 0.0
    resized: int = 0
    damage: str | None = None

    def add(self, frame: av.VideoFrame) -> None:
        if self.first is None:
            self.first = frame
        self.resized += (frame.width, frame.height) != (self.first.width, self.first.height)
        self.timestamps.append(frame.time)
        self.last_duration = float((frame.duration or 0) * (frame.time_base or 0))
        if frame.is_corrupt and self.damage is None:
            self.damage = f"frame {len(self.timestamps) - 1}{self._where()} is damaged"

    def broken(self, error: av.FFmpegError) -> None:
        self.damage = self.damage or f"decoding stops at frame {len(self.timestamps)}{self._where()} ({error.strerror})"

    def _where(self) -> str:
        known = [t for t in (*self.timestamps[:1], *self.timestamps[-1:]) if t is not None]
        return f" (at {known[-1] - known[0]:.2f} s)" if len(known) == 2 else ""


@dataclass(frozen=True, slots=True)
class _Probe:
    """One probing of one open file."""

    path: Path
    uri: str
    size: int
    sha256: str

    def run(self, container: InputContainer) -> ProbedVideo:
        stream = self._stream(container)
        self._refuse_missing_bytes(stream)
        seen = self._decode(container, stream)
        self._refuse_incomplete(container, stream, seen)
        self._refuse_lost_parts(container)
        return self._result(container, stream, seen)

    def _stream(self, container: InputContainer) -> VideoStream:
        try:
            stream = video_stream(container, validate_only=True)
        except NoDecoder as error:
            raise refuse(self.uri, Reason.UNSUPPORTED_CODEC, "no decoder is known for its codec.") from error
        if stream is None:
            held = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
            raise refuse(self.uri, Reason.NO_VIDEO_STREAM, f"the file holds no video stream, only: {held}.")
        self._refuse_large(stream.codec_context.width, stream.codec_context.height)
        return stream

    def _refuse_large(self, width: int, height: int) -> None:
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            limit = f"{MAX_SIDE} pixels a side and {MAX_PIXELS / 1e6:.0f} megapixels"
            raise refuse(self.uri, Reason.TOO_LARGE, f"frames of {width} x {height}; the limit is {limit}.")

    def _refuse_missing_bytes(self, stream: VideoStream) -> None:
        """An index that names bytes after the end of the file proves that the file is cut."""
        missing = sum(entry.pos + entry.size > self.size for entry in stream.index_entries)
        if missing:
            detail = f"{missing} of {len(stream.index_entries)} frames lie after the end of the file."
            raise refuse(self.uri, Reason.TRUNCATED, detail)

    def _decode(self, container: InputContainer, stream: VideoStream) -> _Seen:
        seen = _Seen()
        packets = _packets(container, stream, seen)
        try:
            for packet in packets:
                for frame in packet.decode():
                    self._refuse_large(frame.width, frame.height)
                    seen.add(frame)
                if seen.damage:
                    break
        except av.FFmpegError as error:
            seen.broken(error)
        if seen.damage:
            raise self._damaged(container, seen, packets)
        return seen

    def _damaged(self, container: InputContainer, seen: _Seen, packets: Iterator[av.Packet[VideoStream]]) -> VideoError:
        try:
            following = sum(1 for p in islice(packets, _LAST_FRAMES + 1) if p.size)
        except av.FFmpegError:
            following = 0
        if following <= _LAST_FRAMES:
            shortfall = self._shortfall(container, seen) or "nothing follows it"
            return refuse(self.uri, Reason.TRUNCATED, f"{seen.damage}; {shortfall}.")
        return refuse(self.uri, Reason.CORRUPT, f"{seen.damage}.")

    def _refuse_incomplete(self, container: InputContainer, stream: VideoStream, seen: _Seen) -> None:
        if seen.first is None:
            raise refuse(self.uri, Reason.ZERO_FRAMES, "the video stream holds no frame.")
        if shortfall := self._shortfall(container, seen):
            raise refuse(self.uri, Reason.TRUNCATED, f"{shortfall}.")
        still = container.format.name in _STILL_FORMATS or is_still_brand(self.path)
        if still and len(seen.timestamps) == 1:
            raise refuse(self.uri, Reason.IMAGE, f"it is a picture ({stream.codec_context.name}).")

    def _refuse_lost_parts(self, container: InputContainer) -> None:
        """Matroska is read on after damage, seconds later, without an error."""
        if container.format.name in _READ_ON_AFTER_DAMAGE and (complaint := demuxer_complaint(self.path)):
            reason = Reason.TRUNCATED if complaint.startswith("File ended prematurely") else Reason.CORRUPT
            raise refuse(self.uri, reason, f"parts of it are lost: {printable(complaint)}")

    def _shortfall(self, container: InputContainer, seen: _Seen) -> str | None:
        """What the headers declare and the file does not hold."""
        if container.format.name in _DECLARE_DURATION and container.duration:
            declared = container.duration / av.time_base
            if seen.end + max(0.5, 3 * _largest_gap(seen.timestamps), _SLACK_SHARE * declared) < declared:
                return f"it ends after {seen.end:.2f} s of {declared:.2f} s"
        return None

    def _result(self, container: InputContainer, stream: VideoStream, seen: _Seen) -> ProbedVideo:
        first = seen.first
        if first is None:
            raise AssertionError("a video without frames is refused before")
        timing = timing_of(
            seen.timestamps,
            declared_rates=[float(r) if r else None for r in (stream.guessed_rate, stream.average_rate)],
            last_duration=seen.last_duration,
            tick=float(stream.time_base or 0),
        )
        orientation = Orientation.of(first)
        width, height = orientation.shown_size(first.width, first.height)
        video = Video(
            id=video_id(self.sha256),
            uri=self.uri,
            sha256=self.sha256,
            width=width,
            height=height,
            fps=timing.fps,
            num_frames=len(seen.timestamps),
            duration=timing.duration,
            frame_times=timing.frame_times,
        )
        return ProbedVideo(
            video=video,
            size_bytes=self.size,
            container=container.format.name,
            codec=stream.codec_context.name,
            pixel_format=first.format.name,
            rotation=orientation.degrees,
            mirrored=orientation.mirrored,
            sample_aspect=float(stream.sample_aspect_ratio or 1) or 1.0,
            clock=timing.clock,
            has_audio=bool(container.streams.audio),
            resized_frames=seen.resized,
        )


def _packets(container: InputContainer, stream: VideoStream, seen: _Seen) -> Iterator[av.Packet[VideoStream]]:
    """Packets of `stream`; those of every stream move `seen.end`, since a declared duration covers all of them."""
    for packet in container.demux():
        if packet.pts is not None and packet.time_base:
            seen.end = max(seen.end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if packet.stream.index == stream.index:
            yield cast("av.Packet[VideoStream]", packet)


def _largest_gap(timestamps: list[float | None]) -> float:
    known = [t for t in timestamps if t is not None]
    return max((b - a for a, b in pairwise(known)), default=0.0)

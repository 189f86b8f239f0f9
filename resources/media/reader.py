"""Frames of one video file as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import av
from av.video.reformatter import Interpolation, VideoReformatter

from resources.media.decoding import decoded_frames, open_container, video_stream
from resources.media.orientation import Orientation
from resources.media.probe import probe_file
from resources.media.refusals import Reason, refuse, refuse_os_error
from svg2_assets.scene.errors import VideoError
from svg2_assets.scene.video import Frame, Pixels, Video


def open_video(path: str | Path) -> VideoReader:
    """A reader of the file at `path`, after a full probe. Raises `VideoError`."""
    return VideoReader(probe_file(path).video, path)


class VideoReader:
    """A `FrameSource` over a local file. Holds one frame at a time; every call decodes anew."""

    def __init__(self, video: Video, path: str | Path) -> None:
        self._video, self._path = video, Path(path)

    @property
    def video(self) -> Video:
        """The video these frames belong to."""
        return self._video

    def frames(self, *, height: int | None = None, gray: bool = False) -> Iterator[Frame]:
        """Every frame in order, scaled to `height` rows when given; with `gray`, pixels are [H, W] luma.

        Raises `VideoError` when the file is no longer what the probe saw.
        """
        return self._stream(None, height, gray)

    def pick(self, indices: Sequence[int], *, height: int | None = None, gray: bool = False) -> Iterator[Frame]:
        """Only the frames of sorted `indices`; the others are decoded, never converted.

        Decoding ends with the last index. Raises `IndexError` for an index outside the video, `ValueError` for
        indices out of order.
        """
        wanted = [int(i) for i in indices]
        if wanted and not 0 <= min(wanted) <= max(wanted) < self._video.num_frames:
            raise IndexError(f"frames {min(wanted)}..{max(wanted)} of a video of {self._video.num_frames}")
        if any(a > b for a, b in pairwise(wanted)):
            raise ValueError("indices must be sorted")
        return self._stream(wanted, height, gray) if wanted else iter(())

    def _stream(self, wanted: Sequence[int] | None, height: int | None, gray: bool) -> Iterator[Frame]:
        convert = _Converter(self._video, height=height, gray=gray)
        chosen = None if wanted is None else set(wanted)
        last = self._video.num_frames - 1 if wanted is None else wanted[-1]
        index = -1
        try:
            for index, decoded in enumerate(self._decode()):
                if chosen is None or index in chosen:
                    yield Frame(index, self._video.time_of(index), convert(decoded))
                if index >= last:
                    return
        except OSError as error:
            raise refuse_os_error(self._video.uri, error) from error
        except av.FFmpegError as error:
            raise self._changed(f"frame {index + 1} does not decode any more ({error})") from error
        raise self._changed(f"it ends after {index + 1} frames, {self._video.num_frames} were counted")

    def _decode(self) -> Iterator[av.VideoFrame]:
        with open_container(self._path) as container:
            stream = video_stream(container)
            if stream is not None:
                yield from decoded_frames(container, stream)

    def _changed(self, detail: str) -> VideoError:
        return refuse(self._video.uri, Reason.CHANGED, f"the file is not what was registered: {detail}.")


class _Converter:
    """Turns decoded frames into pixels as shown: scaled and converted in one pass of swscale, then turned."""

    def __init__(self, video: Video, *, height: int | None, gray: bool) -> None:
        if height is not None and height < 1:
            raise ValueError(f"height must be positive, not {height}")
        rows = height or video.height
        self._shown = max(1, round(video.width * rows / video.height)), rows
        self._format = "gray" if gray else "rgb24"
        shrinks = rows < video.height
        self._interpolation = Interpolation.AREA if shrinks else Interpolation.BILINEAR
        self._reformatter = VideoReformatter()  # kept, so that swscale's tables are built once
        self._oriented: tuple[int, Orientation] | None = None

    def __call__(self, decoded: av.VideoFrame) -> Pixels:
        orientation = self._orientation(decoded)
        width, height = orientation.shown_size(*self._shown)
        scaled = self._reformatter.reformat(
            decoded,
            width=width,
            height=height,
            format=self._format,
            interpolation=self._interpolation,
            threads=1,
        )
        return orientation.apply(scaled.to_ndarray())

    def _orientation(self, decoded: av.VideoFrame) -> Orientation:
        """The matrix is read when the angle changes only: reading it ties frame and side data in a cycle, and decoded
        frames would pile up until the garbage collector runs (200 MB in 3,000 frames at 480p).
        """
        if self._oriented is None or self._oriented[0] != decoded.rotation:
            self._oriented = decoded.rotation, Orientation.of(decoded)
        return self._oriented[1]

"""Writes small videos, good and bad, with PyAV, for tests. Every function returns the path it wrote."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

_PATTERN = np.random.default_rng(7).integers(0, 255, (9, 12, 3), dtype=np.uint8)


def picture(index: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """[height, width, 3] RGB: a soft random pattern that moves 3 pixels right a frame."""
    pattern = np.asarray(cv2.resize(_PATTERN, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    return np.roll(pattern, 3 * index, axis=1)


def write_video(
    path: Path,
    *,
    frames: int = 20,
    size: tuple[int, int] = (64, 48),
    fps: int = 10,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    times_ms: Sequence[int] | None = None,
    turn: int = 0,
    mirror: bool = False,
    pixel_aspect: Fraction | None = None,
    pictures: Sequence[npt.NDArray[np.uint8]] | None = None,
    container: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """A video of `frames` moving patterns or of `pictures`, a keyframe every 12.

    `times_ms` gives each frame its timestamp (variable rate); `turn` is the clockwise turn that players apply.
    """
    with av.open(str(path), "w", options=container or {}) as file:
        stream = file.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        stream.gop_size = 12
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if times_ms is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        if turn or mirror:
            stream.set_display_rotation(-turn, hflip=mirror)
        count = frames if times_ms is None else len(times_ms)
        for i in range(count if pictures is None else len(pictures)):
            pixels = picture(i, *size) if pictures is None else pictures[i]
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts = i if times_ms is None else times_ms[i]
            frame.time_base = Fraction(1, fps) if times_ms is None else Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def write_audio(path: Path, *, seconds: float = 0.5) -> Path:
    """Sound without pictures."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=44_100)
        stream.layout = "mono"
        wave = np.sin(np.arange(int(44_100 * seconds)) / 20).astype(np.float32)
        for start in range(0, len(wave) - 1024, 1024):
            frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], "fltp", "mono")
            frame.sample_rate, frame.pts = 44_100, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def write_empty_stream(path: Path) -> Path:
    """A container that declares a video stream and holds no frame."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        file.start_encoding()
    return path


def truncated(path: Path, source: Path, *, share: float = 0.7) -> Path:
    """The first `share` of the bytes of `source`."""
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def corrupted(path: Path, source: Path, *, at: float = 0.5, length: int = 200) -> Path:
    """`source` with `length` bytes of noise over it at the share `at` of its length."""
    content = bytearray(source.read_bytes())
    start = int(len(content) * at)
    content[start : start + length] = np.random.default_rng(3).bytes(length)
    path.write_bytes(bytes(content))
    return path


def write_image(path: Path) -> Path:
    """A picture in the format of the suffix of `path`; for a video's suffix, PNG bytes under that name."""
    suffix = path.suffix if path.suffix in {".png", ".jpg", ".bmp", ".webp", ".tiff"} else ".png"
    _, content = cv2.imencode(suffix, picture(0, 64, 48))
    path.write_bytes(content.tobytes())
    return path


def write_playlist(path: Path, target: Path) -> Path:
    """An HLS playlist that names `target`."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:10", "#EXTINF:10,", f"file:{target}", "#EXT-X-ENDLIST", ""]
    path.write_text("\n".join(lines))
    return path

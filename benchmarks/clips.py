"""Videos that the speed benchmark makes: tiny ones, and a clip repeated to any length."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from svg2_assets.scene.video import Pixels


def tiny_video(path: Path, *, seed: int, frames: int = 12, width: int = 96, height: int = 64) -> Path:
    """A square that moves over a coloured ground; other seeds give other content."""
    rng = np.random.default_rng(seed)
    ground, square = rng.integers(40, 215, size=(2, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for pixels in _moving_square(ground, square, frames=frames, width=width, height=height):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def repeated(source: Path, path: Path, *, frames: int) -> Path:
    """The first `frames` frames of `source` played over and over, by copying packets: nothing is encoded again.

    The clip must be one that starts with a key frame and holds one packet a frame.
    """
    with av.open(str(path), "w") as written:
        copied, offset = 0, 0
        stream = None
        while copied < frames:
            with av.open(str(source)) as read:
                given = read.streams.video[0]
                stream = stream or written.add_stream_from_template(given)
                step = round(Fraction(1) / (given.average_rate or 25) / (given.time_base or Fraction(1, 1000)))
                packets = [p for p in read.demux(given) if p.dts is not None][: frames - copied]
                for packet in packets:
                    packet.pts, packet.dts = (packet.pts or 0) + offset, (packet.dts or 0) + offset
                    packet.stream = stream
                    written.mux(packet)
                copied, offset = copied + len(packets), offset + len(packets) * step
    return path


def _moving_square(ground: Pixels, square: Pixels, *, frames: int, width: int, height: int) -> Iterator[Pixels]:
    side = height // 3
    for i in range(frames):
        pixels = np.empty((height, width, 3), dtype=np.uint8)
        pixels[:] = ground
        left = i * (width - side) // max(1, frames - 1)
        pixels[side : 2 * side, left : left + side] = square
        yield pixels

"""Synthetic frames as video files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from svg2_assets.scene.video import FrameSource

QUALITY = "16"  # libx264's constant rate factor: faithful, not lossless


def encode_video(source: FrameSource, path: Path) -> Path:
    """Write all frames of `source` to `path` as H.264; odd sizes keep their last row or column (4:4:4).

    Without macroblock trees: those look at memory beyond the picture, and the same frames gave other bits every time.
    """
    import av  # here, since who only renders needs no codec

    video = source.video
    rate = Fraction(video.fps).limit_denominator(1001)
    even = video.width % 2 == 0 and video.height % 2 == 0
    with av.open(str(path), "w") as container:
        options = {"crf": QUALITY, "preset": "veryfast", "x264-params": "mbtree=0"}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p" if even else "yuv444p"
        for frame in source.frames():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.pixels, format="rgb24")))
        container.mux(stream.encode())
    return path

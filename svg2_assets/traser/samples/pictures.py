"""Sampled frames as JPEG or PNG and back."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from svg2_assets.scene.video import Pixels
from svg2_assets.traser.samples.settings import PictureSettings, Stored


class Undecodable(ValueError):
    """A stored picture that is none, or of another size than its row says."""


def encode(frames: Pixels, settings: PictureSettings) -> tuple[bytes, ...]:
    """Each of `frames` [n, H, W, 3] RGB as a picture; JPEG with colour at full resolution."""
    if settings.stored is Stored.PNG:
        suffix, options = ".png", [cv2.IMWRITE_PNG_COMPRESSION, 1]
    else:
        full = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
        suffix = ".jpg"
        options = [cv2.IMWRITE_JPEG_QUALITY, settings.quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, full]
    return tuple(_encoded(frame, suffix, options) for frame in frames)


def decode(pictures: Sequence[bytes], *, height: int, width: int) -> Pixels:
    """uint8 [n, height, width, 3] RGB. Raises `Undecodable` and says which picture it is."""
    frames = np.empty((len(pictures), height, width, 3), dtype=np.uint8)
    for number, picture in enumerate(pictures):
        pixels = _decoded(picture)
        if pixels is None:
            raise Undecodable(f"picture {number + 1} of {len(pictures)} ({len(picture)} bytes) does not decode")
        if pixels.shape[:2] != (height, width):
            found = " x ".join(map(str, pixels.shape[:2]))
            raise Undecodable(f"picture {number + 1} of {len(pictures)} has {found} pixels, not {height} x {width}")
        frames[number] = pixels
    return frames


def _decoded(picture: bytes) -> Pixels | None:
    if not picture:
        return None
    try:
        found = cv2.imdecode(np.frombuffer(picture, dtype=np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        return None
    return None if found is None else np.asarray(found, dtype=np.uint8)


def _encoded(frame: Pixels, suffix: str, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, np.ascontiguousarray(frame[..., ::-1]), options)
    if not done:
        raise ValueError(f"a frame of shape {frame.shape} cannot be written as {suffix}")
    return bytes(data)

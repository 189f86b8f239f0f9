"""Pictures of segments: PNG files from anybody, of bounded size, and our own."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.evaluation.public.panoptic import IDS
from svg2_assets.scene.masks import IntArray

MOST_BYTES = 64 << 20
MOST_PIXELS = 1 << 26  # 8192 x 8192
_HEADER = struct.Struct(">8sI4sIIBB")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY_KIND, RGB_KINDS = 0, frozenset({2, 6})
SPREAD = 0x9E3779B1 % IDS | 1
"""Odd, so that its multiples below 256³ are distinct: the colours of successive numbers lie far apart."""


class NoPicture(ValueError):
    """A file that is no PNG of segments, or larger than any."""


def size_in(path: Path) -> tuple[int, int]:
    """(height, width) of a PNG file. Raises `NoPicture`."""
    return _header(_start(path))[:2]


def read_picture(path: Path, *, grey: bool) -> npt.NDArray[Any]:
    """The values [H, W] of a grey picture, or the RGB [H, W, 3]. Raises `NoPicture`."""
    if path.stat().st_size > MOST_BYTES:
        raise NoPicture(f"more than {MOST_BYTES} bytes")
    data = path.read_bytes()
    height, width, kind = _header(data[: _HEADER.size])
    if (kind == GREY_KIND) is not grey or (not grey and kind not in RGB_KINDS):
        raise NoPicture(f"expected {'grey' if grey else 'RGB'}, found PNG colour type {kind}")
    try:
        found = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise NoPicture("does not decode") from error
    if found is None or found.shape[:2] != (height, width):
        raise NoPicture("does not decode")
    return np.asarray(found if grey else found[..., 2::-1])


def picture_of(ids: IntArray, *, compression: int) -> bytes:
    """The PNG whose pixels say `ids` [H, W], from 0 to 256³ - 1."""
    colours = np.stack([ids >> 16 & 255, ids >> 8 & 255, ids & 255], axis=-1).astype(np.uint8)  # OpenCV's are BGR
    done, data = cv2.imencode(".png", colours, [cv2.IMWRITE_PNG_COMPRESSION, compression])
    if not done:
        raise ValueError(f"a picture of shape {ids.shape} cannot be written as PNG")
    return bytes(data)


def colour_of(number: int) -> int:
    """The segment id of the `number`-th object of a video (from 0), which is not void."""
    return (number + 1) * SPREAD % IDS


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER.size)


def _header(start: bytes) -> tuple[int, int, int]:
    """Height, width and colour type."""
    if len(start) < _HEADER.size:
        raise NoPicture("no PNG")
    signature, _, chunk, width, height, depth, kind = _HEADER.unpack(start)
    if signature != _SIGNATURE or chunk != b"IHDR" or not height or not width:
        raise NoPicture("no PNG")
    if height * width > MOST_PIXELS:
        raise NoPicture(f"{height} x {width} is more than {MOST_PIXELS} pixels")
    if depth not in {8, 16} or (depth == 16 and kind != GREY_KIND):
        raise NoPicture(f"{depth} bits a channel")
    return height, width, kind

"""PNG files of ids in place of colours: one channel, palette places or grey values, read and written as they are."""

from __future__ import annotations

import colorsys
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.scene.masks import IntArray

MOST_PIXELS = 1 << 26
"""Of one picture; a file that states more is not decoded."""
MOST_IDS = 1 << 16
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">8sI4sIIBB")
_GREY, _PALETTE = 0, 3
_PLACES = 256


class BrokenPng(Svg2Error, ValueError):
    """A file that is no PNG of ids; the text says what is wrong."""


def size_of_png(path: Path) -> tuple[int, int]:
    """(height, width) that a file states. Raises `BrokenPng`, `OSError`."""
    with path.open("rb") as file:
        return _size(file.read(_HEAD.size))


def read_ids(path: Path) -> npt.NDArray[Any]:
    """The ids [H, W], 8 or 16 bits each. Raises `BrokenPng`, `OSError`."""
    import av

    data = path.read_bytes()
    _size(data)
    codec = av.CodecContext.create("png", "r")
    codec.thread_count = 1  # starting threads takes longer than a picture
    try:
        frames = codec.decode(av.Packet(data)) or codec.decode(None)
    except av.error.FFmpegError as error:
        raise BrokenPng(f"cannot be decoded: {error.strerror}.") from error
    if not frames:
        raise BrokenPng("holds no picture.")
    shown: Any = frames[0].to_ndarray()
    ids: npt.NDArray[Any] = shown[0] if isinstance(shown, tuple) else shown  # palette places, and the palette
    return ids


def write_ids(path: Path, ids: IntArray) -> None:
    """Write `ids` [H, W] (below `MOST_IDS`): up to 255 with a palette, so that they can be looked at; else grey."""
    height, width = ids.shape
    small = bool(ids.max(initial=0) < _PLACES)
    rows = ids.astype(np.uint8 if small else ">u2").view(np.uint8).reshape(height, -1)
    lines = np.pad(rows, ((0, 0), (1, 0))).tobytes()  # in front of each row, that it is not filtered
    head = struct.pack(">IIBBBBB", width, height, 8 if small else 16, _PALETTE if small else _GREY, 0, 0, 0)
    parts = [_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(lines)), _chunk(b"IEND", b"")]
    path.write_bytes(_SIGNATURE + b"".join(parts[:1] + [_chunk(b"PLTE", _palette())] * small + parts[1:]))


def _size(head: bytes) -> tuple[int, int]:
    if len(head) < _HEAD.size:
        raise BrokenPng("is too short for a PNG.")
    signature, length, kind, width, height, depth, colours = _HEAD.unpack(head[: _HEAD.size])
    if signature != _SIGNATURE or (length, kind) != (13, b"IHDR"):
        raise BrokenPng("is no PNG.")
    if colours != _PALETTE and (colours != _GREY or depth < 8):
        raise BrokenPng(f"has colours of type {colours}, {depth} bits each; expected a palette, or grey of 8 or 16.")
    if not 0 < width * height <= MOST_PIXELS:
        raise BrokenPng(f"states {width} x {height} pixels; expected at most {MOST_PIXELS}.")
    return height, width


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@lru_cache(maxsize=1)
def _palette() -> bytes:
    """Black for 0, then colours of which neighbours differ."""
    colours = [colorsys.hsv_to_rgb(place * 0.618 % 1, 0.65, 0.95) for place in range(1, _PLACES)]
    return bytes(3) + bytes(round(255 * part) for colour in colours for part in colour)

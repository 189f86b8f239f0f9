"""How many bytes a container says it has. A file with fewer is cut short: provable before anything is decoded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

_EBML = b"\x1aE\xdf\xa3"
_SEGMENT = b"\x18S\x80g"
_MOST_BOXES = 100_000  # fragmented files have two boxes a fragment; a hostile one must not keep the walk busy for long


def declared_size(path: Path) -> int:
    """Bytes that the outermost structure of `path` spans; 0 where it does not say. Raises `OSError`.

    Knows ISO media (MP4, MOV), Matroska and WebM, AVI.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF":
            return _riff(head)
        if head[:4] == _EBML:
            return _matroska(file)
        if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free"}:
            return _iso(file)
    return 0


def _riff(head: bytes) -> int:
    size = int.from_bytes(head[4:8], "little")
    return 0 if size in {0, 0xFFFFFFFF} else size + 8


def _iso(file: IO[bytes]) -> int:
    """ISO/IEC 14496-12, 4.2: boxes of a 32-bit size, 1 = 64 bits follow, 0 = to the end of the file."""
    end, total = 0, os.fstat(file.fileno()).st_size
    for _ in range(_MOST_BOXES):
        if end >= total:
            break
        file.seek(end)
        head = file.read(16)
        size = int.from_bytes(head[:4])
        if size == 1:
            size = int.from_bytes(head[8:16])
        if size < 8 or not head[4:8].isalnum():
            break  # to the end of the file, or bytes behind the last box that belong to nothing
        end += size
    return end


def _matroska(file: IO[bytes]) -> int:
    """RFC 8794: an element's id, its size as a variable-length integer, its content; all ones = unknown."""
    file.seek(len(_EBML))
    header = _variable_length(file)
    if header is None:
        return 0
    file.seek(header, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    size = _variable_length(file)
    return 0 if size is None else file.tell() + size


def _variable_length(file: IO[bytes]) -> int | None:
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1)) - (1 << 7 * length)
    return None if value == (1 << 7 * length) - 1 else value

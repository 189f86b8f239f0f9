"""What names a video: its content. The same bytes under two names are one video."""

from __future__ import annotations

import hashlib
from typing import IO

ID_DIGITS = 16


def content_hash(stream: IO[bytes]) -> str:
    """SHA-256 (64 hex digits) of what is left in `stream`, read in pieces."""
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def video_id(sha256: str) -> str:
    """Id of the content with this SHA-256: its first 16 hex digits."""
    return sha256[:ID_DIGITS]


def id_without_content(uri: str) -> str:
    """Id under which the failure of something unreadable is kept: `x` and 15 hex digits of the URI's SHA-256."""
    name = uri.encode(errors="surrogateescape")
    return "x" + hashlib.sha256(name).hexdigest()[: ID_DIGITS - 1]

"""Where previews lie: named by the video's id alone, complete or not there."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import cv2

from svg2_assets.scene.video import Pixels

_SAFE = re.compile(r"[0-9A-Za-z_-]{1,64}")


class PreviewKind(StrEnum):
    """The pictures of a scene graph."""

    SHEET = "sheet"
    VIDEO = "video"
    TIMELINE = "timeline"


SUFFIXES = {PreviewKind.SHEET: "jpg", PreviewKind.VIDEO: "mp4", PreviewKind.TIMELINE: "png"}


def preview_paths(folder: Path, video_id: str) -> dict[PreviewKind, Path]:
    """Where the previews of `video_id` lie under `folder`. An id that is no plain word is replaced by its hash."""
    plain = _SAFE.fullmatch(video_id) is not None
    stem = video_id if plain else "x" + hashlib.sha256(video_id.encode("utf-8", "replace")).hexdigest()[:15]
    return {kind: folder / f"{stem}-{kind}.{suffix}" for kind, suffix in SUFFIXES.items()}


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well and vanishes when it does not."""
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix, delete=False
    ) as opened:
        unfinished = Path(opened.name)
    try:
        yield unfinished
        unfinished.chmod(0o644)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_picture(path: Path, picture: Pixels, *, quality: int = 88) -> None:
    """Write RGB `picture` as what the suffix of `path` says (`quality` for JPEG). Raises `OSError`."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 3]
    done, encoded = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings)
    if not done:
        raise OSError(f"no {path.suffix} picture could be made of {picture.shape[1]}x{picture.shape[0]} pixels")
    with replacing(path) as unfinished:
        unfinished.write_bytes(encoded.tobytes())

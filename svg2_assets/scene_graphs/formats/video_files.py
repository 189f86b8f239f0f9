"""Files of videos below a folder, found by what they are called."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType

from svg2_assets.catalog.intake import VIDEO_SUFFIXES
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.files import files_below
from svg2_assets.scene_graphs.formats.shelf import Shelf
from svg2_assets.scene_graphs.formats.values import UnusableSource

VIDEO_FILE = r"(?i:.*(?:" + "|".join(re.escape(suffix) for suffix in sorted(VIDEO_SUFFIXES)) + "))"
"""Names of files of videos, as a regular expression."""
_NAME = "/"
"""Stands before whole names on the shelf; no name of a file has one."""


class VideoFiles:
    """A context manager: the files by name, with and without suffix; of two with one name, the first in order of path.

    Their names lie in a temporary file. Raises `UnusableSource` where there is no such folder; `option` is what it was
    given by.
    """

    def __init__(self, folder: Path, *, option: str) -> None:
        if not folder.is_dir():
            raise UnusableSource(f"{option} {printable(str(folder))}: there is no such folder.")
        self._shelf = Shelf()
        for path in files_below(folder, VIDEO_FILE):
            self._shelf.put(path.stem, str(path.absolute()))
            self._shelf.put(_NAME + path.name, str(path.absolute()))

    def __enter__(self) -> VideoFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shelf.__exit__(kind, error, trace)

    def of(self, video_id: str, *, uri: str = "") -> str | None:
        """The path of the file that is called like the video, or as the last part of `uri`; None where none is."""
        name = uri.rsplit("/", 1)[-1]
        return self._shelf.get(video_id) or (self._shelf.get(_NAME + name) if name else None)

"""The record of a corpus as a file: how often each name was claimed, and how often a verifier supported it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svg2_assets.scene.errors import InvalidSceneValue

FORMAT = "svg2-assets/label-record/1"
Counts = Mapping[str, tuple[int, int]]
"""name -> (objects claimed, of these supported)"""


@dataclass(frozen=True, slots=True)
class CorpusRecord:
    """`counts` of the names in `videos` videos that `verifier` (name and revision of its model) judged."""

    counts: Counts
    verifier: str
    videos: int

    def to_json(self) -> dict[str, Any]:
        """What stands in the file."""
        names = {name: list(pair) for name, pair in self.counts.items()}
        return {"format": FORMAT, "verifier": self.verifier, "videos": self.videos, "names": names}


def write_record(path: Path, record: CorpusRecord) -> None:
    """Write the file, whole or not at all. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record.to_json(), file, ensure_ascii=False)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def read_counts(path: Path) -> dict[str, tuple[int, int]]:
    """The counts in the file. Raises `InvalidSceneValue` where there is none, or no record in it."""
    try:
        found = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidSceneValue(f"policy: `record` {path} cannot be read: {error}. {_REMEDY}") from error
    names = found.get("names") if isinstance(found, dict) and found.get("format") == FORMAT else None
    if not isinstance(names, dict) or not all(map(_is_pair, names.values())):
        raise InvalidSceneValue(f"policy: `record` {path} holds no record of the form {FORMAT}. {_REMEDY}")
    return {name: (seen, supported) for name, (seen, supported) in names.items()}


_REMEDY = "Write one with `svg2 label-record --out FILE`."


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value)

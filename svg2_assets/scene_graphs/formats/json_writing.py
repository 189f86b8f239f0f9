"""Several JSON lists of one object, written side by side, in memory of one item."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any


@dataclass(slots=True)
class Lists:
    """The lists of an object that is being written: those but the first one wait in files that have no name."""

    files: Mapping[str, IO[str]]
    counts: dict[str, int]

    def add(self, name: str, item: Any) -> None:
        """Append `item` to the list `name`."""
        file = self.files[name]
        file.write(",\n" if self.counts[name] else "\n")
        file.write(json.dumps(item, ensure_ascii=False, allow_nan=False))
        self.counts[name] += 1


@contextmanager
def lists_of(path: Path, names: Sequence[str], *, first: Mapping[str, Any]) -> Iterator[Lists]:
    """Write the object in the file at `path`: members `first`, then the lists `names`."""
    with path.open("w", encoding="utf-8") as file, ExitStack() as stack:
        file.write("{")
        for key, value in first.items():
            file.write(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},\n")
        file.write(f"{json.dumps(names[0])}: [")
        waiting: dict[str, IO[str]] = {
            name: stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", dir=path.parent))
            for name in names[1:]
        }
        yield Lists({names[0]: file, **waiting}, dict.fromkeys(names, 0))
        for name, spool in waiting.items():
            file.write(f"],\n{json.dumps(name)}: [")
            spool.seek(0)
            shutil.copyfileobj(spool, file)
        file.write("]}\n")

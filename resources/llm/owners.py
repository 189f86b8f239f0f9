"""Which processes use a journal: each holds a lock on a file of its own, which the kernel lets go when it dies."""

from __future__ import annotations

import fcntl
import os
import uuid
from pathlib import Path


class Owner:
    """This process as a user of the journal in `folder`. Unlike a process id, `name` is never given again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "owners"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.name = uuid.uuid4().hex
        self._file = os.open(self._path(self.name), os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def is_alive(self, name: str) -> bool:
        """Whether the process that called itself `name` still runs."""
        return name == self.name or lives(self._folder, name)

    def close(self) -> None:
        """Let go; calls that are still under way count as lost from now on."""
        self._path(self.name).unlink(missing_ok=True)
        os.close(self._file)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def lives(folder: Path, name: str) -> bool:
    """Whether the owner `name` of the folder `owners` runs; the file of one that does not is removed."""
    path = folder / f"{name}.lock"
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(file)

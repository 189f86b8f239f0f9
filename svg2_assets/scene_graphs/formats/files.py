"""Names of files from ids of videos, files that are there whole or not at all, files of a folder in order."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.shelf import Shelf
from svg2_assets.scene_graphs.formats.values import UnusableSource, UnusableTarget

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
LONGEST_NAME = 120
"""Characters of a name that is made from an id; file systems take 255 bytes, suffixes included."""
_HASHED = 24


def file_name(text: str) -> str:
    """A name of one file or folder for `text`, which is anybody's: the text itself where that is safe.

    Other characters become `%XX`, so different texts have different names; what is too long ends in a hash. Never
    empty, hidden, `.` or `..`, and never with a separator.
    """
    if _PLAIN.fullmatch(text) and len(text) <= LONGEST_NAME:
        return text
    data = text.encode(errors="surrogatepass")
    name = quote(data, safe="").replace("~", "%7E") or "%"
    name = "%2E" + name[1:] if name.startswith(".") else name
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - _HASHED - 2]}%-{hashlib.sha256(data).hexdigest()[:_HASHED]}"


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it gets the name `path` when the block ends, and is removed when it raises.

    Raises `UnusableTarget` where the system refuses.
    """
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-")
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """A folder inside of `target` to write to; when the block ends, what is called like one of `patterns` (globs) moves
    from it to `target`, in their order.

    When it raises, nothing of it stays. Raises `UnusableTarget` where `target` holds something that is called so
    already, or the system refuses.
    """
    for pattern in patterns:
        for there in sorted(target.glob(pattern)):
            require_new(there)
    with _explained(target):
        target.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=target, prefix=".unfinished-"))
        try:
            yield folder
            for pattern in patterns:
                for path in sorted(folder.glob(pattern)):
                    path.rename(target / path.name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def inside(base: Path, *names: str) -> Path | None:
    """The file that `names`, which are anybody's, say below `base`; None where there is none, or it lies elsewhere."""
    parts = [part for name in names for part in PurePosixPath(name.replace("\\", "/")).parts]
    if not all(names) or any(part in {"..", "/"} or "\0" in part for part in parts):
        return None
    path = base.joinpath(*parts)
    try:
        return path if path.is_file() and path.resolve().is_relative_to(base.resolve()) else None
    except OSError:  # a name that is too long
        return None


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnusableTarget(f"{printable(str(path))}: cannot be written: {reason}. Choose another folder.") from error


def folder_for(target: Path) -> Path:
    """`target`, made where it is not there. Raises `UnusableTarget`."""
    with _explained(target):
        target.mkdir(parents=True, exist_ok=True)
    return target


def require_new(path: Path, *, resume: bool = False) -> bool:
    """Whether `path` is to be written; False where it is there and may stay. Raises `UnusableTarget` where not."""
    if not path.exists():
        return True
    if resume:
        return False
    raise UnusableTarget(
        f"{printable(str(path))}: is there already. Export to another folder, or pass --resume to keep what is there."
    )


def files_below(folder: Path, pattern: str) -> Iterator[Path]:
    """Files below `folder` whose name matches `pattern` (a regular expression), hidden ones left out, in order.

    Links to folders are not followed. Raises `UnusableSource` where a folder cannot be listed.
    """
    wanted = re.compile(pattern)
    with Shelf() as found:
        for path in _walk(str(folder)):
            if wanted.fullmatch(path.rsplit(os.sep, 1)[-1]):
                found.put(path)
        for name, _ in found.items():  # noqa: PERF102 - no dict
            yield Path(name)


def _walk(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(entry.path)
                elif entry.is_file():
                    yield entry.path
    except OSError as error:
        where = printable(folder)
        raise UnusableSource(f"{where}: cannot be listed: {error.strerror}. Give this user access to it.") from error

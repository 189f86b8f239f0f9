"""What was dropped: scanning a folder or an S3 prefix for new, complete videos, a capped amount at a time.

A scan walks the place in order of names, from where the last one stopped, and asks the catalog which of the files it
already holds. So the cursor is a name, not a list; files may appear anywhere, with any date; and a file whose
registration failed is offered again on the next round. A file is identified by place and state (size and time of
change, or ETag): the same name with other content is new.

A file is complete when nothing about it has changed for `settle_seconds`. Where its time stamp lies in the future
(clocks of network shares differ) it is complete when it was seen unchanged that long. An upload that pauses for longer
is taken too early, found truncated, and taken again once it is whole, as a new version.

Not looked at: names of unfinished or hidden files, files without a video's suffix, symbolic links to folders or out of
the watched one.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from svg2_assets.catalog.intake import VIDEO_SUFFIXES
from svg2_assets.scene.errors import Svg2Error, printable

Known = Callable[[Sequence[str]], Collection[str]]
"""Which of these fingerprints the catalog holds."""

UNFINISHED = frozenset({".tmp", ".temp", ".partial", ".crdownload", ".download", ".filepart"})
"""What downloaders put before the suffix; those that put it behind give the file a suffix that is no video's."""

_BATCH = 500  # files a question to the catalog
_MOST_WAITING = 64
_MOST_NOTES = 20


class DropError(Svg2Error):
    """The watched place cannot be looked at: names it, the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one scan takes. It always takes at least one file and one batch of names, so that it gets on."""

    files: int = 50
    bytes: int = 4 * 2**30
    seconds: float = 20.0
    settle_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """A new, complete file: `fingerprint` stands for its place and its state."""

    uri: str
    fingerprint: str
    size: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the last scan stopped (None: at the end), and since when the youngest files were seen unchanged."""

    after: str | None = None
    waiting: dict[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Cursor:
        """What `dump` wrote; anything else starts from the beginning, which costs time and loses nothing."""
        try:
            value = json.loads(text or "{}")
            waiting = {str(k): float(v) for k, v in value.get("waiting", {}).items()}
            return cls(value.get("after"), waiting)
        except (ValueError, TypeError, AttributeError):
            return cls()

    def dump(self) -> str:
        """A few kilobytes of JSON at most."""
        return json.dumps({"after": self.after, "waiting": self.waiting}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Tick:
    """Result of one scan. `more`: the end was not reached, scan again soon. `waiting`: files not complete yet."""

    ready: tuple[DroppedFile, ...]
    cursor: str
    more: bool
    waiting: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A file as the walk meets it. `name` orders the walk; `changed` in seconds, None: complete by nature."""

    name: str
    file: DroppedFile
    changed: float | None


def scan_folder(
    root: str | Path, cursor: str | None, *, known: Known, limits: Limits | None = None, now: float | None = None
) -> Tick:
    """New complete videos below `root`. `now` (seconds, as `time.time`) is for tests. Raises `DropError`."""
    folder = Path(os.path.abspath(root))  # noqa: PTH100 - Path.absolute keeps `..`
    if not folder.is_dir():
        raise DropError(f"{printable(str(folder))}: drop folder: there is no such folder. Make it, or set SVG2_DROP.")
    notes: list[str] = []
    start = Cursor.parse(cursor)
    walk = _walk(str(folder), (), _parts(start.after), notes)
    try:
        return _scan(walk, start, known=known, limits=limits or Limits(), now=now, notes=notes)
    except PermissionError as error:
        raise DropError(
            f"{printable(str(folder))}: drop folder: {error.strerror}. Give the right to read it."
        ) from error


def scan_s3(
    client: Any, bucket: str, prefix: str, cursor: str | None, *, known: Known, limits: Limits | None = None
) -> Tick:
    """New videos below `s3://bucket/prefix`; an object is complete when it is listed. Raises `DropError`.

    `client` is a boto3 S3 client with the right to list.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    start = Cursor.parse(cursor)
    try:
        listing = _listing(client, bucket, prefix, start.after)
        return _scan(listing, start, known=known, limits=limits or Limits(), now=None, notes=[])
    except (BotoCoreError, ClientError) as error:
        remedy = "Check SVG2_DROP_S3, the credentials and the right to list."
        raise DropError(f"s3://{bucket}/{prefix}: video drop: {printable(str(error))}. {remedy}") from error


def is_video_name(name: str) -> bool:
    """Whether a file of this name is looked at: a video's suffix, neither hidden nor unfinished."""
    suffixes = PurePosixPath(name.lower()).suffixes
    if name.startswith((".", "~", "#")) or not suffixes:
        return False
    return suffixes[-1] in VIDEO_SUFFIXES and not UNFINISHED.intersection(suffixes)


def fingerprint_of(uri: str, state: str) -> str:
    """32 hex digits for a place and the state of what lies there."""
    return hashlib.sha256(f"{uri}\n{state}".encode(errors="surrogateescape")).hexdigest()[:32]


def _scan(
    sightings: Iterator[_Sighting], start: Cursor, *, known: Known, limits: Limits, now: float | None, notes: list[str]
) -> Tick:
    deadline = time.monotonic() + limits.seconds
    taken = _Taken(limits, time.time() if now is None else now, start.waiting)
    after, more = start.after, False
    while batch := list(islice(sightings, _BATCH)):
        held = set(known([s.file.fingerprint for s in batch]))
        for sighting in batch:
            if taken.full(sighting.file.size):
                more = True
                break
            after = sighting.name
            if sighting.file.fingerprint not in held:
                taken.offer(sighting)
        more = more or (time.monotonic() > deadline and len(batch) == _BATCH)
        if more:
            break
    cursor = Cursor(after if more else None, taken.still_waiting(keep=start.waiting if more or start.after else {}))
    return Tick(tuple(taken.ready), cursor.dump(), more, taken.unsettled, tuple(notes[:_MOST_NOTES]))


@dataclass
class _Taken:
    """What one scan has collected so far."""

    limits: Limits
    now: float
    seen_since: dict[str, float]
    ready: list[DroppedFile] = field(default_factory=list)
    size: int = 0
    unsettled: int = 0
    waiting: dict[str, float] = field(default_factory=dict)

    def full(self, size: int) -> bool:
        over = self.size + size > self.limits.bytes
        return bool(self.ready) and (over or len(self.ready) >= self.limits.files)

    def offer(self, sighting: _Sighting) -> None:
        if self._settled(sighting):
            self.ready.append(sighting.file)
            self.size += sighting.file.size
        else:
            self.unsettled += 1

    def still_waiting(self, *, keep: dict[str, float]) -> dict[str, float]:
        """Files to remember; those of a part that this scan did not reach are kept."""
        settled = {f.fingerprint for f in self.ready}
        merged = self.waiting | {k: v for k, v in keep.items() if k not in self.waiting and k not in settled}
        return dict(islice(merged.items(), _MOST_WAITING))

    def _settled(self, sighting: _Sighting) -> bool:
        if sighting.changed is None or self.now - sighting.changed >= self.limits.settle_seconds:
            return True
        if sighting.changed <= self.now:
            return False  # it will be old enough soon: nothing to remember
        since = self.seen_since.get(sighting.file.fingerprint)
        if since is not None and self.now - since >= self.limits.settle_seconds:
            return True
        self.waiting[sighting.file.fingerprint] = self.now if since is None else since
        return False


def _walk(root: str, below: tuple[str, ...], after: tuple[str, ...], notes: list[str]) -> Iterator[_Sighting]:
    """Files under `root` whose path (as a tuple of names) comes after `after`, in order of paths."""
    for entry in _entries(os.path.join(root, *below), notes, is_root=not below):  # noqa: PTH118 - quick
        path = (*below, entry.name)
        if path < after[: len(path)] or path == after:
            continue
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith("."):
                yield from _walk(root, path, after, notes)
        elif is_video_name(entry.name) and (sighting := _sighting(root, path, entry, notes)) is not None:
            yield sighting


def _entries(folder: str, notes: list[str], *, is_root: bool) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda e: e.name)
    except OSError as error:
        if is_root:
            raise
        notes.append(f"{printable(folder)}: the folder cannot be read ({error.strerror}); its files are left out.")
        return ()


def _sighting(root: str, path: tuple[str, ...], entry: os.DirEntry[str], notes: list[str]) -> _Sighting | None:
    place = entry.path
    try:
        place.encode()
        if entry.is_symlink() and not Path(place).resolve(strict=True).is_relative_to(Path(root).resolve()):
            notes.append(f"{printable(place)}: a link out of the folder is not followed; put the file itself here.")
            return None
        status = entry.stat()
    except UnicodeEncodeError:
        notes.append(f"{printable(place)}: the name is not valid UTF-8; rename the file.")
        return None
    except OSError as error:
        notes.append(f"{printable(place)}: it cannot be looked at ({error.strerror}).")
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    # Whether it may be read is part of its state: a file that is made readable later is offered again.
    state = f"{status.st_size} {status.st_mtime_ns} {os.access(place, os.R_OK)}"
    file = DroppedFile(place, fingerprint_of(place, state), status.st_size)
    return _Sighting(json.dumps(path), file, max(status.st_mtime, status.st_ctime))


def _parts(after: str | None) -> tuple[str, ...]:
    try:
        return tuple(str(p) for p in json.loads(after)) if after else ()
    except (ValueError, TypeError):
        return ()


def _listing(client: Any, bucket: str, prefix: str, after: str | None) -> Iterator[_Sighting]:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, **({"StartAfter": after} if after else {})
    )
    for page in pages:
        for item in page.get("Contents", ()):
            key: str = item["Key"]
            hidden = any(part.startswith(".") for part in key.removeprefix(prefix).split("/"))
            if hidden or not is_video_name(key.rpartition("/")[2]):
                continue
            uri = f"s3://{bucket}/{key}"
            file = DroppedFile(uri, fingerprint_of(uri, f"{item['Size']} {item['ETag']}"), item["Size"])
            yield _Sighting(key, file, None)

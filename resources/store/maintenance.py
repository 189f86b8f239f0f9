"""Upkeep of the store: compaction, indices, and tags that keep a version for training.

A tag is a Lance branch of every table, pinned to the version at which it was made. Lance has tags of its own, but its
cleanup refuses to run at all while one exists (the switch for it is not in lancedb 0.40), so a store with a training
snapshot could never be cleaned. Cleanup honours branches: it removes every old version but what a branch needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from resources.store.errors import StoreError
from resources.store.schemas import FOUND_BY, KEYS, LATER_TABLES, TABLES
from resources.store.tables import Tables

TAG_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of tags: ASCII only, because Lance cannot clean a table that has a tag with other letters."""

_FIRST = ("phase_state", *LATER_TABLES)
_TAG_ORDER = (*_FIRST, *(name for name in TABLES if name not in _FIRST))
"""Later tables are tagged early and given up late, so that only a tag of before they came has all others and not them.
"""


@dataclass(frozen=True)
class Compaction:
    """One table before and after: fragments, versions, and bytes (on a local disk all files, else the live ones)."""

    fragments_before: int
    fragments_after: int
    versions_before: int
    versions_after: int
    bytes_before: int
    bytes_after: int


def compact(tables: Tables, *, keep_seconds: float) -> dict[str, Compaction]:
    """Merge small fragments, drop versions older than `keep_seconds`, bring indices up to date, table by table.

    One process at a time. Readers of versions that are dropped fail, so `keep_seconds` exceeds the longest read.
    """
    tables.require_writable()
    found = {name: tables.existing(name) for name in TABLES}
    return {name: _compact_table(tables, name, handle, keep_seconds) for name, handle in found.items() if handle}


def ensure_indices(tables: Tables) -> list[str]:
    """Give every table that has rows a BTREE on the first column of its key, and bitmaps on those of `FOUND_BY`.

    Returns the tables that lacked one.
    """
    from lancedb.index import Bitmap, BTree

    tables.require_writable()
    made = []
    for name in TABLES:
        handle = tables.existing(name)
        if handle is None or handle.count_rows() == 0:
            continue
        there = [index.columns for index in handle.list_indices()]
        wanted = {KEYS[name][0]: BTree()} | {column: Bitmap() for column in FOUND_BY.get(name, ())}
        missing = {column: kind for column, kind in wanted.items() if [column] not in there}
        for column, kind in missing.items():
            tables.run(name, "index", lambda h=handle, c=column, k=kind: h.create_index(c, config=k))  # type: ignore[misc]
        made += [name] if missing else []
    return made


def tag(tables: Tables, name: str) -> dict[str, int]:
    """Keep the present version of every table under `name`. Returns the versions.

    States are tagged first: beside writers, a tag may hold rows whose state it lacks, never the reverse. What an
    interrupted call left behind is made anew. Raises `StoreError` for a name that exists or is not allowed.
    """
    if not TAG_NAME.fullmatch(name) or name == "main":
        raise _refused(tables, "tag-name", f"{name!r} cannot name a tag.", "Use letters, digits, '.', '-', '_'.")
    if name in tags(tables):
        raise _refused(tables, "tag-exists", f"tag {name!r} exists.", "Choose another name, or drop it first.")
    drop_tag(tables, name)
    return {table: _tag_table(tables, table, name) for table in _TAG_ORDER}


def tags(tables: Tables) -> dict[str, dict[str, int]]:
    """Tag to table to version, of the tags that every table has; those of `LATER_TABLES` may lack old ones."""
    found: dict[str, dict[str, int]] = {}
    for table in TABLES:
        for name, version in tables.tags(table).items():
            found.setdefault(name, {})[table] = version
    needed = set(TABLES) - set(LATER_TABLES)
    return {name: versions for name, versions in sorted(found.items()) if needed <= set(versions)}


def drop_tag(tables: Tables, name: str) -> None:
    """Let the next cleanup remove what only `name` keeps. Nothing happens where it does not exist."""
    for table in reversed(_TAG_ORDER):
        if name in tables.tags(table):
            tables.run(table, "drop tag", lambda t=table: tables.created(t).branches.delete(name))  # type: ignore[misc]


def at_tag(tables: Tables, name: str) -> Tables:
    """Read-only view of `name`. Raises `StoreError` when a table lacks it."""
    versions = tags(tables).get(name)
    if versions is None:
        known = ", ".join(tags(tables)) or "none"
        raise _refused(tables, "no-tag", f"there is no complete tag {name!r}.", f"Tags: {known}.")
    return tables.at(name, versions)


def _tag_table(tables: Tables, table: str, name: str) -> int:
    return int(tables.run(table, "tag", lambda: tables.created(table).branches.create(name)).version)


def _compact_table(tables: Tables, name: str, handle: Any, keep_seconds: float) -> Compaction:
    before = _measured(tables, name, handle)
    keep = timedelta(seconds=keep_seconds)
    tables.run(name, "compact", lambda: handle.optimize(cleanup_older_than=keep))
    after = _measured(tables, name, handle)
    return Compaction(*(figure for pair in zip(before, after, strict=True) for figure in pair))


def _measured(tables: Tables, name: str, handle: Any) -> tuple[int, int, int]:
    stats = tables.run(name, "measure", handle.stats)
    versions = len(tables.run(name, "measure", handle.list_versions))
    folder = Path(tables.uri) / f"{name}.lance"
    local = folder.is_dir()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if local else stats["total_bytes"]
    return int(stats["fragment_stats"]["num_fragments"]), versions, int(size)


def _refused(tables: Tables, reason: str, detail: str, remedy: str) -> StoreError:
    return StoreError(uri=tables.uri, table="", reason=reason, detail=detail, remedy=remedy)

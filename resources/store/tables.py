"""The connection under the store, only user of lancedb: opens and creates tables, commits, retries, explains errors."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from resources.store.errors import StoreError, explained, mentions, secret_values
from resources.store.remembered import Remembered
from resources.store.schemas import KEYS, TABLES, WIDE_TABLES

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

COMMIT_ATTEMPTS = 12
"""Tries per statement on top of the library's own, with jitter: writers that collide once should not do so twice."""

CACHE_BYTES = 32 << 20
"""Cap of each of Lance's two caches (index, metadata); its own default lets them grow to gigabytes."""

_LANCE_LIMITS = {
    "LANCE_DEFAULT_BATCH_SIZE": "128",
    "LANCE_DEFAULT_FRAGMENT_READAHEAD": "1",
    "LANCE_DEFAULT_IO_BUFFER_SIZE": str(32 << 20),
}
"""Bounds of Lance's buffers, unless the environment says otherwise.

Its batches count rows (8192), a row of `masks` is some 300 kB: compacting 1 GB of masks a second time took 3.2 GB of
memory, with these 0.55 GB. The price is CPU time on long scans: 55 against 23 ms for an upsert among 100,000 states.
"""

ROW_ADDRESS = "_rowid"
"""Lance's own column: fragment in the upper 32 bits, place in it in the lower ones."""

_S3_DEFAULTS = {"connect_timeout": "5s", "timeout": "120s", "client_max_retries": "5", "client_retry_timeout": "60"}


@dataclass(frozen=True)
class Committed:
    """What one commit did to a table: the version it made and how many rows it inserted, updated and deleted."""

    table: str
    version: int
    inserted: int
    updated: int
    deleted: int
    attempts: int


class _LostRace(Exception):
    """Another writer's rows of the same videos were committed between our read and our commit."""


class Tables:
    """Tables of one store at `uri`, opened on first use. With `tag`, a read-only view of its `versions`.

    Not usable across a fork (Lance holds threads): a forked child gets an error, a spawned one opens its own.
    """

    def __init__(
        self,
        uri: str,
        *,
        storage_options: Mapping[str, str] | None = None,
        tag: str | None = None,
        versions: Mapping[str, int] | None = None,
    ) -> None:
        self.uri, self.tag, self.versions = uri, tag, dict(versions or {})
        remote = "://" in uri and not uri.startswith("file://")
        self.options: dict[str, str] = {**(_S3_DEFAULTS if remote else {}), **(storage_options or {})}
        self._secrets = secret_values(self.options)
        self._lock = threading.RLock()
        self._handles: dict[str, Any] = {}
        self._readers: dict[str, Any] = {}
        self._reading = {name: threading.Lock() for name in TABLES}
        self._remembered = {name: Remembered() for name in TABLES}
        self._connection: Any = None
        self._pid = 0

    def __getstate__(self) -> dict[str, Any]:
        return {"uri": self.uri, "storage_options": self.options, "tag": self.tag, "versions": self.versions}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def at(self, tag: str, versions: Mapping[str, int]) -> Tables:
        """The same tables as of `tag`, read-only; `versions` are those that the tag holds."""
        return Tables(self.uri, storage_options=self.options, tag=tag, versions=versions)

    def tags(self, name: str) -> dict[str, int]:
        """Tags of table `name` and the version each holds."""
        handle = self.existing(name)
        branches = {} if handle is None else self.run(name, "list tags", handle.branches.list)
        return {tag: int(branch["parent_version"]) for tag, branch in branches.items()}

    def existing(self, name: str) -> Any | None:
        """Handle of table `name`, or None where it does not exist yet."""
        with self._lock:
            if name not in self._handles:
                handle = self.run(name, "open", lambda: self._open(name))
                if handle is None:
                    return None
                self._handles[name] = handle
            return self._handles[name]

    def opened(self, name: str) -> Any | None:
        """A handle of its own on table `name`, pinned to the newest version; None where it does not exist yet."""
        handle = self.run(name, "open", lambda: self._open(name))
        if handle is not None and self.tag is None:
            self.run(name, "open", lambda: handle.checkout(handle.version))
        return handle

    def created(self, name: str) -> Any:
        """Handle of table `name`, which is made if it does not exist; safe when several processes do so at once."""
        self.require_writable(name)
        handle = self.existing(name)
        if handle is None:
            with self._lock:
                handle = self._handles[name] = self.run(name, "create", lambda: self._create(name))
        return handle

    def require_writable(self, name: str = "") -> None:
        """Raise `StoreError` on a view of a tag."""
        if self.tag is not None:
            raise self._error(name, "read-only", f"it is the snapshot {self.tag!r}.", "Write to the store itself.")

    def select(self, name: str, columns: Sequence[str], conditions: Sequence[str | None]) -> pa.Table:
        """`columns` of the rows for which one of `conditions` (SQL, disjoint) holds, all of one version."""
        empty = pa.schema([TABLES[name].field(column) for column in columns]).empty_table()
        handle = self._reader(name)
        if handle is None:
            return empty
        with self._reading[name]:
            found = self.run(name, "read", lambda: self._found(name, columns, conditions))
            # A snapshot of before a column came lacks it.
            return pa.concat_tables([empty, *found], promote_options="default")

    def addresses(self, name: str, columns: Sequence[str]) -> tuple[pa.Table, int]:
        """`columns` of every row that can be read, with its `ROW_ADDRESS`, and how many rows cannot.

        Only of the view of a tag: addresses hold for one version. A fragment whose file is damaged is left out.
        """
        self._require_pinned(name)
        wanted = [TABLES[name].field(c) for c in columns]
        empty = pa.schema([*wanted, pa.field(ROW_ADDRESS, pa.uint64())]).empty_table()
        reader = self._reader(name)
        if reader is None:
            return empty, 0
        there = _there(reader, columns)
        with self._reading[name]:
            found, damaged = self._addressed(name, reader, there)
        return pa.concat_tables([empty, *found], promote_options="default"), damaged

    def take(self, name: str, addresses: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """`columns` and `ROW_ADDRESS` of the rows at `addresses` of the view of a tag, each once, in any order.

        Addresses of no row give none.
        """
        self._require_pinned(name)
        reader = self._reader(name)
        if reader is None or not len(addresses):
            fields = [*(TABLES[name].field(c) for c in columns), pa.field(ROW_ADDRESS, pa.uint64())]
            return pa.schema(fields).empty_table()
        there = _there(reader, columns)
        rows = [int(a) for a in addresses]
        with self._reading[name]:
            return self.run(name, "take", lambda: _taken(reader, there, rows))

    def merge(self, name: str, data: pa.Table, *, scope: str | None = None) -> Committed:
        """Upsert `data` by key in one commit; with `scope` (SQL), also delete the rows in it that `data` lacks."""
        return self.run(name, "replace" if scope else "upsert", lambda: self._merge(name, data, scope))

    def rewrite(self, name: str, data: pa.Table) -> int:
        """Make `data` all rows of the table, in one commit. Returns how many they are."""
        self.run(name, "rewrite", lambda: self.created(name).add(data, mode="overwrite"))
        return int(data.num_rows)

    def delete(self, name: str, condition: str) -> int:
        """Delete the rows for which `condition` (SQL) holds, in one commit. Returns how many."""
        return int(self.run(name, "delete", lambda: self.created(name).delete(condition)).num_deleted_rows)

    def run(self, name: str, action: str, work: Callable[[], _T]) -> _T:
        """`work()`, tried again with jitter while other writers win; any other failure as a `StoreError`."""
        if self._connection is not None and self._pid != os.getpid():
            raise self._error(name, "forked", "it was opened before this process forked.", "Start workers with spawn.")
        for attempt in range(COMMIT_ATTEMPTS):
            try:
                return work()
            except _LostRace as lost:
                error = self._error(name, "conflict", f"{action}: {lost}.", "Let one run at a time write a video.")
            except Exception as raised:
                if not _of_storage(raised):
                    raise
                error = self._explained(raised, name, action)
            if error.reason != "conflict" or attempt == COMMIT_ATTEMPTS - 1:
                raise error
            _LOG.debug("%s: %s: commit conflict, try %d", name, action, attempt + 1)
            time.sleep(random.uniform(0, min(2.0, 0.02 * 2**attempt)))  # noqa: S311 (jitter)
        raise AssertionError("unreachable")

    def _explained(self, raised: Exception, name: str, action: str) -> StoreError:
        error = explained(raised, uri=self.uri, table=name, action=action, secrets=self._secrets)
        # A traceback prints the cause as well, so a cause that holds a credential is left out.
        error.__cause__ = None if mentions(str(raised), self._secrets) else raised
        error.__suppress_context__ = True
        return error

    def _error(self, name: str, reason: str, detail: str, remedy: str) -> StoreError:
        return StoreError(uri=self.uri, table=name, reason=reason, detail=detail, remedy=remedy)

    def _connected(self) -> Any:
        if self._connection is None:
            self._connection, self._pid = _connect(self.uri, self.options), os.getpid()
        return self._connection

    def _open(self, name: str) -> Any | None:
        if self.tag is not None and name not in self.versions:
            return None  # the table is younger than the tag
        connection = self._connected()
        try:
            handle = connection.open_table(name)
        except ValueError as error:
            if "was not found" not in str(error):
                raise
            self._refuse_headless(name)
            return None
        handle = self._with_new_columns(name, handle)
        return handle if self.tag is None else handle.branches.checkout(self.tag, self.versions[name])

    def _create(self, name: str) -> Any:
        connection = self._connected()
        try:
            return connection.create_table(name, schema=TABLES[name], exist_ok=True)
        except (RuntimeError, ValueError) as error:
            # Another process created it between our look and our commit.
            if "exist" not in str(error).lower():
                raise
            return connection.open_table(name)

    def _refuse_headless(self, name: str) -> None:
        """A local table with data and no version would read as empty, and be made anew over what is left of it."""
        data = Path(self.uri) / f"{name}.lance" / "data"
        if "://" not in self.uri and data.is_dir() and any(data.iterdir()):
            versions = data.parent / "_versions"
            if not versions.is_dir() or not any(versions.iterdir()):
                raise ValueError(f"invalid manifest: {versions} holds no version")

    def _with_new_columns(self, name: str, handle: Any) -> Any:
        """A table of an earlier version lacks columns that came later: they are added, empty, in one commit."""
        found = handle.schema  # a property, but each look at it is a call of Lance
        self._refuse_other_schema(name, found)
        new = [f for f in TABLES[name] if f.name not in found.names]
        if not new or self.tag is not None:
            return handle
        try:
            handle.add_columns(new)
        except (RuntimeError, ValueError) as error:
            if "exist" not in str(error).lower():  # another process was first
                raise
        return self._connected().open_table(name)

    def _require_pinned(self, name: str) -> None:
        if self.tag is None:
            detail = "rows have lasting addresses in the view of a tag alone."
            raise self._error(name, "not-tagged", detail, "Tag the store and open it with at_tag.")

    def _addressed(self, name: str, reader: Any, columns: Sequence[str]) -> tuple[list[pa.Table], int]:
        def scanned(wanted: list[str]) -> pa.Table:
            return self.run(name, "read", lambda: reader.search().with_row_id(True).select(wanted).to_arrow())

        try:
            return [scanned([*columns, ROW_ADDRESS])], 0
        except StoreError as error:
            if error.reason != "corrupted":
                raise
        # Addresses are in no data file, so those of damaged ones are known as well.
        rows = np.sort(scanned([ROW_ADDRESS]).column(ROW_ADDRESS).to_numpy())
        return self._intact(name, reader, columns, fragments=np.split(rows, np.flatnonzero(np.diff(rows >> 32)) + 1))

    def _intact(
        self, name: str, reader: Any, columns: Sequence[str], *, fragments: Sequence[Any]
    ) -> tuple[list[pa.Table], int]:
        """Readable rows of `fragments` (addresses by fragment) and how many are not: halved until damage is alone."""
        rows = [int(row) for fragment in fragments for row in fragment]
        try:
            return [self.run(name, "read", lambda: _taken(reader, columns, rows))], 0
        except StoreError as error:
            if error.reason != "corrupted":
                raise
        if len(fragments) == 1:
            return [], len(rows)
        middle = len(fragments) // 2
        lower, lost = self._intact(name, reader, columns, fragments=fragments[:middle])
        upper, more = self._intact(name, reader, columns, fragments=fragments[middle:])
        return [*lower, *upper], lost + more

    def _refuse_other_schema(self, name: str, found: pa.Schema) -> None:
        """Columns may stand in any order, and such as may be empty may be missing."""
        known = {f.name: f for f in TABLES[name]}
        needed = {f.name for f in TABLES[name] if not f.nullable}
        if not needed <= set(found.names) or any(known.get(f.name) != f for f in found):
            lacks = sorted(set(known) ^ set(found.names)) or "types differ"
            detail = f"it was written by another version of this software ({lacks})."
            raise self._error(name, "schema", detail, "Use a new store, or the version that wrote this one.")

    def _reader(self, name: str) -> Any | None:
        """A second handle of table `name`, free to be pinned to a version."""
        with self._lock:
            if name not in self._readers:
                handle = self.run(name, "open", lambda: self._open(name))
                if handle is None:
                    return None
                self._readers[name] = handle
            return self._readers[name]

    def _found(self, name: str, columns: Sequence[str], conditions: Sequence[str | None]) -> list[pa.Table]:
        reader = self._readers[name]
        if self.tag is None:
            reader.checkout_latest()
            reader.checkout(reader.version)
        there = _there(reader, columns)
        lists = any(pa.types.is_list(TABLES[name].field(column).type) for column in columns)
        picked = _picked if lists and name in WIDE_TABLES else _scanned
        asked = (reader.version, tuple(columns), tuple(conditions))
        return self._remembered[name].get(asked, lambda: [picked(reader, there, condition) for condition in conditions])

    def _merge(self, name: str, data: pa.Table, scope: str | None) -> Committed:
        handle = self.created(name)
        before = handle.version
        merge = handle.merge_insert(list(KEYS[name])).when_matched_update_all().when_not_matched_insert_all()
        if scope is not None:
            merge = merge.when_not_matched_by_source_delete(scope)
        result = merge.execute(data.select(handle.schema.names))
        landed = result.num_inserted_rows + result.num_updated_rows
        if landed != data.num_rows:
            detail = f"{data.num_rows} rows were sent, {landed} landed."
            raise self._error(name, "lost-rows", detail, "Run again; if it persists, rebuild the table's index.")
        if scope is not None and result.version > before + 1:
            self._refuse_mixture(name, result.version, scope, data.num_rows)
        return Committed(
            name, result.version, result.num_inserted_rows, result.num_updated_rows, result.num_deleted_rows,
            result.num_attempts,
        )  # fmt: skip

    def _refuse_mixture(self, name: str, version: int, scope: str, expected: int) -> None:
        """Two replaces of one video with different keys do not conflict by key, and would leave the union of both."""
        handle = self._connected().open_table(name)
        handle.checkout(version)
        found = handle.count_rows(scope)
        if found != expected:
            raise _LostRace(f"another run wrote the same videos at once ({found} rows where {expected} belong)")


def _of_storage(raised: Exception) -> bool:
    """Whether `raised` is an error of the library; a panic of its Rust core is of a class that it does not export."""
    storage = isinstance(raised, (RuntimeError, ValueError, OSError, pa.ArrowException))
    return storage or type(raised).__name__ == "RustPanic"


def _scanned(reader: Any, columns: Sequence[str], condition: str | None) -> pa.Table:
    query = reader.search() if condition is None else reader.search().where(condition)
    return query.select(list(columns)).to_arrow()


def _there(reader: Any, columns: Sequence[str]) -> list[str]:
    """Those of `columns` that the version of `reader` has."""
    known = set(reader.schema.names)  # once: each look at `schema` is a call of Lance
    return [c for c in columns if c in known]


def _taken(reader: Any, columns: Sequence[str], rows: list[int]) -> pa.Table:
    return reader.take_row_ids(rows).select(list(columns)).with_row_id().to_arrow()


def _picked(reader: Any, columns: Sequence[str], condition: str | None) -> pa.Table:
    """Rows found by their narrow columns first: a scan beside an index reads the lists of every unindexed fragment."""
    if condition is None:
        return _scanned(reader, columns, None)
    rows = reader.search().where(condition).select(["video_id"]).with_row_id(True).to_arrow().column("_rowid")
    return reader.take_row_ids(rows.to_pylist()).select(list(columns)).to_arrow()


def _connect(uri: str, options: Mapping[str, str]) -> Any:
    # Lance reads its limits when it starts; the import costs a second and 100 MB, so it waits for the first use.
    for variable, value in _LANCE_LIMITS.items():
        os.environ.setdefault(variable, value)
    import lancedb

    session = lancedb.Session(CACHE_BYTES, CACHE_BYTES)
    # Every read looks for a newer version: other processes write the same tables.
    return lancedb.connect(
        uri, storage_options=dict(options), read_consistency_interval=timedelta(0), session=session
    )  # fmt: skip

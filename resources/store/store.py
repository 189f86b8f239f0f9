"""`SceneGraphStore`: what the platform knows about every video, in LanceDB tables on a disk or in a bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl
import pyarrow as pa

from resources.store import maintenance, scanning
from resources.store.filters import Scalar, Where, condition, id_chunks
from resources.store.rows import Rows, arrow_rows, refuse_outside
from resources.store.schemas import KEYED_TABLES, KEYS, STAGED_TABLES, TABLES
from resources.store.tables import Committed, Tables
from resources.store.writer import StoreWriter


class SceneGraphStore:
    """Tables of `resources.store.schemas` at `uri`: a folder or `s3://bucket/prefix`.

    Opening does nothing until the first use; tables are made on demand and a table that does not exist yet reads as
    empty. Every read sees the newest version, every statement is one commit that either happens or does not. Safe for
    many processes; start them with spawn, Lance does not survive a fork.

    Raises `StoreError` with the remedy when the storage fails, `InvalidRows` when rows do not fit their table.
    """

    def __init__(self, uri: str, *, storage_options: dict[str, str] | None = None) -> None:
        self._tables = Tables(str(uri), storage_options=storage_options)

    def __repr__(self) -> str:
        return f"SceneGraphStore({self.uri!r}" + (f", tag={self._tables.tag!r})" if self._tables.tag else ")")

    @property
    def uri(self) -> str:
        """Where the store is."""
        return self._tables.uri

    def read(
        self,
        table: str,
        *,
        video_ids: Iterable[str] | None = None,
        columns: Sequence[str] | None = None,
        where: Where | None = None,
    ) -> pl.DataFrame:
        """Rows of `table`, ordered by key where the key columns are among `columns`.

        `video_ids` may be of any length; `where` as in `resources.store.filters`. All rows are of one version.
        """
        names = list(columns) if columns is not None else TABLES[table].names
        frame = _frame(self._tables.select(table, names, _conditions(table, video_ids, where)))
        return frame.sort(KEYS[table]) if set(KEYS[table]) <= set(names) else frame

    def scan(
        self, table: str, columns: Sequence[str], *, where: Where | None = None, rows: int = scanning.ROWS
    ) -> Iterator[pl.DataFrame]:
        """`read` for all of a table: frames of at most `rows` rows, of one version, in no order."""
        sql = condition(where, schema=TABLES[table])
        return map(_frame, scanning.scan(self._tables, table, columns, sql, rows=rows))

    def scan_in_order(
        self, table: str, columns: Sequence[str], *, where: Where | None = None, rows: int
    ) -> Iterator[pl.DataFrame]:
        """`scan` in order of key, whose columns have to be among `columns`: for rows that are large and not too many.

        Memory is that of `rows` rows, and of all keys. A compaction that drops the version that is read ends it with a
        `StoreError`, as it does a `scan`.
        """
        sql = condition(where, schema=TABLES[table])
        for found in scanning.in_order(self._tables, table, columns, sql, rows=rows):
            yield _frame(found).sort(KEYS[table])

    def mark(self, table: str) -> tuple[int, int]:
        """How far `table` is written now, for `written_since`."""
        return scanning.mark(self._tables, table)

    def version(self, table: str) -> int:
        """The version of `table`; the same version holds the same rows."""
        return scanning.version(self._tables, table)

    def written_since(self, table: str, marked: tuple[int, int], *, where: Where | None = None) -> set[str]:
        """Ids of the videos with rows written after `marked`, of those that satisfy `where`; deletions are not told."""
        return scanning.written_since(self._tables, table, marked, condition(where, schema=TABLES[table]))

    def rewrite(self, table: str, rows: Rows) -> int:
        """Make `rows` all rows of a derived table, in one commit; its indices go. Returns how many there are."""
        return self._tables.rewrite(table, arrow_rows(table, rows))

    def count(self, table: str, *, where: Where | None = None) -> int:
        """How many rows of `table` satisfy `where`."""
        handle = self._tables.existing(table)
        sql = condition(where, schema=TABLES[table])
        return 0 if handle is None else int(self._tables.run(table, "count", lambda: handle.count_rows(sql)))

    def addresses(self, table: str, columns: Sequence[str]) -> tuple[pa.Table, int]:
        """`columns` of every row of `table` with its address (`resources.store.tables.ROW_ADDRESS`), and how many rows
        lie in damaged files. In the view of a tag only.
        """
        return self._tables.addresses(table, columns)

    def take(self, table: str, addresses: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        """Rows by address, in any order, their address beside them. In the view of a tag only."""
        return self._tables.take(table, addresses, list(columns) if columns is not None else TABLES[table].names)

    def states(self, phase: str | None = None, video_ids: Iterable[str] | None = None) -> pl.DataFrame:
        """Rows of `phase_state`, of one phase or all, of some videos or all."""
        return self.read("phase_state", video_ids=video_ids, where=None if phase is None else {"phase": phase})

    def video_ids(self, partition_keys: Iterable[str]) -> list[str]:
        """Ids of the videos in these partitions that no newer version supersedes, sorted."""
        found: set[str] = set()
        for keys in id_chunks(partition_keys):
            where: Where = {"partition": keys, "superseded_by": None}
            found.update(self.read("videos", columns=["video_id"], where=where)["video_id"])
        return sorted(found)

    @property
    def at(self) -> str | None:
        """The tag whose view this is; None for the store itself."""
        return self._tables.tag

    def replace(
        self,
        table: str,
        rows: Rows,
        *,
        video_ids: Iterable[str],
        stage: str | None = None,
        within: Mapping[str, Scalar] | None = None,
    ) -> Committed:
        """Make `rows` the only rows of `video_ids` in `table` (of `stage`, where a table has stages), in one commit.

        With `within`, only of those with these values; they are of columns of the key, and all `rows` have them. A
        video without rows ends up with none. Rows are whole: columns left out become null. Raises `InvalidRows` for
        a repeated key, a row outside of what is replaced, an unknown column.
        """
        if table in KEYED_TABLES:
            raise KeyError(f"{table} is written by key: use upsert")
        if (table in STAGED_TABLES) != (stage is not None):
            raise KeyError(f"{table}: a stage is {'needed' if stage is None else 'not known here'}")
        ids = list(dict.fromkeys(video_ids))
        scope: dict[str, Scalar] = dict(within or {}) | ({} if stage is None else {"stage": stage})
        data = arrow_rows(table, rows, defaults=scope)
        refuse_outside(table, data, video_ids=ids, within=scope)
        where: Where = {"video_id": ids, **scope}
        if data.num_rows == 0 and self.count(table, where=where) == 0:
            return Committed(table, 0, 0, 0, 0, 0)
        return self._tables.merge(table, data, scope=condition(where, schema=TABLES[table]))

    def upsert(self, table: str, rows: Rows) -> Committed:
        """Insert `rows`, or overwrite those with the same key, in one commit. For the tables in `KEYED_TABLES`."""
        if table not in KEYED_TABLES:
            raise KeyError(f"{table} is written video by video: use replace")
        data = arrow_rows(table, rows)
        return self._tables.merge(table, data) if data.num_rows else Committed(table, 0, 0, 0, 0, 0)

    def writer(self, *, run_id: str, flush_videos: int = 16, flush_seconds: float = 5.0) -> StoreWriter:
        """A context manager that collects finished videos and writes them in few commits; see `StoreWriter`."""
        return StoreWriter(self, run_id=run_id, flush_videos=flush_videos, flush_seconds=flush_seconds)

    def compact(self, *, keep_seconds: float = 3600.0) -> dict[str, maintenance.Compaction]:
        """Merge fragments, drop versions older than `keep_seconds` (not tagged ones), update indices; one at a time."""
        return maintenance.compact(self._tables, keep_seconds=keep_seconds)

    def ensure_indices(self) -> list[str]:
        """Index every table that has rows by the first column of its key; returns those that were not yet."""
        return maintenance.ensure_indices(self._tables)

    def tag(self, name: str) -> dict[str, int]:
        """Keep the present version of every table under `name`; returns table to version."""
        return maintenance.tag(self._tables, name)

    def tags(self) -> dict[str, dict[str, int]]:
        """Tag to table to version."""
        return maintenance.tags(self._tables)

    def drop_tag(self, name: str) -> None:
        """Give up what only the tag `name` keeps; the next compaction removes it."""
        maintenance.drop_tag(self._tables, name)

    def at_tag(self, name: str) -> SceneGraphStore:
        """The store as it was when `name` was made, read-only. Raises `StoreError` where there is no such tag."""
        view = SceneGraphStore(self.uri)
        view._tables = maintenance.at_tag(self._tables, name)
        return view

    def drop_video(self, video_id: str) -> dict[str, int]:
        """Remove every row of `video_id`, its state first and its entry in `videos` last. Returns rows per table.

        A tagged snapshot keeps what it holds.
        """
        order = ["phase_state", *(name for name in TABLES if name not in ("phase_state", "videos")), "videos"]
        condition_ = condition({"video_id": video_id}, schema=TABLES["videos"])
        assert condition_ is not None  # noqa: S101 (narrows the type)
        kept = [name for name in order if self.count(name, where={"video_id": video_id})]
        return {name: self._tables.delete(name, condition_) for name in kept}


def _conditions(table: str, video_ids: Iterable[str] | None, where: Where | None) -> list[str | None]:
    schema = TABLES[table]
    if video_ids is None:
        return [condition(where, schema=schema)]
    chunks = id_chunks(video_ids)
    both = [[condition({"video_id": ids}, schema=schema), condition(where, schema=schema)] for ids in chunks]
    return [" AND ".join(filter(None, parts)) for parts in both]


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table becomes a frame)
    return frame

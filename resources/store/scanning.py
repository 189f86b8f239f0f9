"""Reads whole tables, or what came to them lately, in memory that does not grow with the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from resources.store.schemas import KEYS, TABLES
from resources.store.tables import ROW_ADDRESS, Tables

ROWS = 1 << 17
"""Rows of one batch unless the caller says otherwise: few enough for labels with attributes, 40 MB."""


def scan(
    tables: Tables, name: str, columns: Sequence[str], condition: str | None = None, *, rows: int = ROWS
) -> Iterator[pa.Table]:
    """`columns` of the rows for which `condition` (SQL) holds, at most `rows` at a time, all of one version.

    A row that is written while the caller is at it is not seen. No order. The first batch is empty.
    """
    empty = pa.schema([TABLES[name].field(c) for c in columns]).empty_table()
    handle = tables.opened(name)
    yield empty
    if handle is None:
        return
    query = _query(handle, condition)
    there = [c for c in columns if c in handle.schema.names]
    reader = tables.run(name, "read", lambda: query.select(there).to_batches(rows))
    while (batch := tables.run(name, "read", lambda: next(reader, None))) is not None:
        # A snapshot of before a column came lacks it.
        yield pa.concat_tables([empty, pa.Table.from_batches([batch])], promote_options="default")


def in_order(
    tables: Tables, name: str, columns: Sequence[str], condition: str | None = None, *, rows: int
) -> Iterator[pa.Table]:
    """`scan`, in order of key: `rows` at a time, those of one batch in any order. The first batch is empty.

    In memory are the keys and addresses of all rows that are found, some 50 bytes each; a batch is found by address, so
    that it takes as long in a large table as in a small one, whether there is an index or not.
    """
    empty = pa.schema([TABLES[name].field(c) for c in columns]).empty_table()
    handle = tables.opened(name)
    yield empty
    if handle is None:
        return
    query = _query(handle, condition)
    keys = list(KEYS[name])
    found = tables.run(name, "read", lambda: query.select(keys).with_row_id(True).to_arrow())
    order = pc.sort_indices(found.select(keys), sort_keys=[(key, "ascending") for key in keys])
    addresses = found.column(ROW_ADDRESS).combine_chunks().take(order)
    del found, order
    there = [c for c in columns if c in handle.schema.names]
    for begin in range(0, len(addresses), rows):
        wanted = addresses.slice(begin, rows).to_pylist()
        batch = tables.run(name, "read", lambda a=wanted: handle.take_row_ids(a).select(there).to_arrow())  # type: ignore[misc]
        yield pa.concat_tables([empty, batch], promote_options="default")


def _query(handle: Any, condition: str | None) -> Any:
    return handle.search() if condition is None else handle.search().where(condition)


def version(tables: Tables, name: str) -> int:
    """The version of table `name`, 0 where there is none: the same version holds the same rows."""
    handle = tables.existing(name)
    return 0 if handle is None else int(tables.run(name, "read", lambda: handle.version))


def mark(tables: Tables, name: str) -> tuple[int, int]:
    """(version, bound) of table `name` as it is now, for `written_since`; (0, 0) where there is no table."""
    handle = tables.opened(name)
    if handle is None:
        return 0, 0
    highest = 0
    reader = tables.run(name, "read", lambda: handle.search().with_row_id(True).select([ROW_ADDRESS]).to_batches(ROWS))
    while (batch := tables.run(name, "read", lambda: next(reader, None))) is not None:
        if batch.num_rows:
            highest = max(highest, int(pc.max(batch.column(ROW_ADDRESS)).as_py()) + 1)
    return int(handle.version), -(-highest >> 32) << 32


def written_since(tables: Tables, name: str, marked: tuple[int, int], condition: str | None = None) -> set[str]:
    """Ids of the videos that have rows (for which `condition` holds) written after `marked`; deletions are not told.

    Lance gives each write fragments with higher numbers than all before, also compaction, which moves rows and thus
    makes them look new; a row's address begins with its fragment.
    """
    before, bound = marked
    now = version(tables, name)
    if now == before:
        return set()
    lately = f"{ROW_ADDRESS} >= {bound if now > before else 0}"
    both = lately if condition is None else f"{lately} AND {condition}"
    batches = scan(tables, name, ["video_id"], both)
    return {v for found in batches for v in found.column("video_id").unique().to_pylist()}

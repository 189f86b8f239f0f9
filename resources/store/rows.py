"""Rows on their way into a table: whole, in table order, of the right types, each key once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from resources.store.errors import InvalidRows
from resources.store.filters import Scalar
from resources.store.schemas import KEYS, TABLES

Rows: TypeAlias = pl.DataFrame | pa.Table | Sequence[Mapping[str, Any]]
"""What a caller may hand over. Columns that are left out become null; an unknown column is refused."""


def arrow_rows(table: str, rows: Rows, *, defaults: Mapping[str, Any] | None = None) -> pa.Table:
    """`rows` as an Arrow table with exactly the columns of `table`; `defaults` fill columns that `rows` leaves out.

    Raises `InvalidRows` for an unknown column, a value that does not fit its column, a missing or repeated key.
    """
    schema = TABLES[table]
    given = _given(table, rows, schema)
    unknown = set(given.schema.names) - set(schema.names)
    if unknown:
        raise InvalidRows(f"{table}: no column {', '.join(sorted(unknown))}; it has {', '.join(schema.names)}")
    data = pa.table([_column(given, field, table, defaults or {}) for field in schema], schema=schema)
    _refuse_bad_keys(table, data)
    return data


def refuse_outside(table: str, data: pa.Table, *, video_ids: Sequence[str], within: Mapping[str, Scalar]) -> None:
    """Raise `InvalidRows` when `data` holds rows outside the scope of a replace: of other videos, or with other values
    in the columns of `within`, such as `stage`."""
    outside = set(data.column("video_id").to_pylist()) - set(video_ids)
    if outside:
        raise InvalidRows(f"{table}: rows of {_few(outside)}, not among the {len(video_ids)} videos to replace")
    for column, value in within.items():
        if set(data.column(column).to_pylist()) - {value}:
            raise InvalidRows(f"{table}: rows of another {column} than {value!r}")


def _given(table: str, rows: Rows, schema: pa.Schema) -> pa.Table:
    if isinstance(rows, pa.Table):
        return rows
    if isinstance(rows, pl.DataFrame):
        return rows.to_arrow()
    names = list(dict.fromkeys(name for row in rows for name in row))
    fields = [schema.field(name) if name in schema.names else pa.field(name, pa.null()) for name in names]
    unknown = [name for name in names if name not in schema.names]
    if unknown:
        return pa.table({name: pa.nulls(len(rows)) for name in names})
    try:
        columns = [pa.array([row.get(field.name) for row in rows], type=field.type) for field in fields]
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise InvalidRows(f"{table}: a value does not fit its column: {error}") from error
    return pa.table(columns, names=names) if names else schema.empty_table()


def _column(given: pa.Table, field: pa.Field, table: str, defaults: Mapping[str, Any]) -> pa.ChunkedArray | pa.Array:
    if field.name not in given.schema.names:
        return pa.array([defaults.get(field.name)] * given.num_rows, type=field.type)
    try:
        return given.column(field.name).cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidRows(f"{table}.{field.name}: expected {field.type}: {error}") from error


def _refuse_bad_keys(table: str, data: pa.Table) -> None:
    keys = list(KEYS[table])
    for name in keys:
        if data.column(name).null_count:
            raise InvalidRows(f"{table}: every row needs {name}")
    counts = data.select(keys).group_by(keys).aggregate([([], "count_all")])
    repeated = counts.filter(pc.greater(counts.column("count_all"), 1))
    if repeated.num_rows:
        raise InvalidRows(f"{table}: each key once, found twice: {_few(map(str, repeated.select(keys).to_pylist()))}")


def _few(names: Any) -> str:
    shown = sorted(names)
    return ", ".join(repr(name) for name in shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")

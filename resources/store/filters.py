"""Conditions on rows as values, turned into Lance's SQL here and nowhere else.

Ids and labels are untrusted text. A string literal is closed only by a single quote, which is doubled; backslashes,
newlines and comment marks mean nothing inside it (a property test holds this against the real engine).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

Scalar = str | int | float | bool | None
Where = Mapping[str, Scalar | Sequence[Scalar]]
"""Column to value (equal), to None (is null) or to a list of values (one of); all columns must hold."""

ID_CHUNK = 1000
"""Video ids per query: long lists are split, a video's rows always come from one version of the table."""


def literal(value: Scalar) -> str:
    """`value` as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, (int, float)):
        return repr(value)
    raise TypeError(f"expected a string, number, bool or None in a filter, found {type(value).__name__}")


def condition(where: Where | None, *, schema: pa.Schema) -> str | None:
    """SQL for `where`, None where it says nothing. Raises `KeyError` for a column that the table lacks."""
    if not where:
        return None
    return " AND ".join(_clause(column, wanted, schema) for column, wanted in where.items())


def id_chunks(video_ids: Iterable[str]) -> Iterator[list[str]]:
    """`video_ids` once each, in order, in lists of at most `ID_CHUNK`."""
    ids = list(dict.fromkeys(video_ids))
    for begin in range(0, len(ids), ID_CHUNK):
        yield ids[begin : begin + ID_CHUNK]


def _clause(column: str, wanted: Scalar | Sequence[Scalar], schema: pa.Schema) -> str:
    if column not in schema.names:
        raise KeyError(f"no column {column!r}; the table has {', '.join(schema.names)}")
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        return f"`{column}` IS NULL" if wanted is None else f"`{column}` = {literal(wanted)}"
    values = [value for value in wanted if value is not None]
    clauses = [f"`{column}` IN ({', '.join(map(literal, values))})"] if values else []
    if len(values) < len(wanted):
        clauses.append(f"`{column}` IS NULL")
    return f"({' OR '.join(clauses)})" if clauses else "FALSE"

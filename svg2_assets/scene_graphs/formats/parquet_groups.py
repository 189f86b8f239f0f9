"""Rows of a parquet file that become row groups of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

GROUP_ROWS, GROUP_BYTES = 64, 16 << 20  # of a row group, whichever is reached first


@dataclass(slots=True)
class Group:
    """Rows that become a row group together."""

    file: pq.ParquetWriter
    schema: pa.Schema
    rows: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0

    def add(self, row: dict[str, Any]) -> None:
        """Take a row; write the group when it is large enough."""
        self.rows.append(row)
        self.size += sum(map(len, texts_of(row)))
        if len(self.rows) >= GROUP_ROWS or self.size >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait."""
        if self.rows:
            self.file.write_table(pa.Table.from_pylist(self.rows, schema=self.schema))
        self.rows, self.size = [], 0


def texts_of(value: Any) -> Iterator[str]:
    """All text in a row, which is nearly all of its size."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_of(part)

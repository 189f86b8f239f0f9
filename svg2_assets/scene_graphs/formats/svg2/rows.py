"""Rows of a parquet file, few at a time, as far as the file can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.values import Fault, Origin, Rejected

BUFFER = 1 << 20  # bytes of a column that are read at once; 0 would read a row group's whole column

Wanted = Callable[[str], bool]


@dataclass(slots=True)
class Rows:
    """The rows of `file` with these `columns`; what is wrong with it is in `broken` once it was read."""

    file: Path
    columns: Sequence[str]
    origin: Origin
    broken: list[Rejected] = field(default_factory=list)

    def read(self, size: int, *, wanted: Wanted | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """Number (from 0) and columns of each row, `size` of them in memory at once; those of `wanted` videos alone.

        Row groups without a wanted video are not read.
        """
        try:
            with pq.ParquetFile(self.file, buffer_size=BUFFER, pre_buffer=False) as table:
                yield from self._read(table, size, wanted)
        except (pa.ArrowException, OSError) as error:
            said = printable(str(error), limit=160)
            self._is_broken(Fault.UNREADABLE, f"cannot be read as parquet: {said}. Fetch the file again.")

    def _read(self, table: pq.ParquetFile, size: int, wanted: Wanted | None) -> Iterator[tuple[int, dict[str, Any]]]:
        missing = [name for name in self.columns if name not in table.schema_arrow.names]
        if missing:
            there = printable(", ".join(table.schema_arrow.names))
            self._is_broken(Fault.FORM, f"expected columns {', '.join(self.columns)}, found {there}.")
            return
        number = 0
        for group in range(table.num_row_groups):
            length = table.metadata.row_group(group).num_rows
            if wanted is None or _any(table, group, wanted):
                yield from self._group(table, group, size, wanted=wanted, first=number)
            number += length

    def _group(
        self, table: pq.ParquetFile, group: int, size: int, *, wanted: Wanted | None, first: int
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        number = first
        for batch in table.iter_batches(batch_size=size, row_groups=[group], columns=list(self.columns)):
            for i, video_id in enumerate(batch.column("video_id").to_pylist()):
                if wanted is None or wanted(str(video_id)):
                    yield number, {name: _plain(batch.column(name)[i].as_py()) for name in self.columns}
                number += 1

    def _is_broken(self, fault: Fault, detail: str) -> None:
        self.broken.append(Rejected("", fault, detail, self.origin))


def _any(table: pq.ParquetFile, group: int, wanted: Wanted) -> bool:
    ids = table.read_row_group(group, columns=["video_id"]).column("video_id").to_pylist()
    return any(wanted(str(video_id)) for video_id in ids)


def _plain(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value

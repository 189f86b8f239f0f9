"""What the catalog and the freshness table say, as values: which videos a partition holds, and their states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from svg2_assets.phases import State, digest
from svg2_assets.scene.video import Video


class Tables(Protocol):
    """The reading side of the store."""

    def read(
        self,
        table: str,
        *,
        video_ids: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> pl.DataFrame:
        """Rows of `table`."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One registered video: what identifies its content, and the partition it belongs to."""

    video_id: str
    partition: str
    uri: str
    sha256: str
    names: tuple[str, ...] = ()
    status: str = "registered"
    superseded_by: str | None = None

    @property
    def content(self) -> str:
        """Changes when the first phase has to look again."""
        return digest(self.sha256, self.uri)


ENTRY_COLUMNS = ("video_id", "partition", "uri", "sha256", "names", "status", "superseded_by")


def entries(
    tables: Tables, *, partitions: Sequence[str] | None = None, video_ids: Sequence[str] | None = None
) -> dict[str, CatalogEntry]:
    """Catalog entries by video id: all, those of `partitions`, or those of `video_ids`."""
    where = {"partition": list(partitions)} if partitions is not None else None
    rows = tables.read("videos", video_ids=video_ids, columns=ENTRY_COLUMNS, where=where)
    return {row["video_id"]: _entry(row) for row in rows.iter_rows(named=True)}


def states(tables: Tables, video_ids: Sequence[str] | None = None) -> dict[str, dict[str, State]]:
    """video id -> phase -> state."""
    columns = ("video_id", "phase", "status", "gate", "input_version", "output_version", "attempts", "error")
    rows = tables.read("phase_state", video_ids=video_ids, columns=columns)
    result: dict[str, dict[str, State]] = {}
    for row in rows.iter_rows(named=True):
        result.setdefault(row["video_id"], {})[row["phase"]] = State(
            status=row["status"],
            gate=row["gate"],
            input_version=row["input_version"],
            output_version=row["output_version"],
            attempts=row["attempts"],
            error=row["error"] or "",
        )
    return result


def video_of(row: Mapping[str, Any]) -> Video:
    """The `Video` that a row of a decoded video describes."""
    times: Iterable[float] | None = row["frame_times"]
    return Video(
        id=row["video_id"],
        uri=row["uri"],
        sha256=row["sha256"],
        width=row["width"],
        height=row["height"],
        fps=row["fps"],
        num_frames=row["num_frames"],
        duration=row["duration"],
        frame_times=tuple(times) if row["variable_rate"] and times is not None else None,
    )


def _entry(row: Mapping[str, Any]) -> CatalogEntry:
    return CatalogEntry(
        video_id=row["video_id"],
        partition=row["partition"],
        uri=row["uri"],
        sha256=row["sha256"],
        names=tuple(row["names"] or ()),
        status=row["status"],
        superseded_by=row["superseded_by"],
    )

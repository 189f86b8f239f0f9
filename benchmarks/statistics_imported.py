"""The store of `benchmarks.statistics_store` as one import: whole graphs in `imported_graphs`, without masks.

Objects have frames, as imported ones do, since whoever reads their names reads the frames along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import pyarrow as pa

from benchmarks.statistics_store import BATCH, VERIFIED, Size, Words, batch_of, ids_of, made
from resources.store.rows import arrow_rows
from resources.store.tables import Tables

SOURCE = "svg2"
TABLE = "imported_graphs"
LONGEST = 120
"""Frames of an object at most."""
_OBJECT = ("id", "name", "attributes", "part_of", "verdict", "score", "frames")
_RELATION = ("subject", "predicate", "object", "category", "spans", "confidence")


def write_imported(
    uri: str, size: Size, *, seed: int = 0, heard: Callable[[int, int], None] = lambda *_: None
) -> dict[str, int]:
    """Append an import of `size`; returns how many videos, objects and relations. `heard` as of `write_store`."""
    tables, words, rng = Tables(uri), Words(), np.random.default_rng(seed)
    counts = dict.fromkeys(("videos", "objects", "relations"), 0)
    for begin in range(0, size.videos, BATCH):
        ids = ids_of(begin, min(BATCH, size.videos - begin), seed)
        graphs = _graphs(dict(batch_of(ids, size, words, rng)))  # of the two stages of labels, the last
        tables.created(TABLE).add(arrow_rows(TABLE, graphs, defaults={"source": SOURCE, "format": "svg2"} | made()))
        counts["videos"] += graphs.height
        counts["objects"] += int(graphs["num_objects"].sum())
        counts["relations"] += int(graphs["num_relations"].sum())
        heard(begin + len(ids), size.videos)
    return counts


def _graphs(tables: Mapping[str, pa.Table]) -> pl.DataFrame:
    """The rows of a batch, put together of what the phases' tables would hold of it."""
    videos, tracks, labels, relations = (
        pl.DataFrame(tables[name]) for name in ("videos", "trajectories", "labels", "relations")
    )
    shown = tracks.select("video_id", "object_id", frames=pl.int_ranges(pl.col("num_frames").clip(upper_bound=LONGEST)))
    objects = labels.filter(pl.col("stage") == VERIFIED).join(
        shown, on=["video_id", "object_id"], how="left", maintain_order="left"
    )
    whole = objects.rename({"object_id": "id"}).with_columns(part_of=pl.lit(None, pl.Int32))
    rows = videos.select("video_id", "uri", pl.col("num_frames").fill_null(1), pl.col("duration").fill_null(1.0))
    for name, parts, fields in (("objects", whole, _OBJECT), ("relations", relations, _RELATION)):
        lists = parts.group_by("video_id", maintain_order=True).agg(pl.struct(fields).alias(name))
        rows = rows.join(lists, on="video_id", how="left", maintain_order="left").with_columns(
            pl.col(name).fill_null([]), pl.col(name).list.len().fill_null(0).alias(f"num_{name}")
        )
    return rows

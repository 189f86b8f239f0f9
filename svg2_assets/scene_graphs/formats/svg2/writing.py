"""Writes SVG2's parquet files, `shard` videos a pair of files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.annotations import listed_objects, listed_relation, seconds_of, typed
from svg2_assets.scene_graphs.formats.columns import frames_of_columns
from svg2_assets.scene_graphs.formats.files import file_name, unfinished
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.parquet_groups import Group
from svg2_assets.scene_graphs.formats.records import LEVELS
from svg2_assets.scene_graphs.formats.svg2.form import WITHOUT, Convention, Writing
from svg2_assets.scene_graphs.formats.telling import counted, united
from svg2_assets.scene_graphs.formats.values import Loss, UnusableTarget, Written
from svg2_assets.traser.text import Clock

GRAPHS = pa.schema([(name, pa.string()) for name in ("video_id", "source", "objects", "relationships")])
MASKS = pa.schema(
    [
        ("video_id", pa.string()),
        *((name, pa.int64()) for name in ("num_frames", "mask_height", "mask_width", "num_objects")),
        ("counts", pa.list_(pa.string())),
    ]
)


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write `data/<group>/<source>/` and `masks/<group>/<source>/` below `target`.

    An object is the column of its id; frames on which it is not visible have an RLE without a pixel. Raises
    `UnusableTarget` where there are such files already: an export of this format is not resumed.
    """
    folders = {
        kind: target / kind / file_name(options.folder) / file_name(options.source) for kind in ("data", "masks")
    }
    for folder in folders.values():
        _require_empty(folder)
    lost: Counter[Loss] = Counter()
    waiting = iter(graphs)
    videos = files = 0
    for first in waiting:
        name = f"part-{files // 2:05d}.parquet"
        shard = chain([first], islice(waiting, options.shard - 1))
        with unfinished(folders["data"] / name) as data, unfinished(folders["masks"] / name) as masks:
            videos += _write_shard(shard, data, masks, options=options, lost=lost)
        files += 2
    return Written(videos=videos, files=files, lost=+lost)


def _require_empty(folder: Path) -> None:
    if any(folder.glob("*.parquet")):
        raise UnusableTarget(
            f"{printable(str(folder))}: holds parquet files already, and an export would stand beside them. Choose "
            "another folder, or another group or source (--set source=name)."
        )


def _write_shard(
    graphs: Iterable[SceneGraph], data: Path, masks: Path, *, options: Writing, lost: Counter[Loss]
) -> int:
    videos = 0
    with pq.ParquetWriter(data, GRAPHS) as graph_file, pq.ParquetWriter(masks, MASKS) as mask_file:
        graph_rows, mask_rows = Group(graph_file, GRAPHS), Group(mask_file, MASKS)
        for graph in graphs:
            lost += lost_of(graph, WITHOUT[options.convention])
            graph_rows.add(_graph_row(graph, options, lost))
            mask_rows.add(_mask_row(graph))
            videos += 1
        graph_rows.flush()
        mask_rows.flush()
    return videos


def _graph_row(graph: SceneGraph, options: Writing, lost: Counter[Loss]) -> dict[str, Any]:
    return {
        "video_id": graph.video.id,
        "source": options.source,
        "objects": json.dumps(_objects(graph, options.convention), ensure_ascii=False),
        "relationships": json.dumps(_relations(graph, options.convention, lost), ensure_ascii=False),
    }


def _objects(graph: SceneGraph, convention: Convention) -> list[dict[str, Any]]:
    listed = listed_objects(graph.objects)
    if convention is Convention.TRAINING:
        return listed
    levels = graph.levels
    said = graph.provenance.get(LEVELS, {})
    return [
        entry | typed(o, said.get(str(o.id)) or f"L{min(levels[o.id], 3)}")
        for o, entry in zip(graph.objects, listed, strict=True)
    ]


def _relations(graph: SceneGraph, convention: Convention, lost: Counter[Loss]) -> list[list[Any]]:
    once = united(graph.relations)
    if convention is Convention.TEST:
        return [listed_relation(r, seconds_of(r.spans), category=True) for r in once]
    edges = Clock(graph.video.duration).edges()
    return [listed_relation(r, times, category=True) for r, times in counted(once, edges, lost)]


def _mask_row(graph: SceneGraph) -> dict[str, Any]:
    video = graph.video
    columns = 1 + max((o.id for o in graph.objects), default=-1)
    frames = frames_of_columns(
        {o.id: o.trajectory for o in graph.objects},
        num_columns=columns,
        num_frames=video.num_frames,
        height=video.height,
        width=video.width,
    )
    return {
        "video_id": video.id,
        "num_frames": video.num_frames,
        "mask_height": video.height,
        "mask_width": video.width,
        "num_objects": columns,
        "counts": [counts for row in frames for counts in row],
    }

"""Writes the folder: all of it, or nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import Field

from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene_graphs.formats.files import whole_folder
from svg2_assets.scene_graphs.formats.huggingface.card import Figures, card_of
from svg2_assets.scene_graphs.formats.huggingface.features import schema
from svg2_assets.scene_graphs.formats.origins import licence_of
from svg2_assets.scene_graphs.formats.parquet_groups import Group
from svg2_assets.scene_graphs.formats.values import WriteOptions, Written

DATA, CARD = "data", "README.md"


class Writing(WriteOptions):
    """Options. `title` of the card; `split`; `shard` is videos a file. `data_licence` of the whole, where it is not
    what the graphs came under."""

    title: str = Field(default="Scene graphs of videos", min_length=1)
    split: str = Field(default="train", pattern=r"^\w+(\.\w+)*$")
    shard: int = Field(default=1000, ge=1)
    data_licence: str = ""


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write `<target>/data` and `<target>/README.md`. Raises `UnusableTarget` where one is there already: an export of
    this format is not resumed.
    """
    figures = Figures()
    columns = schema()
    with whole_folder(target, [DATA, CARD]) as folder:
        (folder / DATA).mkdir()
        shards: list[Path] = []
        waiting = iter(graphs)
        for first in waiting:
            shards.append(folder / DATA / f"{len(shards)}.parquet")
            with pq.ParquetWriter(shards[-1], columns) as file:
                group = Group(file, columns)
                for graph in chain([first], islice(waiting, options.shard - 1)):
                    figures.add(graph)
                    group.add(row_of(graph))
                group.flush()
        if not shards:  # a split without a file cannot be loaded
            shards.append(folder / DATA / "0.parquet")
            pq.write_table(columns.empty_table(), shards[0])
        for number, shard in enumerate(shards):
            shard.rename(shard.with_name(f"{options.split}-{number:05d}-of-{len(shards):05d}.parquet"))
        text = card_of(figures, title=options.title, split=options.split, licence=options.data_licence)
        (folder / CARD).write_text(text, encoding="utf-8")
    return Written(videos=figures.videos, files=len(shards) + 1, lost=Counter())


def row_of(graph: SceneGraph) -> dict[str, Any]:
    """A graph as a row of `features.COLUMNS`."""
    video = graph.video
    return {
        "video_id": video.id,
        "uri": video.uri,
        "sha256": video.sha256,
        "width": video.width,
        "height": video.height,
        "fps": video.fps,
        "num_frames": video.num_frames,
        "duration": video.duration,
        "frame_times": None if video.frame_times is None else list(video.frame_times),
        "objects": [_object(o) for o in graph.objects],
        "relations": [_relation(r) for r in graph.relations],
        "licence": licence_of(graph),
        "provenance": json.dumps(dict(graph.provenance), ensure_ascii=False),
    }


def _object(o: SceneObject) -> dict[str, Any]:
    return {
        "id": o.id,
        "name": o.name,
        "part_of": o.part_of,
        "verdict": o.verification.verdict.value,
        "score": float(o.verification.score),
        "attributes": [
            {"value": a.value, "type": a.type.value, "confidence": float(a.confidence)} for a in o.attributes
        ],
        "frames": list(o.trajectory.frames),
        "masks": [mask.counts.decode("ascii") for mask in o.trajectory.masks],
    }


def _relation(r: Relation) -> dict[str, Any]:
    return {
        "subject": r.subject,
        "predicate": r.predicate,
        "object": r.object,
        "category": r.category.value,
        "spans": [{"start": s.start, "end": s.end} for s in r.spans],
        "confidence": float(r.confidence),
    }

"""Writing PVSG's files: the masks of a video as soon as it comes, its record into the file of all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.id_maps import painted
from svg2_assets.scene.masks import IntArray, Mask
from svg2_assets.scene_graphs.formats.files import file_name, require_new, unfinished, whole_folder
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.origins import KEY, origin_of
from svg2_assets.scene_graphs.formats.pngs import MOST_IDS, write_ids
from svg2_assets.scene_graphs.formats.pvsg.form import (
    DOCUMENT,
    GRAPH_ID,
    MASKS,
    RECORDS,
    STUFF,
    WITHOUT,
    Writing,
)
from svg2_assets.scene_graphs.formats.telling import between_objects, counted, united
from svg2_assets.scene_graphs.formats.values import Loss, UnusableTarget, Written


@dataclass(slots=True)
class _Vocabulary:
    """What stands at the end of the file: names, predicates and ids of all videos."""

    things: set[str] = field(default_factory=set)
    stuff: set[str] = field(default_factory=set)
    predicates: set[str] = field(default_factory=set)
    videos: list[str] = field(default_factory=list)

    def add(self, record: Mapping[str, Any]) -> None:
        for o in record["objects"]:
            (self.things if o["is_thing"] else self.stuff).add(o["category"])
        self.predicates.update(predicate for _, _, predicate, _ in record["relations"])
        self.videos.append(record["video_id"])

    def members(self, options: Writing) -> dict[str, Any]:
        splits = {"train": [], "val": [], options.split: self.videos}
        return {
            "objects": {"thing": sorted(self.things), "stuff": sorted(self.stuff)},
            "relations": sorted(self.predicates),
            "split": {options.source: splits},
        }


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write `pvsg.json`, and a folder of PNG files for each video. Raises `UnusableTarget`.

    With `resume`, folders of masks that are there are kept and the file is written anew. In memory are one video, and
    the names and ids of all.
    """
    path = target / DOCUMENT
    if not options.resume:
        require_new(path)
    lost: Counter[Loss] = Counter()
    known = _Vocabulary()
    kept = files = 0
    folder = target / file_name(options.source) / MASKS
    with unfinished(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(f'{{"{RECORDS}": [')
        for graph in graphs:
            lost += lost_of(graph, WITHOUT)
            record = _record(graph, lost)
            if require_new(folder / file_name(graph.video.id), resume=options.resume):
                _write_masks(folder, graph, lost)
                files += graph.video.num_frames
            else:
                kept += 1
            file.write(",\n" if known.videos else "\n")
            file.write(json.dumps(record, ensure_ascii=False))
            known.add(record)
        file.write("],\n" + json.dumps(known.members(options), ensure_ascii=False)[1:] + "\n")
    return Written(videos=len(known.videos) - kept, kept=kept, files=files + 1, lost=+lost)


def _record(graph: SceneGraph, lost: Counter[Loss]) -> dict[str, Any]:
    video, numbers = graph.video, _numbers(graph)
    stuff = _stuff(graph)
    relations = counted(united(between_objects(graph.relations, lost)), video.edges, lost)
    fps = int(video.fps) if video.fps == int(video.fps) else video.fps
    origin = origin_of(graph)
    return {
        "video_id": video.id,
        "meta": {
            "height": video.height,
            "width": video.width,
            "fps": fps,
            "duration": video.duration,
            "num_frames": video.num_frames,
        },
        "objects": [
            {
                "object_id": numbers[o.id],
                "category": o.name,
                "is_thing": o.id not in stuff,
                "status": [],
                GRAPH_ID: o.id,
            }
            for o in graph.objects
        ],
        "relations": [[numbers[r.subject], numbers[r.object], r.predicate, times] for r, times in relations],
    } | ({KEY: origin} if origin else {})


def _numbers(graph: SceneGraph) -> dict[int, int]:
    """Ids in the file: places from 1 on, since 0 is nobody's and upstream looks objects up by place."""
    if len(graph.objects) >= MOST_IDS:
        raise UnusableTarget(
            f"{printable(graph.video.id)}: {len(graph.objects)} objects, and a PNG file tells {MOST_IDS - 1} apart. "
            "Choose another format, or leave this video out."
        )
    return {o.id: place for place, o in enumerate(graph.objects, 1)}


def _stuff(graph: SceneGraph) -> frozenset[int]:
    """Ids of objects that are no things, as the graph's provenance says."""
    told = graph.provenance.get(STUFF)
    return frozenset(i for i in told if type(i) is int) if isinstance(told, list | tuple) else frozenset()


def _write_masks(folder: Path, graph: SceneGraph, lost: Counter[Loss]) -> None:
    name = file_name(graph.video.id)
    covered: set[int] = set()
    with whole_folder(folder, [name]) as unnamed:
        (unnamed / name).mkdir()
        for frame, ids in enumerate(_maps(graph, covered)):
            write_ids(unnamed / name / f"{frame:04d}.png", ids)
    lost[Loss.OVERLAPS] += len(covered)


def _maps(graph: SceneGraph, covered: set[int]) -> Iterator[IntArray]:
    """The ids of each frame. Objects that lose pixels to others go into `covered`."""
    numbers = _numbers(graph)
    by_frame: dict[int, list[tuple[int, Mask]]] = {}
    for o in graph.objects:
        for frame, mask in zip(o.trajectory.frames, o.trajectory.masks, strict=True):
            by_frame.setdefault(frame, []).append((numbers[o.id], mask))
    video = graph.video
    for frame in range(video.num_frames):
        shown = by_frame.get(frame, [])
        ids = painted(shown, height=video.height, width=video.width)
        covered.update(number for number, mask in shown if int((ids == number).sum()) < mask.area)
        yield ids

"""Writing VidVRD's and VidOR's files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.spans import runs
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.boxes import boxes_of, has_shape
from svg2_assets.scene_graphs.formats.files import file_name, require_new, unfinished
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.origins import KEY, origin_of
from svg2_assets.scene_graphs.formats.telling import between_objects, counted, united
from svg2_assets.scene_graphs.formats.values import Loss, Written
from svg2_assets.scene_graphs.formats.vidvrd.form import (
    CORNERS,
    OBJECTS,
    RELATIONS,
    TRAJECTORIES,
    VERSION,
    WITHOUT,
    AnyWriting,
    VidorWriting,
)


def write(graphs: Iterable[SceneGraph], target: Path, options: AnyWriting) -> Written:
    """Write `<target>/<split>/<video>.json`, VidOR `<split>/<group>/<video>.json`. Raises `UnusableTarget`."""
    lost: Counter[Loss] = Counter()
    videos = kept = 0
    for graph in graphs:
        lost += lost_of(graph, WITHOUT)
        lost[Loss.SHAPES] += sum(has_shape(o.trajectory) for o in graph.objects)
        record = _record(graph, options, lost)
        group = [file_name(options.group)] if isinstance(options, VidorWriting) else []
        path = target.joinpath(file_name(options.split), *group, f"{file_name(graph.video.id)}.json")
        if not require_new(path, resume=options.resume):
            kept += 1
            continue
        with unfinished(path) as temporary:
            temporary.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
        videos += 1
    return Written(videos=videos, kept=kept, files=videos, lost=+lost)


def _record(graph: SceneGraph, options: AnyWriting, lost: Counter[Loss]) -> dict[str, Any]:
    video = graph.video
    origin = origin_of(graph)
    kind: dict[str, Any] = {}
    if isinstance(options, VidorWriting):
        path = f"{file_name(options.group)}/{file_name(video.id)}.mp4"
        kind = {"version": VERSION, "video_hash": "", "video_path": path}
    return {
        **kind,
        "video_id": video.id,
        "frame_count": video.num_frames,
        "fps": int(video.fps) if video.fps == int(video.fps) else video.fps,
        "width": video.width,
        "height": video.height,
        OBJECTS: [{"tid": o.id, "category": o.name} for o in graph.objects],
        TRAJECTORIES: _frames(graph),
        RELATIONS: list(_instances(graph, lost)),
    } | ({KEY: origin} if origin else {})


def _frames(graph: SceneGraph) -> list[list[dict[str, Any]]]:
    frames: list[list[dict[str, Any]]] = [[] for _ in range(graph.video.num_frames)]
    for o in graph.objects:
        for frame, (x, y, w, h) in boxes_of(o.trajectory).items():
            corners = dict(zip(CORNERS, (x, y, x + w - 1, y + h - 1), strict=True))
            frames[frame].append({"tid": o.id, "bbox": corners, "generated": 1, "tracker": "none"})
    return frames


def _instances(graph: SceneGraph, lost: Counter[Loss]) -> Iterator[dict[str, Any]]:
    video = graph.video
    shown = {o.id: _shown(o.trajectory, video) for o in graph.objects}
    for r, times in counted(united(between_objects(graph.relations, lost)), video.edges, lost):
        for first, last in _together(r, times, shown, lost):
            yield {
                "subject_tid": r.subject,
                "object_tid": r.object,
                "predicate": r.predicate,
                "begin_fid": first,
                "end_fid": last + 1,
            }


def _together(
    r: Relation, times: list[list[int]], shown: Mapping[int, BoolArray], lost: Counter[Loss]
) -> list[tuple[int, int]]:
    """Runs of frames that show both ends."""
    both = shown[r.subject] & shown[r.object]
    held = np.zeros_like(both)
    for first, last in times:
        held[first : last + 1] = True
    lost[Loss.APART] += bool((held & ~both).any())
    return runs(held & both)


def _shown(track: Trajectory, video: Video) -> BoolArray:
    shown = np.zeros(video.num_frames, dtype=bool)
    shown[list(track.frames)] = True
    return shown

"""Writes SA-V's files, one a video and kind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.columns import frames_of_columns
from svg2_assets.scene_graphs.formats.files import file_name, require_new, unfinished
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.origins import KEY, origin_of
from svg2_assets.scene_graphs.formats.sav.form import WITHOUT, Kind, Masklets, Writing
from svg2_assets.scene_graphs.formats.values import Loss, Written

SMALL, MEDIUM = 32**2, 96**2  # pixels below which a masklet is called so


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write `<target>/<video>_manual.json`, `<video>_auto.json` or both. Raises `UnusableTarget`.

    With `resume`, files that are there are kept.
    """
    lost: Counter[Loss] = Counter()
    videos = kept = files = 0
    for graph in graphs:
        masklets = Masklets.of(graph, options)
        lost += _lost(graph, masklets)
        kinds = [k for k in Kind if k in {kind for kind, _ in masklets.ids.values()}] or [options.kind]
        paths = {kind: target / f"{file_name(graph.video.id)}_{kind.value}.json" for kind in kinds}
        missing = {kind: path for kind, path in paths.items() if require_new(path, resume=options.resume)}
        for kind, path in missing.items():
            with unfinished(path) as temporary:
                text = json.dumps(_document(graph, masklets, kind), ensure_ascii=False)
                temporary.write_text(text, encoding="utf-8")
        videos, kept, files = videos + bool(missing), kept + (not missing), files + len(missing)
    return Written(videos=videos, kept=kept, files=files, lost=+lost)


def _lost(graph: SceneGraph, masklets: Masklets) -> Counter[Loss]:
    lost = lost_of(graph, WITHOUT)
    step = _stride(graph, masklets)
    lost[Loss.RELATIONS] += len(graph.relations)
    lost[Loss.BETWEEN] += sum(f % step > 0 for o in graph.objects for f in o.trajectory.frames)
    return lost


def _stride(graph: SceneGraph, masklets: Masklets) -> int:
    """Frames of the graph for one annotated: 1 where the graph's are the annotated ones already."""
    return masklets.step if masklets.frame_count == graph.video.num_frames else 1


def _document(graph: SceneGraph, masklets: Masklets, kind: Kind) -> dict[str, Any]:
    video, stride = graph.video, _stride(graph, masklets)
    objects = {masklets.ids[o.id][1]: o for o in graph.objects if masklets.ids[o.id][0] is kind}
    tracks = {number: _every(o.trajectory, stride) for number, o in objects.items()}
    manual = kind is Kind.MANUAL
    document: dict[str, Any] = {
        "video_id": video.id,
        "video_duration": masklets.duration,
        "video_frame_count": float(masklets.frame_count),
        "video_height": float(video.height),
        "video_width": float(video.width),
        "video_resolution": float(video.height * video.width),
        "video_environment": masklets.environment,
        "video_split": masklets.split,
        "masklet": _rows(list(tracks.values()), video, masklets.annotated),
        "masklet_id": list(tracks),
        **_figures(list(tracks.values()), video, masklets.annotated),
        "masklet_edited_frame_count": [0] * len(tracks),
        "masklet_type": [kind.value] * len(tracks),
        "masklet_stability_score": [None] * len(tracks) if manual else None,
        "masklet_num": len(tracks),
        "masklet_frame_step": masklets.step,
    }
    return document | _names(list(objects.values())) | ({KEY: origin} if (origin := origin_of(graph)) else {})


def _names(objects: Sequence[SceneObject]) -> dict[str, list[str]]:
    names = [o.name for o in objects]
    return {"masklet_name": names} if set(names) - {UNKNOWN_NAME} else {}


def _every(track: Trajectory, step: int) -> Trajectory:
    """The trajectory among every `step`-th frame, which count from 0."""
    kept = [(f // step, m) for f, m in zip(track.frames, track.masks, strict=True) if f % step == 0]
    return Trajectory(tuple(f for f, _ in kept), tuple(m for _, m in kept))


def _rows(tracks: Sequence[Trajectory], video: Video, frames: int) -> list[list[dict[str, Any]]]:
    size = [video.height, video.width]
    rows = frames_of_columns(
        dict(enumerate(tracks)), num_columns=len(tracks), num_frames=frames, height=video.height, width=video.width
    )
    return [[{"size": size, "counts": counts} for counts in row] for row in rows]


def _figures(tracks: Sequence[Trajectory], video: Video, frames: int) -> Mapping[str, list[Any]]:
    sizes = [float(track.areas.mean()) if len(track) else 0.0 for track in tracks]
    return {
        "masklet_size_rel": [size / (video.height * video.width) for size in sizes],
        "masklet_size_abs": sizes,
        "masklet_size_bucket": ["small" if s < SMALL else "medium" if s < MEDIUM else "large" for s in sizes],
        "masklet_visibility_changes": [_changes(track, frames) for track in tracks],
        "masklet_first_appeared_frame": [track.frames[0] if len(track) else None for track in tracks],
        "masklet_frame_count": [frames] * len(tracks),
    }


def _changes(track: Trajectory, frames: int) -> int:
    """How often it comes or goes after it appeared first."""
    shown = np.zeros(frames, dtype=bool)
    shown[list(track.frames)] = True
    return int(np.count_nonzero(np.diff(shown[track.frames[0] :]))) if len(track) else 0

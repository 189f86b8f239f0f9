"""Trajectories as rows of the tables `trajectories` and `masks`, and back.

The video's own facts (camera motion, cuts, run statistics) are a row of their own, under the id of the camera. The
facts of a group are its members.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.parts import nearest_wholes
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.trajectories.protocols import CameraMotion, Origin, TrackedObject, TrackingResult, Witness

Row = dict[str, Any]
CAMERA_ORIGIN = "camera"


def to_rows(video: Video, result: TrackingResult) -> dict[str, list[Row]]:
    """Rows by table. Objects that are visible nowhere are left out; their parts go to the next whole that is."""
    shown = [o for o in result.objects if len(o.trajectory)]
    wholes = nearest_wholes({o.id: o.part_of for o in result.objects}, kept=[o.id for o in shown])
    tracked = [_trajectory_row(video, o, part_of=wholes[o.id]) for o in shown]
    masks = [_masks_row(video, o) for o in shown]
    return {"trajectories": [_camera_row(video, result), *tracked], "masks": masks}


def from_rows(trajectories: Iterable[Mapping[str, Any]], masks: Iterable[Mapping[str, Any]]) -> TrackingResult:
    """The result of one video that `to_rows` wrote; without `masks`, trajectories are empty but evidence is there."""
    by_object = {row["object_id"]: row for row in masks}
    rows = sorted(trajectories, key=lambda row: int(row["object_id"]))
    facts: dict[str, Any] = next((json.loads(row["facts"]) for row in rows if row["object_id"] == CAMERA_ID), {})
    camera = facts.get("camera", {})
    return TrackingResult(
        objects=tuple(_object(r, by_object.get(r["object_id"])) for r in rows if r["object_id"] != CAMERA_ID),
        camera=CameraMotion(
            tuple(camera.get("frames", ())),
            tuple((s[0], s[1], s[2], s[3]) for s in camera.get("steps", ())),
            bool(camera.get("fixed", True)),
        ),
        cuts=tuple(facts.get("cuts", ())),
        statistics=MappingProxyType(facts.get("statistics", {})),
    )


def _camera_row(video: Video, result: TrackingResult) -> Row:
    facts = {
        "camera": {
            "frames": list(result.camera.frames),
            "steps": [[round(v, 5) for v in step] for step in result.camera.steps],
            "fixed": result.camera.fixed,
        },
        "cuts": list(result.cuts),
        "statistics": dict(result.statistics),
    }
    return {
        "video_id": video.id,
        "object_id": CAMERA_ID,
        "origin": CAMERA_ORIGIN,
        "score": 1.0,
        "relinked_from": None,
        "part_of": None,
        "registered": None,
        "num_frames": video.num_frames,
        "first_frame": 0,
        "last_frame": video.num_frames - 1,
        "start": 0.0,
        "end": video.duration,
        "mean_area": 0.0,
        "frames": [],
        "boxes": [],
        "witnesses": "[]",
        "facts": json.dumps(facts, default=float),
    }


def _trajectory_row(video: Video, o: TrackedObject, *, part_of: int | None) -> Row:
    track, edges = o.trajectory, video.edges
    witnesses = [{"source": w.source, "looks": w.looks, "scores": dict(w.scores)} for w in o.witnesses]
    return {
        "video_id": video.id,
        "object_id": o.id,
        "origin": o.origin.value,
        "score": float(o.score),
        "relinked_from": o.relinked_from,
        "part_of": part_of,
        "registered": o.registered,
        "num_frames": len(track),
        "first_frame": track.frames[0],
        "last_frame": track.frames[-1],
        "start": float(edges[track.frames[0]]),
        "end": float(edges[track.frames[-1] + 1]),
        "mean_area": float(track.areas.mean()),
        "frames": list(track.frames),
        "boxes": track.boxes.ravel().tolist(),
        "witnesses": json.dumps(witnesses, default=float),
        "facts": json.dumps({"members": o.members}) if o.members else None,
    }


def _masks_row(video: Video, o: TrackedObject) -> Row:
    return {
        "video_id": video.id,
        "object_id": o.id,
        "height": video.height,
        "width": video.width,
        "frames": list(o.trajectory.frames),
        "counts": [m.counts for m in o.trajectory.masks],
    }


def _object(row: Mapping[str, Any], masks: Mapping[str, Any] | None) -> TrackedObject:
    track = Trajectory((), ())
    if masks is not None:
        height, width = int(masks["height"]), int(masks["width"])
        track = Trajectory(tuple(masks["frames"]), tuple(Mask(height, width, bytes(c)) for c in masks["counts"]))
    facts: dict[str, Any] = json.loads(row.get("facts") or "{}")
    return TrackedObject(
        id=int(row["object_id"]),
        trajectory=track,
        origin=Origin(row["origin"]),
        score=float(row["score"]),
        witnesses=tuple(Witness(w["source"], w["looks"], w["scores"]) for w in json.loads(row["witnesses"])),
        relinked_from=row["relinked_from"],
        part_of=row.get("part_of"),
        registered=row.get("registered"),
        members=tuple(facts.get("members", ())),
    )

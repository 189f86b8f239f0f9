"""Small tables as the store returns them."""

from __future__ import annotations

from typing import Any

import polars as pl

VIDEOS = {
    "video_id": pl.String,
    "uri": pl.String,
    "status": pl.String,
    "superseded_by": pl.String,
    "num_frames": pl.Int32,
    "duration": pl.Float64,
}
TRAJECTORIES = {"video_id": pl.String, "object_id": pl.Int32, "origin": pl.String, "num_frames": pl.Int32}
LABELS = {
    "video_id": pl.String,
    "stage": pl.String,
    "object_id": pl.Int32,
    "name": pl.String,
    "verdict": pl.String,
    "attributes": pl.List(pl.Struct({"value": pl.String, "type": pl.String, "confidence": pl.Float64})),
}
RELATIONS = {
    "video_id": pl.String,
    "relation_id": pl.Int32,
    "subject": pl.Int32,
    "predicate": pl.String,
    "object": pl.Int32,
    "category": pl.String,
    "spans": pl.List(pl.Struct({"start": pl.Float64, "end": pl.Float64})),
    "confidence": pl.Float64,
}


def videos(*rows: dict[str, Any]) -> pl.DataFrame:
    defaults = {"status": "ok", "superseded_by": None, "num_frames": 100, "duration": 10.0}
    filled = [{"uri": f"/clips/{row['video_id']}.mp4"} | defaults | row for row in rows]
    return pl.DataFrame(filled, schema=VIDEOS)


def trajectories(*pairs: tuple[str, int]) -> pl.DataFrame:
    rows = [{"video_id": v, "object_id": o, "origin": "seed", "num_frames": 10} for v, o in pairs]
    return pl.DataFrame(rows, schema=TRAJECTORIES)


def label(video_id: str, object_id: int, name: str, *types: str, **other: Any) -> dict[str, Any]:
    attributes = [{"value": f"some {kind}", "type": kind, "confidence": 0.9} for kind in types]
    row = {"video_id": video_id, "stage": "verified", "object_id": object_id, "name": name, "verdict": "supported"}
    return row | {"attributes": attributes} | other


def labels(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=LABELS)


def relation(video_id: str, relation_id: int, said: tuple[int, str, int], **other: Any) -> dict[str, Any]:
    spans = other.pop("spans", [(0.0, 4.0)])
    row = {"category": "spatial", "confidence": 0.8} | other
    return row | {
        "video_id": video_id,
        "relation_id": relation_id,
        "subject": said[0],
        "predicate": said[1],
        "object": said[2],
        "spans": [{"start": a, "end": b} for a, b in spans],
    }


def relations(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=RELATIONS)

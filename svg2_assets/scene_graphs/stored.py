"""Reads what the phases wrote of one video, as values, and puts it together."""

from __future__ import annotations

import json
from typing import Any

from svg2_assets.catalog.lookup import Tables, video_of
from svg2_assets.descriptions.protocols import Description
from svg2_assets.descriptions.rows import from_rows as descriptions_from_rows
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.labels.rows import PARSED, VERIFIED, labels_of, verified_of
from svg2_assets.relations.rows import from_rows as relations_from_rows
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.assemble import assemble
from svg2_assets.trajectories.protocols import TrackingResult
from svg2_assets.trajectories.rows import from_rows as tracks_from_rows


def read_video(tables: Tables, video_id: str) -> Video:
    """The video; `PhaseError` when the catalog does not hold it as decodable."""
    rows = tables.read("videos", video_ids=[video_id]).to_dicts()
    if not rows or rows[0]["status"] != "ok":
        found = f"status {rows[0]['status']}" if rows else "no such video in the catalog"
        raise PhaseError(
            video=video_id, phase="videos", expected="a video that decodes", found=found, remedy="See `svg2 status`."
        )
    return video_of(rows[0])


def read_tracks(tables: Tables, video_id: str) -> TrackingResult:
    """All trajectories with masks and evidence."""
    trajectories = tables.read("trajectories", video_ids=[video_id]).to_dicts()
    masks = tables.read("masks", video_ids=[video_id]).to_dicts()
    return tracks_from_rows(trajectories, masks)


def read_descriptions(tables: Tables, video_id: str) -> tuple[Description, ...]:
    """The descriptions."""
    return descriptions_from_rows(tables.read("descriptions", video_ids=[video_id]).to_dicts())


def read_parsed(tables: Tables, video_id: str) -> tuple[Label, ...]:
    """The labels as parsed."""
    return labels_of(tables.read("labels", video_ids=[video_id], where={"stage": PARSED}).to_dicts())


def read_verified(tables: Tables, video_id: str) -> tuple[VerifiedLabel, ...]:
    """The labels as verified."""
    return verified_of(tables.read("labels", video_ids=[video_id], where={"stage": VERIFIED}).to_dicts())


def read_relations(tables: Tables, video_id: str) -> tuple[Relation, ...]:
    """The relations."""
    return relations_from_rows(tables.read("relations", video_ids=[video_id]).to_dicts())


def read_graph(tables: Tables, video_id: str) -> SceneGraph:
    """The scene graph of one video, put together from the rows of all phases."""
    return assemble(
        read_video(tables, video_id),
        read_tracks(tables, video_id),
        labels=read_verified(tables, video_id),
        relations=read_relations(tables, video_id),
        provenance=_provenance(tables, video_id),
    )


def _provenance(tables: Tables, video_id: str) -> dict[str, Any]:
    """phase -> what made its rows."""
    columns = ("phase", "code_version", "config_hash", "model_id", "output_version", "run_id", "updated_at")
    rows = tables.read("phase_state", video_ids=[video_id], columns=columns).to_dicts()
    return {row.pop("phase"): json.loads(json.dumps(row, default=str)) for row in rows}

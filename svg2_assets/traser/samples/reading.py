"""Drafts of samples from what the phases wrote of a video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svg2_assets.catalog.lookup import Tables
from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.scene.graph import SceneObject
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Category
from svg2_assets.scene_graphs.stored import read_tracks, read_verified, read_video
from svg2_assets.trajectories.protocols import TrackedObject
from svg2_assets.traser.samples.values import Draft, DraftRelation


def read_draft(tables: Tables, video_id: str) -> Draft:
    """What the rows of all phases say of one video, contradictions included: the filters judge them.

    Raises `PhaseError` where the catalog does not hold the video as decodable.
    """
    labels = {v.label.object_id: v for v in read_verified(tables, video_id)}
    objects = sorted(read_tracks(tables, video_id).objects, key=lambda o: o.id)
    rows = tables.read("relations", video_ids=[video_id]).to_dicts()
    return Draft(
        read_video(tables, video_id),
        tuple(_object(o, labels.get(o.id)) for o in objects),
        tuple(_relation(row) for row in rows),
    )


def _object(tracked: TrackedObject, verified: VerifiedLabel | None) -> SceneObject:
    if verified is None:
        return SceneObject(tracked.id, UNKNOWN_NAME, tracked.trajectory, part_of=tracked.part_of)
    label = verified.label
    return SceneObject(
        tracked.id, label.name, tracked.trajectory, label.attributes, verified.verification, tracked.part_of
    )  # fmt: skip


def _relation(row: Mapping[str, Any]) -> DraftRelation:
    spans = tuple((float(s["start"]), float(s["end"])) for s in row["spans"] or ())
    category = Category(row["category"]) if row["category"] in set(Category) else None
    confidence = 1.0 if row["confidence"] is None else float(row["confidence"])
    return DraftRelation(row["subject"], row["predicate"] or "", row["object"], spans, category, confidence)

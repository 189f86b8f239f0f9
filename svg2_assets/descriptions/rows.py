"""Descriptions as rows of the table `descriptions`, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from svg2_assets.descriptions.protocols import Description


def to_rows(video_id: str, descriptions: Sequence[Description]) -> list[dict[str, Any]]:
    """One row a description."""
    return [
        {
            "video_id": video_id,
            "object_id": d.object_id,
            "text": d.text,
            "frames": list(d.frames),
            "reason": d.reason,
        }
        for d in descriptions
    ]


def from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Description, ...]:
    """The descriptions of one video, by object id."""
    ordered = sorted(rows, key=lambda row: int(row["object_id"]))
    return tuple(
        Description(int(r["object_id"]), r["text"], tuple(r["frames"]), r.get("reason") or "") for r in ordered
    )

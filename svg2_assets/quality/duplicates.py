"""Two trajectories of one thing: strongly overlapping masks under one name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.trajectories import boxes_of
from svg2_assets.quality.verdict import Outcome, Problem, Severity, check
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.trajectory import Trajectory, volume_iou

SAME = 0.8  # volume IoU above which two trajectories of one name are one thing
SUSPECT = 0.5  # volume IoU above which they may be
GROUP = "salient"
"""Origin of a trajectory that stands for a salient group; it overlaps its members by intention."""

Row = Mapping[str, Any]


@check("duplicate_objects", phase="verified_labels")
def duplicate_objects(tables: PhaseTables) -> Outcome:
    """No two trajectories of one name share over 80 % of their pixels through time; a warning over 50 %, or unnamed."""
    names = tables.names()
    problems: list[Problem] = []
    for (video_id,), rows in tables.trajectories.group_by("video_id", maintain_order=True):
        pairs = list(_candidates(rows, {o: names.get((str(video_id), o), "") for o in rows["object_id"]}))
        if pairs:
            problems += _duplicates(str(video_id), pairs, tables)
    return Outcome(problems)


def _candidates(rows: pl.DataFrame, names: Mapping[int, str]) -> Iterator[tuple[Row, Row, str]]:
    """Pairs of one name whose boxes do not already rule out that they overlap enough."""
    columns = ["object_id", "origin", "num_frames", "mean_area", "frames", "boxes"]
    for first, second in combinations(rows.select(columns).iter_rows(named=True), 2):
        name = names[first["object_id"]]
        if name and name == names[second["object_id"]] and _iou_bound(first, second) > SUSPECT:
            yield first, second, name


def _iou_bound(first: Row, second: Row) -> float:
    """A number that the volume IoU cannot exceed: what the boxes have in common, against the pixels of both."""
    _, at, other = np.intersect1d(first["frames"], second["frames"], return_indices=True)
    a, b = boxes_of(first["boxes"])[at], boxes_of(second["boxes"])[other]
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    common = float(np.prod(np.clip(high - low, 0, None), axis=1).sum())
    pixels = [r["mean_area"] * r["num_frames"] for r in (first, second)]
    common = min(common, *pixels)
    return common / (sum(pixels) - common) if sum(pixels) > common else 0.0


def _duplicates(video_id: str, pairs: list[tuple[Row, Row, str]], tables: PhaseTables) -> Iterator[Problem]:
    wanted = {row["object_id"] for first, second, _ in pairs for row in (first, second)}
    masks = tables.masks(video_id).filter(pl.col("object_id").is_in(list(wanted)))
    tracks = {row["object_id"]: _trajectory(row) for row in masks.iter_rows(named=True)}
    for first, second, name in pairs:
        a, b = first["object_id"], second["object_id"]
        iou = volume_iou(tracks[a], tracks[b])
        if iou <= SUSPECT:
            continue
        certain = iou > SAME and name != UNKNOWN_NAME and GROUP not in (first["origin"], second["origin"])
        message = f"objects {a} and {b} are both called {name!r} and share {iou:.0%} of their pixels"
        row = {"object_id": a, "other_id": b, "name": name, "volume_iou": iou}
        yield Problem(video_id, message, row, Severity.ERROR if certain else Severity.WARN)


def _trajectory(row: Row) -> Trajectory:
    masks = tuple(Mask(row["height"], row["width"], counts) for counts in row["counts"])
    return Trajectory(tuple(row["frames"]), masks)


CHECKS = (duplicate_objects,)

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
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import UNKNOWN_NAME

SAME = 0.8  # volume IoU above which two trajectories of one name are one thing
SUSPECT = 0.5  # volume IoU above which they may be
MOST_FRAMES = 100  # looked at for a pair
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
    pixels = [_pixels(first), _pixels(second)]
    common = min(common, *pixels)
    return common / (sum(pixels) - common) if sum(pixels) > common else 0.0


def _duplicates(video_id: str, pairs: list[tuple[Row, Row, str]], tables: PhaseTables) -> Iterator[Problem]:
    wanted = {row["object_id"] for first, second, _ in pairs for row in (first, second)}
    rows = tables.masks(video_id).filter(pl.col("object_id").is_in(list(wanted)))
    masks = {row["object_id"]: row for row in rows.iter_rows(named=True)}
    for first, second, name in pairs:
        a, b = first["object_id"], second["object_id"]
        iou = _volume_iou(masks[a], masks[b], pixels=_pixels(first) + _pixels(second))
        if iou <= SUSPECT:
            continue
        certain = iou > SAME and name != UNKNOWN_NAME and GROUP not in (first["origin"], second["origin"])
        message = f"objects {a} and {b} are both called {name!r} and share {iou:.0%} of their pixels"
        row = {"object_id": a, "other_id": b, "name": name, "volume_iou": iou}
        yield Problem(video_id, message, row, Severity.ERROR if certain else Severity.WARN)


def _volume_iou(first: Row, second: Row, *, pixels: float) -> float:
    """Common pixels through time over those of either, of two mask rows that have `pixels` together.

    What they have in common is estimated from at most `MOST_FRAMES` frames, evenly spread over those that show both.
    """
    shared, at, other = np.intersect1d(first["frames"], second["frames"], return_indices=True)
    chosen = np.unique(np.linspace(0, shared.size - 1, min(shared.size, MOST_FRAMES)).astype(np.int64))
    sampled = sum(_common(_mask(first, int(at[i])), _mask(second, int(other[i]))) for i in chosen)
    common = sampled * shared.size / max(1, chosen.size)
    return common / (pixels - common) if pixels > common else 0.0


def _common(first: Mask, second: Mask) -> float:
    return float(mask_algebra.intersection_areas([first], [second])[0, 0])


def _mask(row: Row, index: int) -> Mask:
    return Mask(row["height"], row["width"], row["counts"][index])


def _pixels(row: Row) -> float:
    return float(row["mean_area"] * row["num_frames"])


CHECKS = (duplicate_objects,)

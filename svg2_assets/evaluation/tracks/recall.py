"""Average recall of trajectories, the measure of the SVG2 paper's tracking table, and what it is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from svg2_assets.evaluation.tracks.criteria import Criteria
from svg2_assets.evaluation.tracks.overlaps import Overlaps
from svg2_assets.evaluation.tracks.pairing import Pair, most_pairs
from svg2_assets.scene.masks import BoolArray, FloatArray

THRESHOLDS = tuple((50 + 5 * i) / 100 for i in range(10))
"""0.5, 0.55, ..., 0.95 (COCO)."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Shares of truth trajectories in 0..1, None where there are none; `counts` says of how many.

    `at_matched` is the recall at `Criteria.matched` (AR@0.5), `averaged` the mean over 0.5:0.95. The groups are
    recalled at `Criteria.matched` too, in the same matching.
    """

    at_matched: float | None
    averaged: float | None
    small: float | None
    large: float | None
    late: float | None
    parts: float | None
    counts: Mapping[str, int]


def average_recall(volume_iou: FloatArray, *, least: float) -> float | None:
    """Truth trajectories matched one to one at a volume IoU of at least `least` / all of them. [N, M] in, 0..1 out.

    None without truth. Source: SVG2 (arXiv 2602.23543), tracking table, AR at IoU 0.5; Hungarian matching.
    """
    return len(most_pairs(volume_iou, least=least)) / len(volume_iou) if len(volume_iou) else None


def mean_average_recall(volume_iou: FloatArray) -> float | None:
    """Mean of `average_recall` over 0.5, 0.55, ..., 0.95 (COCO's AR), each threshold with a matching of its own."""
    recalls = [average_recall(volume_iou, least=t) for t in THRESHOLDS]
    return float(np.mean([r for r in recalls if r is not None])) if len(volume_iou) else None


def relative_areas(overlaps: Overlaps, *, pixels: int) -> FloatArray:
    """Mean area of each truth object over the frames that show it, by the `pixels` of a frame, [N] in 0..1."""
    visible = (overlaps.truth_areas > 0).sum(axis=0)
    return np.asarray(overlaps.truth_areas.sum(axis=0) / np.maximum(visible, 1) / max(pixels, 1))


def late(overlaps: Overlaps, *, from_frame: float) -> BoolArray:
    """Which truth objects are visible at all, and at no time before frame `from_frame`, [N]."""
    visible = overlaps.truth_areas > 0
    return np.asarray(visible.any(axis=0) & (visible.argmax(axis=0) >= from_frame))


def parts_kept(volume_iou: FloatArray, pairs: Collection[Pair], *, parts: BoolArray) -> float | None:
    """Share of the truth objects marked in `parts` [N] whose own prediction fits no other truth object better.

    A prediction of the whole that happens to match a large part is the whole's and keeps no part. None without parts.
    `pairs` are those of `most_pairs`.
    """
    kept = [i for i, j in pairs if parts[i] and volume_iou[i, j] >= volume_iou[:, j].max()]
    return len(kept) / int(parts.sum()) if parts.any() else None


def recall_scores(
    overlaps: Overlaps, volume_iou: FloatArray, *, pixels: int, fps: float, parts: BoolArray, criteria: Criteria
) -> Recall:
    """All recalls; `pixels` is a frame's size, `parts` [N] marks the truth objects that are parts of others."""
    found = np.zeros(len(volume_iou), dtype=bool)
    found[[i for i, _ in most_pairs(volume_iou, least=criteria.matched)]] = True
    area = relative_areas(overlaps, pixels=pixels)
    groups = {
        "small": area < criteria.small,
        "large": area >= criteria.large,
        "late": late(overlaps, from_frame=criteria.late_from(num_frames=overlaps.num_frames, fps=fps)),
        "parts": parts,
    }
    return Recall(
        at_matched=_share(found, np.ones_like(found)),
        averaged=mean_average_recall(volume_iou),
        **{name: _share(found, group) for name, group in groups.items()},
        counts={"all": len(found), **{name: int(group.sum()) for name, group in groups.items()}},
    )


def _share(found: BoolArray, group: BoolArray) -> float | None:
    return float(found[group].mean()) if group.any() else None

"""Identity measures of masks: IDF1 and identity switches, without TrackEval and equal to its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from svg2_assets.evaluation.identities import id_true_positives
from svg2_assets.evaluation.tracks.overlaps import Block, Overlaps
from svg2_assets.scene.masks import IntArray

CONTINUITY = 1000.0
"""What going on with the same trajectory is worth beside the IoU, as in TrackEval."""


@dataclass(frozen=True, slots=True)
class Identities:
    """IDF1, its precision and recall in 0..1 (None where nothing is there to divide by), and the switches."""

    idf1: float | None
    precision: float | None
    recall: float | None
    switches: int


def identity_scores(overlaps: Overlaps, *, least: float) -> Identities:
    """IDF1 = 2 IDTP / (truth masks + predicted masks), with IDTP the masks that overlap by `least` under the best
    one-to-one assignment over the whole clip. Source: Ristani et al., ECCV workshop 2016.
    """
    together = np.zeros(overlaps.shape)
    for block in overlaps.blocks():
        together[np.ix_(block.truth, block.predicted)] += block.iou >= least
    right = id_true_positives(together)
    labelled, tracked = int((overlaps.truth_areas > 0).sum()), int((overlaps.predicted_areas > 0).sum())
    return Identities(
        idf1=_ratio(2 * right, labelled + tracked),
        precision=_ratio(right, tracked),
        recall=_ratio(right, labelled),
        switches=switches(overlaps, least=least),
    )


def switches(overlaps: Overlaps, *, least: float) -> int:
    """How often a truth object is matched by another trajectory than the last time.

    On each frame the Hungarian method matches at an IoU of `least`; a pair of the frame before stays where it still
    reaches that. Frames that lack truth or prediction end no pair. Source: CLEAR MOT (Bernardin and Stiefelhagen
    2008) as TrackEval counts it.
    """
    last = np.full(overlaps.shape[0], -1)
    before = last.copy()
    count = 0
    for block in overlaps.blocks():
        if not block.iou.size:
            continue
        rows, columns = _matched(block, before, least)
        count += int(((last[rows] >= 0) & (last[rows] != columns)).sum())
        last[rows] = columns
        before[:] = -1
        before[rows] = columns
    return count


def _matched(block: Block, before: IntArray, least: float) -> tuple[IntArray, IntArray]:
    """The truth and predicted indices of the pairs of one frame."""
    going_on = block.predicted[None, :] == before[block.truth][:, None]
    gain = np.where(block.iou >= least, CONTINUITY * going_on + block.iou, 0.0)
    rows, columns = linear_sum_assignment(-gain)
    kept = gain[rows, columns] > 0
    return block.truth[rows[kept]], block.predicted[columns[kept]]


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None

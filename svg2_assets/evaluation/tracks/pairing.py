"""One-to-one pairs of truth and prediction by the Hungarian method."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

from svg2_assets.scene.masks import FloatArray

Pair: TypeAlias = tuple[int, int]
"""(index of the truth, index of the prediction)"""


def most_pairs(overlap: FloatArray, *, least: float) -> list[Pair]:
    """As many pairs as can reach `least`, among these the ones that overlap most; `overlap` [N, M] is in 0..1.

    The number of pairs comes first, so that one more prediction can never cost a pair.
    """
    reward = min(overlap.shape) + 1.0  # more than all overlaps together
    return _chosen(np.where(overlap >= least, reward + overlap, 0.0))


def best_pairs(overlap: FloatArray, *, least: float) -> list[Pair]:
    """The pairs of at least `least` that overlap most in sum; `overlap` [N, M] is in 0..1."""
    return _chosen(np.where(overlap >= least, overlap, 0.0))


def _chosen(gain: FloatArray) -> list[Pair]:
    rows, columns = linear_sum_assignment(-gain)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if gain[i, j] > 0]

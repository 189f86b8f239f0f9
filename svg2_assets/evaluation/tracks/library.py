"""HOTA, CLEAR MOT and IDF1 as TrackEval computes them; the one module that knows TrackEval (extra `evaluation`)."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np

from svg2_assets.evaluation.tracks.overlaps import Overlaps
from svg2_assets.scene.errors import Svg2Error
from svg2_assets.scene.masks import BoolArray, IntArray


class MissingEvaluator(Svg2Error):
    """A metric is asked for whose library is not installed."""


@dataclass(frozen=True, slots=True)
class LibraryScores:
    """In 0..1 except MOTA, which may be negative; None where neither side has a mask.

    HOTA, DetA, AssA and LocA are means over the IoU thresholds 0.05, 0.1, ..., 0.95 (Luiten et al., IJCV 2021). MOTA
    and `switches` are CLEAR MOT's, IDF1 that of Ristani et al., at `Criteria.seen`.
    """

    hota: float | None
    deta: float | None
    assa: float | None
    loca: float | None
    mota: float | None
    idf1: float | None
    switches: int


def library_scores(overlaps: Overlaps, *, least: float) -> LibraryScores:
    """TrackEval's scores of one clip on mask IoU; `least` is the IoU of CLEAR MOT and IDF1.

    Raises `MissingEvaluator` when TrackEval is not installed.
    """
    metrics = _trackeval()
    data, threshold = _sequence(overlaps), {"THRESHOLD": least, "PRINT_CONFIG": False}
    if not data["num_gt_dets"] and not data["num_tracker_dets"]:
        return LibraryScores(None, None, None, None, None, None, 0)
    hota = metrics.HOTA().eval_sequence(data)
    clear = metrics.CLEAR(dict(threshold)).eval_sequence(data)
    identity = metrics.Identity(dict(threshold)).eval_sequence(data)
    return LibraryScores(
        hota=float(np.mean(hota["HOTA"])),
        deta=float(np.mean(hota["DetA"])),
        assa=float(np.mean(hota["AssA"])),
        loca=float(np.mean(hota["LocA"])),
        mota=float(clear["MOTA"]) if data["num_gt_dets"] else None,
        idf1=float(identity["IDF1"]),
        switches=int(clear["IDSW"]),
    )


def _trackeval() -> Any:
    try:
        with redirect_stdout(io.StringIO()):  # it prints which of its data sets lack a package; none is used here
            from trackeval import metrics
    except ImportError as error:
        raise MissingEvaluator(
            "HOTA and MOTA are computed by TrackEval, which is not installed. Install it with `pip install --no-deps "
            "trackeval`, or leave these metrics out."
        ) from error
    return metrics


def _sequence(overlaps: Overlaps) -> dict[str, Any]:
    """TrackEval's form of one clip. Ids must be dense: trajectories that are never visible are left out."""
    truth, predicted = _dense(overlaps.truth_areas > 0), _dense(overlaps.predicted_areas > 0)
    blocks = list(overlaps.blocks())
    return {
        "num_timesteps": overlaps.num_frames,
        "num_gt_ids": int(truth.max(initial=-1)) + 1,
        "num_tracker_ids": int(predicted.max(initial=-1)) + 1,
        "num_gt_dets": int((overlaps.truth_areas > 0).sum()),
        "num_tracker_dets": int((overlaps.predicted_areas > 0).sum()),
        "gt_ids": [truth[b.truth] for b in blocks],
        "tracker_ids": [predicted[b.predicted] for b in blocks],
        "similarity_scores": [b.iou for b in blocks],
    }


def _dense(visible: BoolArray) -> IntArray:
    """index -> its number among the columns of `visible` [T, N] that hold anything."""
    return np.cumsum(visible.any(axis=0)) - 1

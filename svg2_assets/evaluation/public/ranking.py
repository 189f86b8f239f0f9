"""Detections in the order of their scores: hits, average precision and recall, as VidVRD-helper and OpenPVSG do it.

Both evaluators go through a video's predictions from the highest score to the lowest. Equal scores stay in the order in
which they were given, so there (and with scores that are no number, which no order can place) the order of the input
matters. Each prediction takes, among the true instances that nothing has taken yet, the one that it overlaps most, the
first listed where several overlap alike; it is a hit if that overlap reaches the threshold.

Precision and recall are float32, as there: cumulated hits / truths and / predictions. The area under the curve is
PASCAL VOC's of 2010 and later (all points, precision made monotone), in float64. Sources: Shang et al., ACM MM 2017
(xdshang/VidVRD-helper, `evaluation/`); Yang et al., CVPR 2023 (LilyDaytoy/OpenPVSG, `utils/metric.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Videos, finite
from svg2_assets.scene.masks import BoolArray

SingleArray: TypeAlias = npt.NDArray[np.float32]

Candidate: TypeAlias = tuple[int, float | None]
"""(position of a true instance, overlap with it); None for an overlap that cannot be computed."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One video: which of its predictions are hits [N], in the order of their scores, and how many truths there are."""

    hits: BoolArray
    truths: int


@dataclass(frozen=True, slots=True)
class Detection:
    """Relation detection, all in 0..1.

    mean_ap: mean over the scored videos of `average_precision`, the area under each one's precision-recall curve.
    recall: K -> truths hit by each video's K best predictions / truths of all videos. A list shorter than K counts as
    it is.
    odd: how much of the input is computed with as the public evaluator does, and is likely a mistake:
    `not_finite_scores` (as there such predictions hit nothing, but use up what they would hit), and of boxes
    `reversed_boxes` and `misfitting_trajectories` (not one box a frame).
    """

    mean_ap: float
    recall: Mapping[int, float]
    average_precision: Mapping[str, float]
    videos: Videos
    odd: Mapping[str, int]


def by_score(scores: Sequence[Any]) -> list[int]:
    """Positions from the highest score to the lowest, equal ones in the order given."""
    return sorted(range(len(scores)), key=scores.__getitem__, reverse=True)


def taken(candidates: Iterable[Iterable[Candidate]], *, truths: int, least: float) -> BoolArray:
    """Whether each prediction, in order, takes one of `truths` instances; its candidates come in the order of these.

    Raises `InvalidBenchmarkInput` when an overlap has to be known that is None.
    """
    free = [True] * truths
    hit = []
    for choices in candidates:
        best, chosen = -np.inf, -1
        for position, overlap in choices:
            if not free[position]:
                continue
            if overlap is None:
                raise InvalidBenchmarkInput(
                    f"truth[{position}]: its overlap with a prediction of the same triplet cannot be computed: a "
                    "trajectory has too few boxes for its duration, or neither has any volume."
                )
            if overlap >= least and overlap > best:
                best, chosen = overlap, position
        if chosen >= 0:
            free[chosen] = False
        hit.append(chosen >= 0)
    return np.asarray(hit, dtype=bool)


def curves(hits: BoolArray, truths: int) -> tuple[SingleArray, SingleArray]:
    """Precision and recall after each prediction, float32 [N]; `truths` is at least 1."""
    right = np.cumsum(hits).astype(np.float32)
    wrong = np.cumsum(~hits).astype(np.float32)
    return right / (right + wrong), right / np.float32(truths)


def average_precision(precision: SingleArray, recall: SingleArray) -> float:
    """Area under the curve; 0 of no prediction."""
    across = np.concatenate(([0.0], recall, [1.0]))
    envelope = np.maximum.accumulate(np.concatenate(([0.0], precision, [0.0]))[::-1])[::-1]
    steps = np.flatnonzero(across[1:] != across[:-1])
    return float(np.sum((across[steps + 1] - across[steps]) * envelope[steps + 1]))


def detection(
    ranked: Mapping[str, Ranked], *, recalls: Sequence[int], videos: Videos, odd: Mapping[str, int]
) -> Detection:
    """Scores over videos, each with at least one truth. Raises `InvalidBenchmarkInput` where there is none."""
    if not ranked:
        raise InvalidBenchmarkInput("truth: expected a video with a relation, found none. Give the truth of the split.")
    precisions = {video: average_precision(*curves(r.hits, r.truths)) for video, r in ranked.items()}
    truths = np.float32(sum(r.truths for r in ranked.values()))
    return Detection(
        mean_ap=float(np.mean(list(precisions.values()))),
        recall={k: float(np.float32(sum(int(r.hits[:k].sum()) for r in ranked.values())) / truths) for k in recalls},
        average_precision=precisions,
        videos=videos,
        odd=odd,
    )


def counted(hits: BoolArray, scores: Sequence[Any]) -> BoolArray:
    """The hits of predictions whose score is finite."""
    return np.asarray(hits & np.fromiter((finite(s) for s in scores), dtype=bool, count=len(scores)))

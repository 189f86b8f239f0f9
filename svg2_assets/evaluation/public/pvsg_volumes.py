"""Panoptic video scene graphs by volume IoU: average precision and recall, equal to OpenPVSG's `utils/metric.py`.

Source: Yang et al., CVPR 2023 (LilyDaytoy/OpenPVSG, commit b2850b9). Truth and prediction are records by video id:
`num_frames`, `masks` {object id: Trajectory}, and `relations` [{"triplet": ((subject id, class), (object id, class),
relation), "durs": [[first, last], ...], "score": number}], the truth without `score`.

- Frames of `durs` count from 1 and include the last; those of the trajectories count from 0 like everywhere here.
  A duration that ends after the video is cut there. One from frame 0 starts at the video's last frame, as in the public
  program, where it indexes an array from its end.
- vIoU of a true and a predicted object = common pixels on the frames within both relations' durations / (pixels of the
  one within its own + of the other within its own - common); 0 where there are none.
- A prediction hits a true relation of the same three classes if the lower vIoU, of subject and object, reaches the
  threshold. See `ranking` for who takes what, for equal scores, for lists shorter than K and for the float32.
- Videos without a true relation are left out. Videos without a prediction count with none; the public program pairs
  both sides by their place in two lists.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import numpy as np

from svg2_assets.evaluation.public.pvsg import Records
from svg2_assets.evaluation.public.ranking import Candidate, Detection, Ranked, by_score, counted, taken
from svg2_assets.evaluation.public.ranking import detection as detection_scores
from svg2_assets.evaluation.public.records import (
    InvalidBenchmarkInput,
    Place,
    Record,
    bounds,
    compared,
    field,
    finite,
    positions,
    score,
    threshold,
)
from svg2_assets.evaluation.public.tubes import check_one_size
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.errors import printable
from svg2_assets.scene.masks import BoolArray, IntArray
from svg2_assets.scene.trajectory import Trajectory, covisible


def detection(
    truth: Records, predicted: Records, *, viou: float = 0.5, recalls: Sequence[int] = (10, 20, 50)
) -> Detection:
    """Mean average precision and recall at K; `viou` is the least overlap of a hit. Raises `InvalidBenchmarkInput`."""
    least, ks = threshold(viou, "viou"), positions(recalls, "recalls")
    ranked: dict[str, Ranked] = {}
    odd = {"not_finite_scores": 0}
    for video, record in truth.items():
        if len(field(record, "relations", printable(str(video)))):
            ranked[video] = _ranked(video, record, predicted.get(video), least, odd)
    videos = compared(truth, predicted, empty=truth.keys() - ranked.keys())
    return detection_scores(ranked, recalls=ks, videos=videos, odd=odd)


@dataclass(frozen=True, slots=True)
class _Relation:
    """Classes of subject, object and relation, and the two objects' ids."""

    classes: tuple[Hashable, ...]
    ends: tuple[Hashable, Hashable]
    within: BoolArray

    @classmethod
    def of(cls, record: Record, num_frames: int, where: object) -> _Relation:
        try:
            (subject, subject_class), (object_, object_class), relation = field(record, "triplet", where)
        except (TypeError, ValueError):
            raise InvalidBenchmarkInput(
                f"{where}: expected a triplet ((subject id, class), (object id, class), relation)."
            ) from None
        within = np.zeros(num_frames, dtype=bool)
        for first, last in (bounds(d, f"{where}.durs") for d in field(record, "durs", where)):
            within[first - 1 : last] = True  # wraps for frame 0, see above
        return cls((subject_class, object_class, relation), (subject, object_), within)


@dataclass(frozen=True, slots=True)
class _Masks:
    """The trajectories of both sides; pixels of each and common pixels of each pair are counted once, [T]."""

    video: str
    num_frames: int
    true: Mapping[Hashable, Trajectory]
    found: Mapping[Hashable, Trajectory]
    counts: dict[tuple[str, Hashable, Hashable], IntArray] = attribute(default_factory=dict)

    def volume_iou(self, true: Hashable, true_within: BoolArray, found: Hashable, found_within: BoolArray) -> float:
        """vIoU of a true and a predicted object, each within its relation's frames."""
        common = int(self._pixels("both", true, found)[true_within & found_within].sum())
        either = int(self._pixels("true", true, None)[true_within].sum()) - common
        either += int(self._pixels("found", None, found)[found_within].sum())
        return common / either if either else 0.0

    def _pixels(self, kind: str, true: Hashable, found: Hashable) -> IntArray:
        key = (kind, true, found)
        if key not in self.counts:
            if kind == "both":
                a, b = self._shown("true", true), self._shown("found", found)
                shown = sorted(set(a.frames) & set(b.frames))
                areas = [mask_algebra.intersection_areas([m], [o])[0, 0] for m, o in covisible(a, b)]
            else:
                one = self._shown(kind, found if true is None else true)
                shown, areas = list(one.frames), one.areas.tolist()
            self.counts[key] = np.zeros(self.num_frames, dtype=np.int64)
            self.counts[key][shown] = areas
        return self.counts[key]

    def _shown(self, kind: str, object_id: Hashable) -> Trajectory:
        masks = self.true if kind == "true" else self.found
        side = "true" if kind == "true" else "predicted"
        if object_id not in masks:
            raise InvalidBenchmarkInput(
                f"{printable(str(self.video))}: no {side} object has the id {printable(repr(object_id), limit=40)}. "
                "Give its masks."
            )
        trajectory = masks[object_id]
        if trajectory.frames and trajectory.frames[-1] >= self.num_frames:
            raise InvalidBenchmarkInput(
                f"{printable(str(self.video))}: a {side} object has a mask on frame {trajectory.frames[-1]}, the video "
                f"has {self.num_frames} frames (0 to {self.num_frames - 1})."
            )
        return trajectory


def _ranked(video: str, truth: Record, prediction: Record | None, least: float, odd: dict[str, int]) -> Ranked:
    """One video's hits; `odd` is counted up."""
    name = printable(str(video))
    num_frames = int(field(truth, "num_frames", name))
    said: Record = {"masks": {}, "relations": []} if prediction is None else prediction
    masks = _Masks(video, num_frames, field(truth, "masks", name), field(said, "masks", name))
    check_one_size(video, masks.true.values(), masks.found.values())
    records = field(said, "relations", name)
    scores = [score(r, Place(video, "prediction", i)) for i, r in enumerate(records)]
    odd["not_finite_scores"] += sum(not finite(s) for s in scores)
    true = [
        _Relation.of(r, num_frames, Place(video, "truth", i)) for i, r in enumerate(field(truth, "relations", name))
    ]
    order = by_score(scores)
    relations = [_Relation.of(records[i], num_frames, Place(video, "prediction", i)) for i in order]
    hits = taken((_candidates(r, true, masks) for r in relations), truths=len(true), least=least)
    return Ranked(counted(hits, [scores[i] for i in order]), len(true))


def _candidates(predicted: _Relation, true: Sequence[_Relation], masks: _Masks) -> list[Candidate]:
    """The true relations of the same classes with the lower of the two overlaps."""
    found: list[Candidate] = []
    for position, relation in enumerate(true):
        if relation.classes == predicted.classes:
            ends: list[tuple[Any, Any]] = list(zip(relation.ends, predicted.ends, strict=True))
            found.append((position, min(masks.volume_iou(a, relation.within, b, predicted.within) for a, b in ends)))
    return found

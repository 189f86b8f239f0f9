"""Visual relation detection and tagging on VidVRD and VidOR, equal to xdshang/VidVRD-helper (`evaluation/`).

Source: Shang et al., "Video Visual Relation Detection", ACM MM 2017; commit 1b4de17. Truth and prediction are as in its
JSON files: `{video: [{"triplet": [subject, predicate, object], "score": number, "duration": [first, end],
"sub_traj": boxes, "obj_traj": boxes}, ...]}`, the truth without `score`, the prediction without the wrapper `results`.

- `duration` is half-open in frames: from `first` up to and without `end`. A trajectory has one box a frame of it.
- A box is [left, top, right, bottom], all inclusive: it is right - left + 1 wide.
- vIoU = common pixels over the frames that both durations hold / (pixels of one trajectory + of the other - common).
  All boxes of a trajectory count for its pixels, those beyond its duration too. Durations that do not meet have 0.
- A prediction hits a true instance of the same triplet if both vIoU, of subjects and of objects, reach the threshold.
  See `ranking` for who takes what, for equal scores, for lists shorter than K and for the float32 of the curves.
- Videos without a true relation are left out, and so are predictions for videos that the truth does not have. A video
  without predictions has average precision 0. Predictions of triplets that a video does not have are wrong ones.
- Boxes with right < left or bottom < top are computed with as they are (their common part is 0, their area may be
  negative), as there; `Detection.odd` counts them. Where the public program stops (a trajectory too short for the
  frames that it is compared on, volumes whose sum is 0, nothing true at all), `InvalidBenchmarkInput` is raised. It
  also stops when no video has a prediction (here recall and precision are then 0), and in tagging when all scores of
  a video are whole numbers (here they are scores like others).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from svg2_assets.evaluation.public.ranking import Candidate, Detection, Ranked, by_score, counted, curves, taken
from svg2_assets.evaluation.public.ranking import detection as detection_scores
from svg2_assets.evaluation.public.records import (
    InvalidBenchmarkInput,
    Place,
    Record,
    Videos,
    bounds,
    compared,
    field,
    finite,
    positions,
    score,
    threshold,
    unwrapped,
)
from svg2_assets.evaluation.public.volumes import BoxTubes, boxes_of, volume_ious
from svg2_assets.scene.errors import printable
from svg2_assets.scene.masks import BoolArray

Relations: TypeAlias = Mapping[str, Sequence[Record]]
"""Video id -> its relation instances."""

Triplet: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Tagging:
    """K -> mean over the scored videos of the share of right ones among a video's K best different triplets (0..1).

    A video with fewer than K different triplets has the share among those it has, 0 if it has none.
    """

    precision: Mapping[int, float]
    videos: Videos


def detection(
    groundtruth: Relations, prediction: Relations, *, viou: float = 0.5, recalls: Sequence[int] = (50, 100)
) -> Detection:
    """Mean average precision and recall at K, trajectories included; `viou` is the least overlap of a hit.

    Raises `InvalidBenchmarkInput`.
    """
    least, ks = threshold(viou, "viou"), positions(recalls, "recalls")
    videos = _videos(groundtruth, prediction)
    ranked: dict[str, Ranked] = {}
    odd = {"not_finite_scores": 0, "reversed_boxes": 0, "misfitting_trajectories": 0}
    for video, relations in groundtruth.items():
        if len(relations):
            ranked[video] = _ranked(video, relations, prediction.get(video, ()), least, odd)
    return detection_scores(ranked, recalls=ks, videos=videos, odd=odd)


def tagging(groundtruth: Relations, prediction: Relations, *, precisions: Sequence[int] = (1, 5, 10)) -> Tagging:
    """Precision at K of triplets, trajectories left aside. Raises `InvalidBenchmarkInput`."""
    ks = positions(precisions, "precisions")
    videos = _videos(groundtruth, prediction)
    shares: dict[int, list[Any]] = {k: [] for k in ks}
    for video, relations in groundtruth.items():
        if not len(relations):
            continue
        right = _tags(video, relations, prediction.get(video, ()))
        precision, _ = curves(right, 1)
        for k in ks:
            # float32 beside the plain 0 of an empty list, as there: it decides in which precision the mean is taken.
            shares[k].append(precision[min(k, right.size) - 1] if right.size else 0.0)
    if not videos.scored:
        raise InvalidBenchmarkInput("truth: expected a video with a relation, found none. Give the truth of the split.")
    return Tagging({k: float(np.mean(s)) for k, s in shares.items()}, videos)


def zero_shot(
    groundtruth: Relations, prediction: Relations, *, seen: Collection[Triplet]
) -> tuple[Relations, Relations]:
    """Both sides with only the triplets that are not in `seen` (those of the training split), to be scored as usual.

    As `evaluate.py` does in its newer zero-shot setting: videos that lose all their truth leave both sides.
    """
    known = {tuple(t) for t in seen}
    truth = {
        video: kept
        for video, relations in groundtruth.items()
        if (kept := [r for i, r in enumerate(relations) if _triplet(r, Place(video, "truth", i)) not in known])
    }
    left = {
        video: [
            r
            for i, r in enumerate(prediction.get(video, ()))
            if _triplet(r, Place(video, "prediction", i)) not in known
        ]
        for video in truth
    }
    return truth, left


def volume_iou(
    first: Sequence[Sequence[float]],
    first_duration: Sequence[int],
    second: Sequence[Sequence[float]],
    second_duration: Sequence[int],
) -> float:
    """vIoU of two box trajectories in their half-open durations. Raises `InvalidBenchmarkInput`."""
    sides = [
        BoxTubes.of([boxes_of(boxes, where)], [bounds(duration, where)])
        for boxes, duration, where in ((first, first_duration, "first"), (second, second_duration, "second"))
    ]
    overlap, known = volume_ious(sides[0], sides[1], np.zeros((1, 2), dtype=np.int64))
    if not known[0]:
        raise InvalidBenchmarkInput("volume IoU: expected a box a frame and boxes that have a volume.")
    return float(overlap[0])


def _videos(groundtruth: Relations, prediction: Relations) -> Videos:
    unwrapped(prediction, "results")
    return compared(groundtruth, prediction, empty={v for v, relations in groundtruth.items() if not len(relations)})


def _triplet(record: Record, where: object) -> Triplet:
    value = field(record, "triplet", where)
    try:
        triplet = tuple(value)
        hash(triplet)
    except TypeError:
        raise InvalidBenchmarkInput(
            f"{where}: expected a triplet of three names, found {printable(repr(value), limit=60)}."
        ) from None
    return triplet


def _tags(video: str, relations: Sequence[Record], predicted: Sequence[Record]) -> BoolArray:
    """Whether each different triplet, the best scored first, is true of the video."""
    true = {_triplet(r, Place(video, "truth", i)) for i, r in enumerate(relations)}
    named = [_triplet(r, Place(video, "prediction", i)) for i, r in enumerate(predicted)]
    scores = [score(r, Place(video, "prediction", i)) for i, r in enumerate(predicted)]
    best: dict[Triplet, Any] = {}
    for i in by_score(scores):
        best.setdefault(named[i], scores[i])
    return np.asarray([t in true and finite(s) for t, s in best.items()], dtype=bool)


def _ranked(
    video: str, relations: Sequence[Record], predicted: Sequence[Record], least: float, odd: dict[str, int]
) -> Ranked:
    """One video's hits; `odd` is counted up."""
    true = [_triplet(r, Place(video, "truth", i)) for i, r in enumerate(relations)]
    named = [_triplet(r, Place(video, "prediction", i)) for i, r in enumerate(predicted)]
    scores = [score(r, Place(video, "prediction", i)) for i, r in enumerate(predicted)]
    odd["not_finite_scores"] += sum(not finite(s) for s in scores)
    candidates = _candidates(video, relations, predicted, true, named, odd)
    order = by_score(scores)
    try:
        hits = taken((candidates[i] for i in order), truths=len(relations), least=least)
    except InvalidBenchmarkInput as error:
        raise InvalidBenchmarkInput(f"{printable(str(video))}: {error}") from error
    return Ranked(counted(hits, [scores[i] for i in order]), len(relations))


def _candidates(
    video: str,
    relations: Sequence[Record],
    predicted: Sequence[Record],
    true: Sequence[Triplet],
    named: Sequence[Triplet],
    odd: dict[str, int],
) -> list[list[Candidate]]:
    """For each prediction the true instances of its triplet with the lower of the two overlaps.

    Only trajectories of pairs with the same triplet and durations that meet are read.
    """
    alike: dict[Triplet, list[int]] = {}
    for g, triplet in enumerate(true):
        alike.setdefault(triplet, []).append(g)
    found: list[list[Candidate]] = [[(g, 0.0) for g in alike.get(triplet, ())] for triplet in named]
    left = _Side.of(video, "prediction", predicted, [p for p, choices in enumerate(found) if choices])
    right = _Side.of(video, "truth", relations, sorted({g for choices in found for g, _ in choices}))
    met = [
        (p, at)
        for p, (start, end) in left.durations.items()
        for at, (g, _) in enumerate(found[p])
        if not (start >= right.durations[g][1] or end <= right.durations[g][0])
    ]
    pairs = [(p, found[p][at][0]) for p, at in met]
    overlaps = [_side_overlaps(left, right, pairs, name, odd) for name in ("sub_traj", "obj_traj")]
    for (p, at), subject, object_ in zip(met, *overlaps, strict=True):
        found[p][at] = (found[p][at][0], None if subject is None or object_ is None else min(subject, object_))
    return found


@dataclass(frozen=True, slots=True)
class _Side:
    """Truth or prediction of one video with the durations that matter, by position."""

    video: str
    kind: str
    records: Sequence[Record]
    durations: Mapping[int, tuple[int, int]]

    @classmethod
    def of(cls, video: str, kind: str, records: Sequence[Record], read: Sequence[int]) -> _Side:
        durations = {i: field(records[i], "duration", Place(video, kind, i)) for i in read}
        return cls(
            video, kind, records, {i: bounds(d, f"{Place(video, kind, i)}.duration") for i, d in durations.items()}
        )

    def tubes(self, name: str, chosen: Sequence[int], odd: dict[str, int]) -> BoxTubes:
        """The trajectories `name` of the `chosen` records; `odd` is counted up."""
        places = [Place(self.video, self.kind, i) for i in chosen]
        values = [field(self.records[i], name, where) for i, where in zip(chosen, places, strict=True)]
        boxes = [boxes_of(v, f"{where}.{name}") for v, where in zip(values, places, strict=True)]
        durations = [self.durations[i] for i in chosen]
        odd["reversed_boxes"] += sum(int((b[:, :2] > b[:, 2:]).any(axis=1).sum()) for b in boxes)
        odd["misfitting_trajectories"] += sum(len(b) != z - a for b, (a, z) in zip(boxes, durations, strict=True))
        return BoxTubes.of(boxes, durations)


def _side_overlaps(
    left: _Side, right: _Side, pairs: Sequence[tuple[int, int]], name: str, odd: dict[str, int]
) -> list[float | None]:
    """vIoU of the trajectories `name` of each of `pairs`, None where it cannot be computed."""
    rows, columns = (sorted(set(side)) for side in zip(*pairs, strict=True)) if pairs else ([], [])
    row, column = ({at: i for i, at in enumerate(side)} for side in (rows, columns))
    places = np.asarray([(row[p], column[g]) for p, g in pairs], dtype=np.int64).reshape(-1, 2)
    values, known = volume_ious(left.tubes(name, rows, odd), right.tubes(name, columns, odd), places)
    return [v if k else None for v, k in zip(values.tolist(), known.tolist(), strict=True)]

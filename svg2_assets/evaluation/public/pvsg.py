"""Panoptic video scene graph generation: R@K and mR@K, equal to LilyDaytoy/OpenPVSG (`tools/rel_test_full.py`).

Source: Yang et al., "Panoptic Video Scene Graph Generation", CVPR 2023; commit b2850b9, with `utils/rel_metrics.py`.
`utils/metric.py`, which has a volume IoU and an average precision, is in `pvsg_volumes`.

Truth and prediction are records by video id:

- truth: `objects` [{"object_id", "category"}], `relations` [[subject id, object id, predicate, [[first, last], ...]]]
  as in pvsg.json, and `masks` {object id: Trajectory}, what its PNG files show (`tubes.tubes_of_maps`).
- prediction: `objects` {index: {"cid": category, "masks": Trajectory}} (as `tubes.tubes_of_rows` gives them), and
  `results` [{"subject_index", "object_index", "relation", "relation_span"}], the most probable first.

Categories and predicates are compared as they are: names on both sides, or numbers on both.

- Frames count from 0; the spans of the truth include their last frame. `relation_span` [T] is 1 where the relation is
  said to hold. Frames from T on do not count at all, in the truth neither.
- A frame of a true span is hit if the masks of subject and object both reach an IoU of 0.5 there. The overlap of a
  result with a true relation of the same three classes is the share of the frames on which both true masks are visible
  within the true spans that are hit and said to hold. Frames outside the true spans cost nothing.
- Recall: a true relation is recalled at K if the first result that reaches an overlap of 0.5 is among the K first.
- Weak recall counts every result among the K first that reaches 0.1, up to and with the first that reaches 0.5. One
  true relation may count several times, and weak recall exceed 1. The soft variants add up overlaps in place of ones.
- Results are not used up: one result may recall several true relations, and duplicates in the truth count each.
- A result of an object without masks keeps its place among the K. Fewer than K results are all that count.
- Means are over the predicates that the truth has. True relations of predicates outside `predicates`, when given, are
  left out as by the public reader of annotations, and counted.
- Videos without a prediction count with none, where the public program stops.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, TypeAlias, cast

import numpy as np

from svg2_assets.evaluation.public.pvsg_scene import HIT, Key, Scene, statement
from svg2_assets.evaluation.public.records import (
    InvalidBenchmarkInput,
    Place,
    Record,
    Videos,
    compared,
    field,
    positions,
)
from svg2_assets.scene.errors import printable

Records: TypeAlias = Mapping[str, Record]
"""Video id -> its record."""

Pair: TypeAlias = Sequence[Hashable]
"""(subject, object)"""

KS = (20, 50, 100)


@dataclass(frozen=True, slots=True)
class Recalls:
    """At one K: over all true relations, and the mean over predicates. Weak values may exceed 1."""

    recall: float
    mean_recall: float
    weak_recall: float
    weak_mean_recall: float


@dataclass(slots=True)
class Tally:
    """Of one predicate: true relations, and K -> what is added up of hits and of weak hits."""

    total: int = 0
    hit: dict[int, float] = attribute(default_factory=dict)
    weak_hit: dict[int, float] = attribute(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RelationRecall:
    """K -> recalls. `soft` adds up overlaps in place of ones. `left_out`: true relations of unknown predicates."""

    at: Mapping[int, Recalls]
    soft: Mapping[int, Recalls]
    per_predicate: Mapping[Hashable, Tally]
    videos: Videos
    left_out: int


@dataclass(frozen=True, slots=True)
class GivenRecall:
    """K -> recalls with given trajectories."""

    at: Mapping[int, Recalls]
    per_predicate: Mapping[Hashable, Tally]
    videos: Videos


def recall(
    truth: Records,
    predicted: Records,
    *,
    ks: Sequence[int] = KS,
    predicates: Sequence[Hashable] | None = None,
) -> RelationRecall:
    """R@K, mR@K and their weak and soft variants, with predicted masks. Raises `InvalidBenchmarkInput`."""
    ks = positions(ks, "ks")
    hard, soft = (_tallies(predicates or (), ks) for _ in range(2))
    left_out, empty = 0, []
    for video, record in truth.items():
        listed = field(record, "relations", printable(str(video)))
        named = [_predicate(r, video, i) for i, r in enumerate(listed)]
        known = [(i, r) for i, r in enumerate(listed) if predicates is None or named[i] in hard]
        left_out += len(listed) - len(known)
        if not known:
            empty.append(video)
            continue
        scene = Scene.of(video, record, predicted.get(video, {"objects": {}, "results": []}))
        for i, relation in known:
            found = list(scene.overlaps(relation, Place(video, "truth.relations", i)))
            _count(hard.setdefault(relation[2], _tally(ks)), [(rank, overlap, 1.0) for rank, overlap in found])
            _count(soft.setdefault(relation[2], _tally(ks)), [(rank, overlap, overlap) for rank, overlap in found])
    videos = compared(truth, predicted, empty=empty)
    return RelationRecall(_recalls(hard, ks), _recalls(soft, ks), hard, videos, left_out)


def recall_of_given(
    truth: Mapping[str, Sequence[Record]], predicted: Mapping[str, Sequence[Record]], *, ks: Sequence[int] = KS
) -> GivenRecall:
    """R@K and mR@K with given trajectories, as `tools/rel_test.py` has them: both sides name the same objects.

    A true relation and a result are records {"subject_index", "object_index", "relation", "relation_span" [T]}, results
    with the most probable first. Only the first result with the same two objects and relation counts: at K if it is
    among the K first, for weak recall whatever its span, else with a temporal IoU of 0.5. Raises
    `InvalidBenchmarkInput`.
    """
    ks = positions(ks, "ks")
    tallies: dict[Hashable, Tally] = {}
    for video, relations in truth.items():
        first: dict[Key, tuple[int, Any]] = {}
        for rank, result in enumerate(predicted.get(video, ())):
            said, span = statement(result, Place(video, "prediction", rank))
            first.setdefault(said, (rank, span))
        for i, relation in enumerate(relations):
            key, span = statement(relation, Place(video, "truth", i))
            found = []
            if key in first:
                rank, other = first[key]
                found = [(rank, _span_iou(span, other, Place(video, "truth", i)), 1.0)]
            _count(tallies.setdefault(key[2], _tally(ks)), found)
    videos = compared(truth, predicted, empty={v for v, relations in truth.items() if not len(relations)})
    return GivenRecall(_recalls(tallies, ks), tallies, videos)


def pair_recall(truth: Mapping[str, Iterable[Pair]], predicted: Mapping[str, Sequence[Pair]], *, k: int = 20) -> float:
    """Mean over videos of the share of true (subject, object) pairs that are among the K first predicted ones.

    Pairs count once each; a video without a true pair counts 0, as in `tools/rel_test.py`.
    """
    (k,) = positions((k,), "k")
    if not truth:
        raise InvalidBenchmarkInput("truth: expected a video, found none.")
    shares = []
    for video, pairs in truth.items():
        true = {tuple(pair) for pair in pairs}
        said = {tuple(pair) for pair in predicted.get(video, ())[:k]}
        shares.append(len(true & said) / len(true) if true else 0.0)
    return float(np.mean(shares))


def _predicate(relation: Any, video: Any, number: int) -> Hashable:
    try:
        _, _, predicate, _ = relation
    except (TypeError, ValueError):
        raise InvalidBenchmarkInput(
            f"{Place(video, 'truth.relations', number)}: expected [subject id, object id, predicate, spans], found "
            f"{printable(repr(relation), limit=60)}."
        ) from None
    return cast(Hashable, predicate)


def _tally(ks: Sequence[int]) -> Tally:
    return Tally(hit=dict.fromkeys(ks, 0.0), weak_hit=dict.fromkeys(ks, 0.0))


def _tallies(predicates: Iterable[Hashable], ks: Sequence[int]) -> dict[Hashable, Tally]:
    return {p: _tally(ks) for p in predicates}


def _count(tally: Tally, found: Iterable[tuple[int, float, float]]) -> None:
    """One true relation with the (rank, overlap, weight) of what counts for it."""
    tally.total += 1
    for rank, overlap, weight in found:
        for k in tally.hit:
            if rank < k:
                tally.weak_hit[k] += weight
                tally.hit[k] += weight if overlap >= HIT else 0.0


def _recalls(tallies: Mapping[Hashable, Tally], ks: Sequence[int]) -> dict[int, Recalls]:
    there = [t for t in tallies.values() if t.total]
    if not there:
        raise InvalidBenchmarkInput("truth: expected a relation of a known predicate, found none.")
    total = sum(t.total for t in there)
    return {
        k: Recalls(
            recall=sum(t.hit[k] for t in there) / total,
            mean_recall=sum(t.hit[k] / t.total for t in there) / len(there),
            weak_recall=sum(t.weak_hit[k] for t in there) / total,
            weak_mean_recall=sum(t.weak_hit[k] / t.total for t in there) / len(there),
        )
        for k in ks
    }


def _span_iou(first: Any, second: Any, where: object) -> float:
    """Temporal IoU of two spans [T]; 0 when both are empty."""
    a, b = (np.asarray(span, dtype=np.float64).ravel() for span in (first, second))
    if a.shape != b.shape:
        raise InvalidBenchmarkInput(
            f"{where}: expected a span over as many frames as that of the result, found {a.size} and {b.size}."
        )
    common = float((a * b).sum())
    either = float(a.sum() + b.sum()) - common
    return common / either if either > 0 else 0.0

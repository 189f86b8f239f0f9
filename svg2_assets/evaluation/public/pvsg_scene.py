"""One PVSG video: which results overlap a true relation, frame by frame. See `pvsg` for the rules and records."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, TypeAlias

import numpy as np

from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Place, Record, bounds, field
from svg2_assets.evaluation.public.tubes import check_one_size
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.errors import printable
from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.trajectory import Trajectory

SAME_MASK = 0.5
HIT = 0.5
WEAK_HIT = 0.1

Key: TypeAlias = tuple[Hashable, ...]
"""(category of the subject, category of the object, predicate), or ids in place of categories."""


@dataclass(frozen=True, slots=True)
class Result:
    """A predicted relation and its place among the video's results, from 0 on."""

    rank: int
    subject: Hashable
    object: Hashable
    span: Any


@dataclass(frozen=True, slots=True)
class Scene:
    """The categories of the true objects, the masks of both sides, and the results by their three classes.

    `same` keeps, for a true and a predicted object, the frames on which their masks reach an IoU of `SAME_MASK`.
    """

    categories: Mapping[Hashable, Hashable]
    true: Mapping[Hashable, Trajectory]
    found: Mapping[Hashable, Trajectory]
    results: Mapping[Key, Sequence[Result]]
    same: dict[tuple[Hashable, Hashable], Sequence[int]] = attribute(default_factory=dict)

    @classmethod
    def of(cls, video: str, truth: Record, prediction: Record) -> Scene:
        """Both records of one video. Raises `InvalidBenchmarkInput`."""
        name = printable(str(video))
        objects = field(prediction, "objects", name)
        found = {i: field(o, "masks", f"{name}: prediction.objects[{i}]") for i, o in objects.items() if o}
        true = field(truth, "masks", name)
        check_one_size(video, true.values(), found.values())
        return cls(_categories(video, truth), true, found, _results(video, objects, field(prediction, "results", name)))

    def overlaps(self, relation: Sequence[Any], where: object) -> Iterator[tuple[int, float]]:
        """(rank, overlap) of the results that count for a true relation: from `WEAK_HIT` on, to the first hit."""
        subject, object_, predicate, spans = relation
        for i in (subject, object_):
            if i not in self.categories:
                raise InvalidBenchmarkInput(f"{where}: no true object has the id {printable(repr(i), limit=40)}.")
        for result in self.results.get((self.categories[subject], self.categories[object_], predicate), ()):
            said = np.asarray(result.span).ravel() == 1
            overlap = self._overlap(subject, object_, _frames(spans, said.size, where), result, said)
            if overlap >= WEAK_HIT:
                yield result.rank, overlap
            if overlap >= HIT:
                return

    def _overlap(
        self, subject: Hashable, object_: Hashable, within: BoolArray, result: Result, said: BoolArray
    ) -> float:
        """Share of the frames `within` the true spans that show both true objects which `result` hits."""
        visible, hit = within, said
        for true, found in ((subject, result.subject), (object_, result.object)):
            visible = visible & _on(self._shown(true), within.size)
            hit = hit & _on(self._same(true, found), within.size)
        frames = int(visible.sum())
        return int((visible & hit).sum()) / frames if frames else 0.0

    def _shown(self, object_id: Hashable) -> Sequence[int]:
        return self.true[object_id].frames if object_id in self.true else ()

    def _same(self, object_id: Hashable, index: Hashable) -> Sequence[int]:
        if (object_id, index) not in self.same:
            true = self.true.get(object_id, Trajectory((), ()))
            self.same[object_id, index] = _agreeing(true, self.found[index])
        return self.same[object_id, index]


def statement(record: Record, where: object) -> tuple[Key, Any]:
    """((subject, object, relation), span) of a result."""
    key = tuple(field(record, name, where) for name in ("subject_index", "object_index", "relation"))
    return key, field(record, "relation_span", where)


def _categories(video: str, truth: Record) -> dict[Hashable, Hashable]:
    listed = field(truth, "objects", printable(str(video)))
    places = [Place(video, "truth.objects", i) for i in range(len(listed))]
    return {field(o, "object_id", where): field(o, "category", where) for o, where in zip(listed, places, strict=True)}


def _results(video: str, objects: Mapping[Hashable, Record], records: Sequence[Record]) -> dict[Key, list[Result]]:
    """The results between objects that have masks."""
    results: dict[Key, list[Result]] = {}
    for rank, record in enumerate(records):
        where = Place(video, "prediction.results", rank)
        ends, span = statement(record, where)
        for i in ends[:2]:
            if i not in objects:
                raise InvalidBenchmarkInput(
                    f"{where}: no predicted object has the index {printable(repr(i), limit=40)}. List it in `objects`, "
                    "with {} where it has no masks."
                )
        subject, object_, relation = ends
        if objects[subject] and objects[object_]:
            key = (field(objects[subject], "cid", where), field(objects[object_], "cid", where), relation)
            results.setdefault(key, []).append(Result(rank, subject, object_, span))
    return results


def _agreeing(true: Trajectory, found: Trajectory) -> tuple[int, ...]:
    """The frames on which two trajectories reach an IoU of `SAME_MASK`."""
    other = dict(zip(found.frames, found.masks, strict=True))
    return tuple(
        frame
        for frame, mask in zip(true.frames, true.masks, strict=True)
        if frame in other and mask_algebra.iou([mask], [other[frame]])[0, 0] >= SAME_MASK
    )


def _frames(spans: Iterable[Any], count: int, where: object) -> BoolArray:
    """Which of the frames 0 to `count` - 1 lie in `spans` [[first, last], ...]."""
    within = np.zeros(count, dtype=bool)
    for first, last in (bounds(span, where) for span in spans):
        if first < 0:
            raise InvalidBenchmarkInput(f"{where}: expected spans from frame 0 on, found one from {first}.")
        within[first : max(first, last + 1)] = True
    return within


def _on(frames: Sequence[int], count: int) -> BoolArray:
    shown = np.zeros(count, dtype=bool)
    shown[[f for f in frames if f < count]] = True
    return shown

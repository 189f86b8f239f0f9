"""Scene graphs, true or predicted, in the terms of the public evaluators. Every change of convention is here:

- Seconds to frames: a frame belongs to a span if the middle of its time on screen does. Spans made of frames come back
  as these frames, whatever they were rounded to.
- VidVRD: boxes of masks to inclusive corners, [x, y, x + w - 1, y + h - 1]. An instance needs a box of both objects on
  every frame, so a relation makes one instance for each run of frames that its spans hold and that show both.
- PVSG: names are the categories, predicates the relations. True spans become [first, last] frames, predicted ones a 0
  or 1 a frame; results are ordered by confidence, equal ones as they are in the graph.
- Panoptic maps: object i has the segment id i + 1 (0 is void). Where masks overlap, the one with fewer pixels on that
  frame is on top, of equal ones that of the higher id. All objects of a category of stuff are one segment, with the
  lowest of their ids. Objects whose name is no category are void.
- The camera has no trajectory. It can be an end of a given relation, of no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from svg2_assets.evaluation.public.panoptic import Categories, Frame
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, field, number
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.id_maps import painted
from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.scene.video import Video


@dataclass(frozen=True, slots=True)
class Adapted:
    """What the evaluator takes of one video, and how many relations it cannot take.

    camera: relations with the camera. unseen: relations on no frame that the evaluator could compare.
    """

    record: Any
    camera: int
    unseen: int


@dataclass(frozen=True, slots=True)
class PanopticVideo:
    """The frames of one video, painted when asked for, and the names that are no category, which are void."""

    graph: SceneGraph
    segments: Mapping[int, tuple[int, int]]
    unknown: tuple[str, ...]

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(number) for number in range(self.graph.video.num_frames))

    def frame(self, number: int) -> Frame:
        """The map of frame `number`, from 0; void where no mask is."""
        shown = [(o, mask) for o in self.graph.objects if (mask := o.trajectory.at(number)) is not None]
        layers = [
            (self.segments[o.id][0], mask) for o, mask in sorted(shown, key=lambda s: s[0].id) if o.id in self.segments
        ]
        ids = painted(layers, height=self.graph.video.height, width=self.graph.video.width)
        categories = dict(self.segments.values())
        there, pixels = np.unique(ids, return_counts=True)
        return Frame.of(
            ids,
            [
                {"id": i, "category_id": categories[i], "iscrowd": 0, "area": area}
                for i, area in zip(there.tolist(), pixels.tolist(), strict=True)
                if i
            ],
        )


def vidvrd(graph: SceneGraph, *, scores: bool) -> Adapted:
    """`record`: the video's relation instances for `vidvrd.detection`; `scores` for a prediction."""
    objects = {o.id: o for o in graph.objects}
    tubes: dict[int, dict[int, list[float]]] = {}
    instances: list[dict[str, Any]] = []
    camera = unseen = 0
    for relation in graph.relations:
        if CAMERA_ID in (relation.subject, relation.object):
            camera += 1
            continue
        ends = objects[relation.subject], objects[relation.object]
        shown = [tubes.setdefault(o.id, _corners(o)) for o in ends]
        within = frames_of(graph.video, relation.spans)
        runs = _runs([bool(held) and all(t in tube for tube in shown) for t, held in enumerate(within)])
        unseen += not runs
        for first, end in runs:
            instance: dict[str, Any] = {
                "triplet": [ends[0].name, relation.predicate, ends[1].name],
                "duration": [first, end],
                "sub_traj": [shown[0][t] for t in range(first, end)],
                "obj_traj": [shown[1][t] for t in range(first, end)],
            }
            instances.append(instance | ({"score": relation.confidence} if scores else {}))
    return Adapted(instances, camera, unseen)


def pvsg_truth(graph: SceneGraph) -> Adapted:
    """`record`: the truth of `pvsg.recall`."""
    relations, camera = _without_camera(graph)
    listed = [[r.subject, r.object, r.predicate, _inclusive(graph.video, r.spans)] for r in relations]
    record = {
        "objects": [{"object_id": o.id, "category": o.name} for o in graph.objects],
        "relations": [r for r in listed if r[3]],
        "masks": {o.id: o.trajectory for o in graph.objects},
    }
    return Adapted(record, camera, sum(not r[3] for r in listed))


def pvsg_prediction(graph: SceneGraph) -> Adapted:
    """`record`: the prediction of `pvsg.recall`. What holds on no frame stays among the results, where it counts."""
    relations, camera = _without_camera(graph)
    record = {
        "objects": {o.id: {"cid": o.name, "masks": o.trajectory} for o in graph.objects},
        "results": [_result(graph.video, r) for r in _by_confidence(relations)],
    }
    return Adapted(record, camera, 0)


def given(graph: SceneGraph) -> Adapted:
    """`record`: relations between given trajectories for `pvsg.recall_of_given`, the camera's too.

    A predicted graph must name the true objects: see `matching.match`.
    """
    return Adapted([_result(graph.video, r) for r in _by_confidence(graph.relations)], 0, 0)


def pvsg_volumes(graph: SceneGraph, *, scores: bool) -> Adapted:
    """`record`: the truth, or with `scores` the prediction, of `pvsg_volumes.detection`; its frames count from 1."""
    names = {o.id: o.name for o in graph.objects}
    relations, camera = _without_camera(graph)
    listed = []
    for r in relations:
        durations = [[first + 1, last + 1] for first, last in _inclusive(graph.video, r.spans)]
        if durations:
            ends = (r.subject, names[r.subject]), (r.object, names[r.object])
            listed.append(
                {"triplet": (*ends, r.predicate), "durs": durations} | ({"score": r.confidence} if scores else {})
            )
    masks = {o.id: o.trajectory for o in graph.objects}
    record = {"num_frames": graph.video.num_frames, "masks": masks, "relations": listed}
    return Adapted(record, camera, len(relations) - len(listed))


def panoptic_video(graph: SceneGraph, categories: Categories) -> PanopticVideo:
    """The frames for `vipseg.vpq`, `vipseg.stq` and, one by one, `panoptic.quality`.

    `categories` are records with `id`, `isthing` and `name`. Raises `InvalidBenchmarkInput` when one has no name.
    """
    records = list(categories.values()) if isinstance(categories, Mapping) else list(categories)
    named = {field(r, "name", "categories"): r for r in records}
    segments: dict[int, tuple[int, int]] = {}
    stuff: dict[int, int] = {}
    for o in sorted(graph.objects, key=lambda o: o.id):
        if o.name in named:
            category, thing = (
                number(named[o.name], "id", "categories"),
                field(named[o.name], "isthing", "categories") == 1,
            )
            segments[o.id] = (o.id + 1 if thing else stuff.setdefault(category, o.id + 1), category)
    unknown = tuple(sorted({o.name for o in graph.objects if o.name not in named}))
    return PanopticVideo(graph, segments, unknown)


def frames_of(video: Video, spans: Spans) -> BoolArray:
    """Which frames [num_frames] belong to `spans`: those whose middle does."""
    edges = video.edges
    middles = (edges[:-1] + edges[1:]) / 2
    within = np.zeros(video.num_frames, dtype=bool)
    for span in spans:
        within |= (middles >= span.start) & (middles < span.end)
    return within


def by_video(graphs: Sequence[SceneGraph]) -> dict[str, SceneGraph]:
    """Graphs by the id of their video. Raises `InvalidBenchmarkInput` where two have the same."""
    found = {g.video.id: g for g in graphs}
    if len(found) < len(graphs):
        twice = sorted({g.video.id for g in graphs if found[g.video.id] is not g})
        raise InvalidBenchmarkInput(f"{printable(twice[0])}: expected one graph a video, found several. Leave one.")
    return found


def _without_camera(graph: SceneGraph) -> tuple[list[Relation], int]:
    kept = [r for r in graph.relations if CAMERA_ID not in (r.subject, r.object)]
    return kept, len(graph.relations) - len(kept)


def _by_confidence(relations: Sequence[Relation]) -> list[Relation]:
    return sorted(relations, key=lambda r: r.confidence, reverse=True)


def _result(video: Video, relation: Relation) -> dict[str, Any]:
    return {
        "subject_index": relation.subject,
        "object_index": relation.object,
        "relation": relation.predicate,
        "relation_span": frames_of(video, relation.spans).astype(np.float64),
    }


def _inclusive(video: Video, spans: Spans) -> list[list[int]]:
    """[first, last] frames of each run."""
    return [[first, end - 1] for first, end in _runs(frames_of(video, spans).tolist())]


def _runs(held: Sequence[bool]) -> list[tuple[int, int]]:
    """[first, end) of every run of true flags."""
    steps = np.diff(np.concatenate(([False], np.asarray(held, dtype=bool), [False])).astype(np.int8))
    return [
        (int(first), int(end))
        for first, end in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True)
    ]


def _corners(item: SceneObject) -> dict[int, list[float]]:
    """frame -> [left, top, right, bottom], all inclusive."""
    boxes = item.trajectory.boxes
    boxes[:, 2:] += boxes[:, :2] - 1
    return dict(zip(item.trajectory.frames, boxes.tolist(), strict=True))

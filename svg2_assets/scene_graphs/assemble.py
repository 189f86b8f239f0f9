"""Puts what the phases found together: one validated scene graph per video, and its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.scene.errors import InvalidSceneValue, PhaseError
from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.parts import nearest_wholes
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Category
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs import groups
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult

PHASE = "scene_graphs"


def assemble(
    video: Video,
    tracks: TrackingResult,
    *,
    labels: Sequence[VerifiedLabel],
    relations: Sequence[Relation],
    provenance: Mapping[str, Any] | None = None,
) -> SceneGraph:
    """The scene graph of `video`, objects in order of id, relations in order of their first instant.

    An object without a label is called `object` and is unverified. A part whose whole is not there belongs to the next
    whole above it that is, or to none. Provenance says which objects are groups. Raises `PhaseError` when what is put
    together contradicts itself: a label or relation of an object that has no trajectory, two labels of one object,
    masks of another size, parts in a circle.
    """
    known = {o.id for o in tracks.objects}
    by_id = _labels_by_id(video, labels, known=known)
    wholes = nearest_wholes({o.id: o.part_of for o in tracks.objects}, kept=known)
    objects = sorted((_object(o, by_id.get(o.id), part_of=wholes[o.id]) for o in tracks.objects), key=lambda o: o.id)
    try:
        return SceneGraph(
            video=video,
            objects=tuple(objects),
            relations=tuple(sorted(relations, key=_order)),
            provenance=MappingProxyType({**(provenance or {}), **_groups(tracks)}),
        )
    except InvalidSceneValue as error:
        raise _contradiction(video, expected="parts that agree", found=str(error)) from error


def summary(graph: SceneGraph) -> dict[str, Any]:
    """Figures of one graph for tables and metadata, JSON types only.

    Keys: `objects`, `relations`, `attributes` (counts), `names`, `predicates`, `categories`, `verdicts` (count by
    value, most frequent first), `object_seconds`, `relation_seconds` (sums).
    """
    return {
        "objects": len(graph.objects),
        "relations": len(graph.relations),
        "attributes": sum(len(o.attributes) for o in graph.objects),
        "names": _counts(o.name for o in graph.objects),
        "predicates": _counts(r.predicate for r in graph.relations),
        "categories": _counts(r.category.value for r in graph.relations),
        "verdicts": _counts(o.verification.verdict.value for o in graph.objects),
        "object_seconds": round(sum(o.trajectory.spans(graph.video).duration for o in graph.objects), 3),
        "relation_seconds": round(sum(r.spans.duration for r in graph.relations), 3),
    }


def _labels_by_id(video: Video, labels: Sequence[VerifiedLabel], *, known: set[int]) -> dict[int, VerifiedLabel]:
    by_id: dict[int, VerifiedLabel] = {}
    for verified in labels:
        object_id = verified.label.object_id
        if object_id not in known:
            raise _contradiction(video, expected="labels of tracked objects", found=f"a label of object {object_id}")
        if object_id in by_id:
            raise _contradiction(video, expected="one label an object", found=f"two labels of object {object_id}")
        by_id[object_id] = verified
    return by_id


def _groups(tracks: TrackingResult) -> dict[str, Any]:
    found = groups.told(tracks.objects)
    return {groups.KEY: found} if found else {}


def _object(tracked: TrackedObject, verified: VerifiedLabel | None, *, part_of: int | None) -> SceneObject:
    if verified is None:
        return SceneObject(tracked.id, UNKNOWN_NAME, tracked.trajectory, part_of=part_of)
    return SceneObject(
        id=tracked.id,
        name=verified.label.name,
        trajectory=tracked.trajectory,
        attributes=verified.label.attributes,
        verification=verified.verification,
        part_of=part_of,
    )


def _order(relation: Relation) -> tuple[float, int, int, int, str]:
    start = relation.spans.parts[0].start if relation.spans else 0.0
    return start, list(Category).index(relation.category), relation.subject, relation.object, relation.predicate


def _contradiction(video: Video, *, expected: str, found: str) -> PhaseError:
    return PhaseError(
        video=video.uri, phase=PHASE, expected=expected, found=found, remedy="Run the earlier phases of it again."
    )


def _counts(values: Any) -> dict[str, int]:
    return dict(Counter(values).most_common())

"""A scene graph as rows for tables: its objects with their attributes, its relations with their times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import camera_name
from svg2_assets.scene_graphs.groups import groups_of, shown


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One object: `attributes` are (type, value) pairs, `seconds` how long it is visible in all. Of a group the value
    says whom it shows.

    `part_of` and `whole` are id and name of the object that it is a part of, None where it is a whole (`level` 1).
    """

    id: int
    name: str
    attributes: tuple[tuple[str, str], ...]
    verdict: str
    score: float
    part_of: int | None
    whole: str | None
    level: int
    frames: int
    first: float
    last: float
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The row as JSON types."""
        return asdict(self) | {"attributes": [list(pair) for pair in self.attributes]}


@dataclass(frozen=True, slots=True)
class RelationRow:
    """One relation with the names of its ends (`camera` or `view` for -1); spans are [start, end) in seconds."""

    subject_id: int
    subject: str
    predicate: str
    object_id: int
    object: str
    category: str
    spans: tuple[tuple[float, float], ...]
    seconds: float
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """The row as JSON types."""
        return asdict(self) | {"spans": [list(span) for span in self.spans]}


def object_rows(graph: SceneGraph) -> list[ObjectRow]:
    """A row per object, in the order of the graph."""
    names, levels, groups = {o.id: o.name for o in graph.objects}, graph.levels, groups_of(graph)
    return [
        _object_row(graph, one, names=names, level=levels[one.id], members=groups.get(one.id, ()))
        for one in graph.objects
    ]


def relation_rows(graph: SceneGraph) -> list[RelationRow]:
    """A row per relation, in the order of the graph."""
    names = {o.id: o.name for o in graph.objects}
    return [
        RelationRow(
            subject_id=r.subject,
            subject=names.get(r.subject, camera_name(r.predicate)),
            predicate=r.predicate,
            object_id=r.object,
            object=names.get(r.object, camera_name(r.predicate)),
            category=r.category.value,
            spans=tuple((round(s.start, 6), round(s.end, 6)) for s in r.spans),
            seconds=round(r.spans.duration, 6),
            confidence=r.confidence,
        )
        for r in graph.relations
    ]


def _object_row(
    graph: SceneGraph, one: SceneObject, *, names: Mapping[int, str], level: int, members: Sequence[int]
) -> ObjectRow:
    spans = one.trajectory.spans(graph.video)
    return ObjectRow(
        id=one.id,
        name=one.name,
        attributes=tuple(shown(one, members)),
        verdict=one.verification.verdict.value,
        score=one.verification.score,
        part_of=one.part_of,
        whole=None if one.part_of is None else names[one.part_of],
        level=level,
        frames=len(one.trajectory),
        first=round(spans.parts[0].start, 6) if spans else 0.0,
        last=round(spans.parts[-1].end, 6) if spans else 0.0,
        seconds=round(spans.duration, 6),
    )

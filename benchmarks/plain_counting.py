"""What a metric of graphs must say, by counting that shares nothing with the metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from svg2_assets.evaluation.graphs.tallies import Measure
from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID

Overlap = Callable[[Spans, Spans], bool]
"""Whether two times overlap far enough."""


def expected(
    truth: SceneGraph, said: SceneGraph, *, alike: Callable[[str, str], bool], overlap: Overlap
) -> dict[Measure, tuple[int, int]]:
    """Right, of how many: `alike` says whether names mean the same, other labels must be equal."""
    names = {o.id: o.name for o in said.objects}
    named = {o.id: alike(o.name, names.get(o.id, "")) for o in truth.objects} | {CAMERA_ID: True}
    found = [(r, _is_found(r, said.relations, overlap)) for r in truth.relations]
    told = {o.id: {a.value for a in o.attributes} for o in said.objects}
    attributes = [a.value in told.get(o.id, set()) for o in truth.objects for a in o.attributes]
    return {
        Measure.OBJECTS: (sum(named[o.id] for o in truth.objects), len(truth.objects)),
        Measure.ATTRIBUTES: (sum(attributes), len(attributes)),
        Measure.RELATIONS: (sum(f for _, f in found), len(found)),
        Measure.TRIPLETS: (sum(f and named[r.subject] and named[r.object] for r, f in found), len(found)),
    }


def by_half(a: Spans, b: Spans) -> bool:
    """Whether what is common is more than half of what either covers, pair by pair of their spans."""
    common = sum(max(0.0, min(p.end, q.end) - max(p.start, q.start)) for p in a for q in b)
    either = sum(p.end - p.start for spans in (a, b) for p in spans) - common
    return common > either / 2


def _is_found(r: Relation, said: Sequence[Relation], overlap: Overlap) -> bool:
    return any(s.key == r.key and overlap(r.spans, s.spans) for s in said)

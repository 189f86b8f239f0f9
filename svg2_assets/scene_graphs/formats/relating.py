"""Relations as a graph takes them: each (subject, predicate, object) once, between objects that are there, in time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.scene_graphs.formats.clock import STRAY
from svg2_assets.scene_graphs.formats.values import Repair, Repairs
from svg2_assets.traser.graphs import likely_category
from svg2_assets.traser.samples.values import DraftRelation

Key = tuple[int, str, int]


def relations_of(
    drafts: Iterable[DraftRelation], *, names: Mapping[int, str], duration: float, repairs: Repairs
) -> tuple[Relation, ...]:
    """The relations among the objects `names` (by id) and the camera, in the order given; what goes is counted.

    A category that the record does not know is guessed from the predicate's words. `duration`: seconds of the video.
    """
    found: dict[Key, Relation] = {}
    for draft in drafts:
        fault = _fault(draft, names)
        if fault is not None:
            repairs[fault] += 1
            continue
        spans = spans_within(draft.spans, duration, repairs)
        if not spans:
            repairs[Repair.NO_TIME] += 1
            continue
        relation = Relation(
            draft.subject, draft.predicate, draft.object, _category(draft, names, repairs), spans, draft.confidence
        )
        known = found.get(relation.key)
        if known is not None:
            repairs[Repair.REPEATED] += 1
            relation = replace(known, spans=known.spans | spans, confidence=max(known.confidence, relation.confidence))
        found[relation.key] = relation
    return tuple(found.values())


def spans_within(parts: Sequence[tuple[float, float]], duration: float, repairs: Repairs) -> Spans:
    """(start, end) pairs as spans of `[0, duration)`; what is no span is left out, what overlaps is one. Counted.

    An end that is less than a second late is where the video ends: that is what records in whole seconds say.
    """
    found: list[Span] = []
    for start, end in parts:
        fault = _span_fault(start, end, duration)
        if fault is not None:
            repairs[fault] += 1
            continue
        repairs[Repair.CLIPPED] += start < 0 or end > duration + STRAY
        found.append(Span(max(0.0, float(start)), min(float(end), duration)))
    spans = Spans.of(found)
    repairs[Repair.UNITED] += len(found) - len(spans)
    return spans


def last_end(drafts: Iterable[DraftRelation]) -> float:
    """Seconds at which the last real span of `drafts` ends; 0 without one."""
    return max((e for d in drafts for s, e in d.spans if math.isfinite(e) and s < e and math.isfinite(s)), default=0.0)


def _fault(draft: DraftRelation, names: Mapping[int, str]) -> Repair | None:
    if {draft.subject, draft.object} - {CAMERA_ID} - names.keys():
        return Repair.UNKNOWN_END
    if draft.subject == draft.object:
        return Repair.ITSELF
    return None if draft.predicate.strip() else Repair.NO_PREDICATE


def _span_fault(start: float, end: float, duration: float) -> Repair | None:
    if not (math.isfinite(start) and math.isfinite(end)):
        return Repair.SPAN_FORM
    if end < start:
        return Repair.REVERSED
    if end == start:
        return Repair.NO_LENGTH
    return Repair.OUTSIDE if end <= 0 or start >= duration else None


def _category(draft: DraftRelation, names: Mapping[int, str], repairs: Repairs) -> Category:
    if draft.category is not None:
        return draft.category
    repairs[Repair.CATEGORY] += 1
    named = {**names, CAMERA_ID: "camera"}
    return likely_category(
        draft.predicate,
        subject=named[draft.subject],
        object_=named[draft.object],
        subject_is_camera=draft.subject == CAMERA_ID,
    )

"""Relations of training targets: from what sources say to statements that hold at some time of the clip, each once."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, PREDICATE_CATEGORIES, SYMMETRIC, inverse_of
from svg2_assets.traser.samples.counting import Counts, Reason
from svg2_assets.traser.samples.settings import RelationSettings
from svg2_assets.traser.samples.values import DraftRelation, SampleRelation
from svg2_assets.traser.samples.wording import cleaned_predicate, is_instant

Key = tuple[int, str, int]


def statements_of(
    relations: Iterable[DraftRelation],
    *,
    kept: Collection[int],
    known: Collection[int],
    duration: float,
    rules: RelationSettings,
    counts: Counts,
) -> tuple[SampleRelation, ...]:
    """What is told of `relations` when the objects `kept` of the `known` ones are told; those of the camera stay.

    `duration`: seconds of the clip, where spans end. In order of subject, object and predicate.
    """
    sound = [s for r in relations if (s := _sound(r, duration=duration, counts=counts, rules=rules)) is not None]
    once = _united(sound, counts)
    if not rules.mirrored:
        once = _from_one_end(once, counts)
    lasting = [r for r in once if _believable(r, duration, rules, counts)]
    told = [r for r in lasting if _between_kept(r, kept=kept, known=known, counts=counts)]
    chosen = _most_telling(told, rules.most)
    counts.note(Reason.TOO_MANY_RELATIONS, len(told) - len(chosen))
    counts.note(Reason.RELATION, len(chosen))
    return tuple(sorted(chosen, key=lambda r: (r.subject, r.object, r.predicate)))


def spans_within(parts: Sequence[tuple[float, float]], duration: float, counts: Counts) -> Spans:
    """(start, end) pairs as spans of `[0, duration)`; what is no span is left out, what overlaps is one. Counted."""
    found: list[Span] = []
    for start, end in parts:
        fault = _span_fault(float(start), float(end), duration)
        if fault is not None:
            counts.note(fault)
            continue
        counts.note(Reason.CLIPPED, int(start < 0 or end > duration))
        found.append(Span(max(0.0, float(start)), min(float(end), duration)))
    spans = Spans.of(found)
    counts.note(Reason.UNITED, len(found) - len(spans))
    return spans


def _span_fault(start: float, end: float, duration: float) -> Reason | None:
    if not (math.isfinite(start) and math.isfinite(end)):
        return Reason.NOT_A_NUMBER
    if end < start:
        return Reason.REVERSED
    if end == start:
        return Reason.NO_LENGTH
    return Reason.OUTSIDE if end <= 0 or start >= duration else None


def _sound(r: DraftRelation, *, duration: float, counts: Counts, rules: RelationSettings) -> SampleRelation | None:
    """The relation with a clean predicate and real spans; None, counted, where it cannot be one."""
    predicate = cleaned_predicate(r.predicate)
    spans = spans_within(r.spans, duration, counts)
    fault = None
    if predicate is None:
        fault = Reason.GARBLED_PREDICATE
    elif r.subject == r.object:
        fault = Reason.ITSELF
    elif r.confidence < rules.least_confidence:
        fault = Reason.UNSURE
    elif not spans:
        fault = Reason.NO_TIME
    if fault is not None or predicate is None:
        counts.note(fault or Reason.GARBLED_PREDICATE)
        return None
    return SampleRelation(r.subject, predicate, r.object, spans, r.category, r.confidence)


def _united(relations: Iterable[SampleRelation], counts: Counts) -> list[SampleRelation]:
    """Each (subject, predicate, object) once, with the time of all."""
    found: dict[Key, SampleRelation] = {}
    for r in relations:
        if r.key in found:
            counts.note(Reason.REPEATED)
            found[r.key] = _joined(found[r.key], r)
        else:
            found[r.key] = r
    return list(found.values())


def _from_one_end(relations: Sequence[SampleRelation], counts: Counts) -> list[SampleRelation]:
    """Of two that say the same from both ends one, in the direction in which it is usually told, with both times."""
    found = {r.key: r for r in relations}
    for r in relations:
        inverse = inverse_of(r.predicate)
        mirror: Key | None = None if inverse is None else (r.object, inverse, r.subject)
        if mirror is None or r.key not in found or mirror not in found:
            continue
        kept, gone = (found[r.key], found[mirror]) if _usual(r) else (found[mirror], found[r.key])
        counts.note(Reason.MIRRORED)
        found[kept.key] = _joined(kept, gone)
        del found[gone.key]
    return list(found.values())


def _usual(r: SampleRelation) -> bool:
    """Whether `r` and not its mirror image is how it is told: the store's direction; of symmetric ones the lower id
    first, after the camera never.
    """
    if r.predicate in SYMMETRIC:
        return r.object == CAMERA_ID or CAMERA_ID < r.subject < r.object
    return r.predicate in PREDICATE_CATEGORIES


def _joined(first: SampleRelation, second: SampleRelation) -> SampleRelation:
    return replace(
        first,
        spans=first.spans | second.spans,
        category=first.category or second.category,
        confidence=max(first.confidence, second.confidence),
    )


def _believable(r: SampleRelation, duration: float, rules: RelationSettings, counts: Counts) -> bool:
    whole = duration >= rules.instant_seconds and r.spans.duration >= rules.instant_share * duration
    if whole and is_instant(r.predicate):
        counts.note(Reason.INSTANT)
        return False
    return True


def _between_kept(r: SampleRelation, *, kept: Collection[int], known: Collection[int], counts: Counts) -> bool:
    ends = {r.subject, r.object} - {CAMERA_ID}
    if ends <= set(kept):
        return True
    counts.note(Reason.DROPPED_END if ends <= set(known) else Reason.UNKNOWN_END)
    return False


def _most_telling(relations: Sequence[SampleRelation], most: int) -> list[SampleRelation]:
    """At most `most`: the longest of each category, then the second longest of each, and so on."""
    if len(relations) <= most:
        return list(relations)
    place: dict[Key, int] = {}
    taken: dict[object, int] = {}
    for r in sorted(relations, key=lambda r: (-r.spans.duration, r.key)):
        place[r.key] = taken.get(r.category, 0)
        taken[r.category] = place[r.key] + 1
    return sorted(relations, key=lambda r: (place[r.key], taken[r.category], -r.spans.duration, r.key))[:most]

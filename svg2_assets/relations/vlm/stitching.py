"""One set of relations from the answers about several windows of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from svg2_assets.relations.resolve import joined
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Span, Spans


def united(groups: Sequence[Sequence[Relation]]) -> list[Relation]:
    """All reports about one window: those of the same statement are joined."""
    found: dict[tuple[int, str, int], Relation] = {}
    for relation in (r for group in groups for r in group):
        found[relation.key] = joined(found[relation.key], relation) if relation.key in found else relation
    return list(found.values())


def stitched(parts: Sequence[tuple[Span, Sequence[Relation]]]) -> list[Relation]:
    """The relations of a video from those of its windows, given with their times in order.

    Where two windows overlap and both say that a relation holds, its spans become one, and the later end counts: the
    window that saw more of what follows knows better. What only one of the two says of their common time is believed
    up to the middle of it, where that window's view is the wider one.
    """
    whole: dict[tuple[int, str, int], Relation] = {}
    before: Span | None = None
    for window, relations in parts:
        new = {r.key: r for r in relations}
        common = _common(before, window)
        for key in dict.fromkeys((*whole, *new)):
            merged = _meeting(whole.get(key), new.get(key), common)
            if merged is not None:
                whole[key] = merged
            else:
                whole.pop(key, None)
        before = window if before is None else Span(before.start, max(before.end, window.end))
    return list(whole.values())


def _common(before: Span | None, window: Span) -> Span | None:
    if before is None or window.start >= before.end:
        return None
    return Span(window.start, min(before.end, window.end))


def _meeting(old: Relation | None, new: Relation | None, common: Span | None) -> Relation | None:
    """One statement as two windows report it whose times have `common`."""
    if common is not None:
        old, new = _believed(old, new, common, early=True), _believed(new, old, common, early=False)
    if old is None or new is None:
        return old or new
    return joined(old, new)


def _believed(one: Relation | None, other: Relation | None, common: Span, *, early: bool) -> Relation | None:
    """`one` without what the other window contradicts in the half of `common` that it sees better."""
    if one is None:
        return None
    middle = (common.start + common.end) / 2
    better = Span(middle, common.end) if early else Span(common.start, middle)
    kept = [part for span in one.spans for part in _cut(span, better, common, other)]
    return replace(one, spans=Spans.of(kept)) if kept else None


def _cut(span: Span, better: Span, common: Span, other: Relation | None) -> list[Span]:
    backed = other is not None and any(
        o.start <= span.end and span.start <= o.end and _in(o, common) for o in other.spans
    )
    if backed or span.end <= better.start or span.start >= better.end:
        return [span]
    left = Span(span.start, better.start) if span.start < better.start else None
    right = Span(better.end, span.end) if span.end > better.end else None
    return [s for s in (left, right) if s is not None]


def _in(span: Span, common: Span) -> bool:
    return span.start < common.end and span.end > common.start

"""Answers that are wrong in one way: what a model that looks at the clip must find less likely than the true one.

They measure blindness (a model that cannot tell them from the truth reads neither time nor direction off its slots)
and are learned against in preset `default`. Altered answers keep the order of true ones, so that the order of the text
gives nothing away. Those that are only learned against are as likely as text as the truth is: times and ends are dealt
out among the answer's own relations, and nothing but the clip can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum

from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, SYMMETRIC
from svg2_assets.traser.text import Clock, Statement, Told

SHIFT = 4.0  # seconds, as the released model was probed


class Alteration(StrEnum):
    """What is wrong."""

    SHIFTED = "shifted"
    SWAPPED = "swapped"
    RETIMED = "retimed"
    EXCHANGED = "exchanged"


def shifted(told: Told, clock: Clock) -> Told:
    """Every relation `SHIFT` seconds later, what would end after the clip as much earlier, cut at the clip's ends."""
    moved = ((s, _moved(s.spans, clock.duration)) for s in told.statements)
    return replace(told, statements=tuple(replace(s, spans=spans) for s, spans in moved if spans))


def swapped(told: Told, _: Clock) -> Told:
    """Subject and object of every relation exchanged; not the camera's, nor where both ways say the same."""
    return replace(told, statements=tuple(map(_exchanged, told.statements)))


def retimed(told: Told, _: Clock) -> Told:
    """Every relation at the time of the next one that has another time, in a circle."""
    times = list(dict.fromkeys(s.spans for s in told.statements))
    after = dict(zip(times, [*times[1:], *times[:1]], strict=True))
    return replace(told, statements=tuple(replace(s, spans=after[s.spans]) for s in told.statements))


def exchanged(told: Told, _: Clock) -> Told:
    """Every thing that takes part in relations gives its part to the next one that does, in a circle."""
    ends = {end for s in told.statements for end in (s.subject, s.object) if end != CAMERA_ID}
    numbers = sorted(ends) if len(ends) > 1 else sorted({*ends, *(t.number for t in told.things)})
    after = dict(zip(numbers, [*numbers[1:], *numbers[:1]], strict=True)) | {CAMERA_ID: CAMERA_ID}
    given = (replace(s, subject=after[s.subject], object=after[s.object]) for s in told.statements)
    return replace(told, statements=tuple(given))


ALTERATIONS: Mapping[Alteration, Callable[[Told, Clock], Told]] = {
    Alteration.SHIFTED: shifted,
    Alteration.SWAPPED: swapped,
    Alteration.RETIMED: retimed,
    Alteration.EXCHANGED: exchanged,
}


def _moved(spans: Spans, duration: float) -> Spans:
    last = max((s.end for s in spans), default=0.0)
    by = SHIFT if last + SHIFT <= duration else -SHIFT
    cut = ((max(s.start + by, 0.0), min(s.end + by, duration)) for s in spans)
    return Spans.of(Span(start, end) for start, end in cut if start < end)


def _exchanged(s: Statement) -> Statement:
    if s.predicate in SYMMETRIC or CAMERA_ID in {s.subject, s.object}:
        return s
    return replace(s, subject=s.object, object=s.subject)

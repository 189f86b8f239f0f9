"""What a model wrote, read as drafts of relations: nothing of it is trusted, what does not read is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from svg2_assets.relations.vlm.frames import Sample

MOST_SPANS = 64  # of one relation
MOST_RELATIONS = 5_000  # of one answer
LATEST = 1e7  # seconds

Pairs = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A relation as it was claimed; `spans` are (start, end) in seconds, in any order. `turned`: ends exchanged."""

    subject: int
    predicate: str
    object: int
    category: str
    spans: Pairs
    confidence: float
    turned: bool = False


def read_drafts(value: Any) -> tuple[list[Draft], int]:
    """The relations of an answer in named fields, and how many entries do not read."""
    entries = _entries(value, "relations")
    drafts = [d for e in entries if (d := _draft(e)) is not None]
    return drafts, len(entries) - len(drafts)


def read_released(value: Any, samples: Sequence[Sample], *, category: str = "") -> tuple[list[Draft], int]:
    """The tuples of preset `release`: `[subject, predicate, object, [[first, last], ...], type]`.

    `category` is that of tuples of four. `[first, last]` are inclusive positions in the sample: in seconds, from where
    the first of the frames begins to where the last one ends. Positions outside the sample are not read.
    """
    entries = _entries(value, "relationships")
    drafts = [d for e in entries if (d := _tuple(e, samples, category)) is not None]
    return drafts, len(entries) - len(drafts)


def _entries(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return list(found)[:MOST_RELATIONS] if isinstance(found, list | tuple) else []


def _draft(entry: Any) -> Draft | None:
    if not isinstance(entry, Mapping):
        return None
    subject, object_ = _id(entry.get("subject")), _id(entry.get("object"))
    predicate, category = entry.get("predicate"), entry.get("category")
    given = entry.get("spans")
    if subject is None or object_ is None or not isinstance(predicate, str) or not isinstance(category, str):
        return None
    if not isinstance(given, list | tuple):
        return None
    spans = tuple(p for s in list(given)[:MOST_SPANS] if (p := _pair(s)) is not None)
    confidence = _number(entry.get("confidence"))
    return Draft(
        subject, predicate, object_, category, spans, min(1.0, max(0.0, 0.5 if confidence is None else confidence))
    )


def _tuple(entry: Any, samples: Sequence[Sample], category: str) -> Draft | None:
    if not isinstance(entry, list | tuple) or len(entry) != (4 if category else 5):
        return None
    subject, predicate, object_, given = _id(entry[0]), entry[1], _id(entry[2]), entry[3]
    kind = category or entry[4]
    if subject is None or object_ is None or not isinstance(predicate, str) or not isinstance(kind, str):
        return None
    if not isinstance(given, list | tuple):
        return None
    spans = tuple(p for s in list(given)[:MOST_SPANS] if (p := _positions(s, samples)) is not None)
    return Draft(subject, predicate, object_, kind, spans, 1.0)


def _positions(value: Any, samples: Sequence[Sample]) -> tuple[float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    first, last = _id(value[0]), _id(value[1])
    if first is None or last is None or not 0 <= first <= last < len(samples):
        return None
    return samples[first].start, samples[last].end


def _pair(value: Any) -> tuple[float, float] | None:
    ends = (value.get("start"), value.get("end")) if isinstance(value, Mapping) else value
    if not isinstance(ends, list | tuple) or len(ends) != 2:
        return None
    start, end = _number(ends[0]), _number(ends[1])
    return None if start is None or end is None else (start, end)


def _id(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value) if abs(value) <= LATEST else math.inf
    return number if math.isfinite(number) else None

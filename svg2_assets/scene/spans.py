"""Time: half-open intervals `[start, end)` in seconds on a video's own clock, and their algebra.

Every other convention (frame indices, inclusive seconds, sampled-frame numbers) exists only in format adapters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.errors import InvalidSceneValue

HALF = 0.5 - 1e-9  # edges are sums of floats


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`[start, end)` in seconds, `0 <= start < end`, both finite."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end) and 0 <= self.start < self.end):
            raise InvalidSceneValue(f"a span is 0 <= start < end in seconds, not [{self.start}, {self.end})")

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Spans:
    """A set of instants as sorted, disjoint, non-touching spans. Build it with `Spans.of`, which normalises."""

    parts: tuple[Span, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Span | Sequence[float]]) -> Spans:
        """Sort and merge `parts` (spans or (start, end) pairs), in any order, overlapping or not."""
        merged: list[Span] = []
        for part in sorted(p if isinstance(p, Span) else Span(float(p[0]), float(p[1])) for p in parts):
            if merged and part.start <= merged[-1].end:
                merged[-1] = Span(merged[-1].start, max(merged[-1].end, part.end))
            else:
                merged.append(part)
        return cls(tuple(merged))

    @classmethod
    def where(cls, flags: npt.ArrayLike, edges: npt.ArrayLike) -> Spans:
        """The instants where `flags` [N] hold; sample i stands for `[edges[i], edges[i + 1])` (seconds)."""
        on, bounds = np.asarray(flags, dtype=bool), np.asarray(edges, dtype=np.float64)
        if bounds.shape != (on.size + 1,):
            raise InvalidSceneValue(f"{on.size} samples need {on.size + 1} edges, not {bounds.shape}")
        return cls.of(Span(float(bounds[first]), float(bounds[last + 1])) for first, last in runs(on))

    def cells(self, edges: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Which cells `[edges[i], edges[i + 1])` of [N + 1] `edges` (seconds) these instants cover for at least half.

        The inverse of `where` for spans that begin and end at edges; of all sets of cells this one is off by the fewest
        seconds. Where none is covered for half, it is the one that is covered longest, so that nothing that holds
        within the edges vanishes; what holds outside of them does.
        """
        bounds = np.asarray(edges, dtype=np.float64)
        covered = np.zeros(max(0, bounds.size - 1))
        for p in self.parts:
            covered += np.clip(np.minimum(p.end, bounds[1:]) - np.maximum(p.start, bounds[:-1]), 0, None)
        on = (covered > 0) & (covered >= HALF * np.diff(bounds))
        if covered.any() and not on.any():
            on[int(np.argmax(covered))] = True
        return on

    def __iter__(self) -> Iterator[Span]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def duration(self) -> float:
        """Seconds in all."""
        return math.fsum(p.duration for p in self.parts)

    def __or__(self, other: Spans) -> Spans:
        return Spans.of((*self.parts, *other.parts))

    def __and__(self, other: Spans) -> Spans:
        common: list[Span] = []
        i = j = 0
        while i < len(self.parts) and j < len(other.parts):
            a, b = self.parts[i], other.parts[j]
            start, end = max(a.start, b.start), min(a.end, b.end)
            if start < end:
                common.append(Span(start, end))
            if a.end <= b.end:
                i += 1
            else:
                j += 1
        return Spans.of(common)

    def contains(self, other: Spans, *, tolerance: float = 0.0) -> bool:
        """Whether all but `tolerance` seconds of `other` lie inside."""
        return other.duration - (self & other).duration <= tolerance

    def longer_than(self, seconds: float) -> Spans:
        """Only the parts of at least `seconds`."""
        return Spans(tuple(p for p in self.parts if p.duration >= seconds))

    def closed(self, gap: float) -> Spans:
        """Gaps of at most `gap` seconds filled."""
        filled: list[Span] = []
        for part in self.parts:
            if filled and part.start - filled[-1].end <= gap:
                filled[-1] = Span(filled[-1].start, part.end)
            else:
                filled.append(part)
        return Spans(tuple(filled))

    def to_json(self) -> list[list[float]]:
        """`[[start, end], ...]` to the microsecond."""
        return [[round(p.start, 6), round(p.end, 6)] for p in self.parts]


def runs(flags: npt.ArrayLike) -> list[tuple[int, int]]:
    """First and last index of each run of `flags` [N] that hold."""
    on = np.asarray(flags, dtype=bool).astype(np.int8)
    turns = np.flatnonzero(np.diff(np.concatenate(([0], on, [0]))))
    return [(int(a), int(b) - 1) for a, b in turns.reshape(-1, 2)]


def tiou(a: Spans, b: Spans) -> float:
    """Temporal intersection over union; 0 when both are empty."""
    together = (a | b).duration
    return (a & b).duration / together if together else 0.0

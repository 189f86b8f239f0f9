"""What the names in the rest of the store look like, and how far a set of names is from that."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Corpus:
    """How often each name occurs among the verified labels of the whole store. Empty: nothing to compare with."""

    name_counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, names: Iterable[str]) -> Corpus:
        """Count `names`, one an object."""
        return cls(MappingProxyType(dict(Counter(names))))

    @property
    def num_objects(self) -> int:
        """Objects counted."""
        return sum(self.name_counts.values())


def name_distance(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """Jensen-Shannon distance (square root of the divergence, base 2) of two counts of names.

    0 when their shares are the same, 1 when they have no name in common; 0 when either is empty. Source: Endres and
    Schindelin, A new metric for probability distributions (2003).
    """
    p, q = _shares(first), _shares(second)
    if not p or not q:
        return 0.0
    middle = {name: (p.get(name, 0.0) + q.get(name, 0.0)) / 2 for name in p.keys() | q.keys()}
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return math.sqrt(min(1.0, max(0.0, divergence)))


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: n / total for name, n in counts.items() if n > 0}


def _relative_entropy(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    return math.fsum(share * math.log2(share / q[name]) for name, share in p.items())

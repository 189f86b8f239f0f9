"""Which pairs of labels each criterion accepts, asked of the judges once a pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from svg2_assets.evaluation.graphs.settings import Criterion
from svg2_assets.evaluation.judges.likeness import Judge, Kind, Likeness, Pair

FEW = 4096
"""Up to so many pairs are looked at one by one."""
MOST = 1 << 20
"""So many judged pairs are remembered; then all are forgotten (100 MB)."""


class Rulings:
    """The memory of what judges said. Bit c of a mask stands for the criterion c."""

    def __init__(self, criteria: Sequence[Criterion]) -> None:
        self._bits: list[tuple[Judge, list[tuple[int, frozenset[Likeness]]]]] = []
        for c, criterion in enumerate(criteria):
            bit = (1 << c, criterion.accepts)
            for judge, bits in self._bits:  # a judge that stands in two criteria is asked once
                if (judge.name, judge.version) == (criterion.judge.name, criterion.judge.version):
                    bits.append(bit)
                    break
            else:
                self._bits.append((criterion.judge, [bit]))
        self._masks: dict[Pair, int] = {}
        self._keys: dict[tuple[str, Kind], _Keys] = {}

    def learn(self, pairs: Iterable[Pair]) -> None:
        """Ask each judge, all at once, for those of `pairs` that are new and may be like to it."""
        if len(self._masks) > MOST:
            self._masks.clear()
        new = [p for p in dict.fromkeys(pairs) if p not in self._masks]
        self._masks.update(dict.fromkeys(new, 0))
        for j, (judge, bits) in enumerate(self._bits):
            asked = [p for p in new if self._may_be_like(p, j)]
            if not asked:
                continue
            for pair, likeness in zip(asked, judge.judge(asked), strict=True):
                self._masks[pair] |= sum(bit for bit, accepts in bits if likeness in accepts)

    def mask(self, pair: Pair) -> int:
        """The criteria that accept `pair`, which must have been learned."""
        return self._masks[pair]

    def candidates(self, references: Collection[str], predictions: Collection[str], kind: Kind) -> list[Pair]:
        """The pairs that are no mismatch by their keys alone."""
        given = [(p, self._keys_of(p, kind).common) for p in predictions]
        if len(references) * len(given) > FEW and all(keys is not None for _, keys in given):
            return self._indexed(references, predictions, kind)
        found = []
        for r in references:
            own = self._keys_of(r, kind).common
            for p, keys in given:
                if own is None or keys is None or not own.isdisjoint(keys):
                    found.append(Pair(r, p, kind))
        return found

    def _indexed(self, references: Collection[str], predictions: Collection[str], kind: Kind) -> list[Pair]:
        holding: dict[str, list[str]] = defaultdict(list)
        for p in predictions:
            for key in self._keys_of(p, kind).common or ():
                holding[key].append(p)
        found = []
        for r in references:
            some = dict.fromkeys(p for key in self._keys_of(r, kind).common or () for p in holding.get(key, ()))
            found += [Pair(r, p, kind) for p in some]
        return found

    def _may_be_like(self, pair: Pair, j: int) -> bool:
        a = self._keys_of(pair.reference, pair.kind).each[j]
        b = self._keys_of(pair.prediction, pair.kind).each[j]
        return a is None or b is None or not a.isdisjoint(b)

    def _keys_of(self, text: str, kind: Kind) -> _Keys:
        found = self._keys.get((text, kind))
        if found is None:
            if len(self._keys) > MOST:
                self._keys.clear()
            each = tuple(judge.keys(text, kind) for judge, _ in self._bits)
            known = [keys for keys in each if keys is not None]
            common = frozenset().union(*known) if len(known) == len(each) else None
            found = self._keys[text, kind] = _Keys(each, common)
        return found


class _Keys(NamedTuple):
    """A text's keys: those of each judge, and those of all, None where one has none."""

    each: tuple[frozenset[str] | None, ...]
    common: frozenset[str] | None

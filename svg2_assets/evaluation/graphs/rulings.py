"""Which pairs of labels each criterion accepts, asked of the judges once a pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from svg2_assets.evaluation.graphs.settings import Criterion
from svg2_assets.evaluation.judges.likeness import Judge, Kind, Likeness, Pair

FEW = 64
"""Up to so many pairs are looked up one by one."""
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
        self._keys: dict[tuple[str, Kind], tuple[frozenset[str] | None, ...]] = {}

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

    def accepted(
        self, references: Collection[str], predictions: Collection[str], kind: Kind
    ) -> Iterator[tuple[str, str, int]]:
        """(reference, prediction, mask) of the pairs that some criterion accepts; they must have been learned."""
        for pair in self.candidates(references, predictions, kind):
            if mask := self._masks[pair]:
                yield pair.reference, pair.prediction, mask

    def candidates(self, references: Collection[str], predictions: Collection[str], kind: Kind) -> Iterator[Pair]:
        """The pairs that are no mismatch by their keys alone; few ones are not looked at so closely."""
        keyless = any(keys is None for t in list(predictions)[:1] for keys in self._keys_of(t, kind))
        if keyless or len(references) * len(predictions) <= FEW:
            yield from (Pair(r, p, kind) for r in references for p in predictions)
            return
        holding: dict[tuple[int, str], list[str]] = defaultdict(list)
        for p in predictions:
            for key in self._numbered(p, kind):
                holding[key].append(p)
        for r in references:
            found = dict.fromkeys(p for key in self._numbered(r, kind) for p in holding.get(key, ()))
            yield from (Pair(r, p, kind) for p in found)

    def _may_be_like(self, pair: Pair, j: int) -> bool:
        a = self._keys_of(pair.reference, pair.kind)[j]
        b = self._keys_of(pair.prediction, pair.kind)[j]
        return a is None or b is None or not a.isdisjoint(b)

    def _numbered(self, text: str, kind: Kind) -> Iterator[tuple[int, str]]:
        for j, keys in enumerate(self._keys_of(text, kind)):
            for key in keys or ():
                yield j, key

    def _keys_of(self, text: str, kind: Kind) -> tuple[frozenset[str] | None, ...]:
        found = self._keys.get((text, kind))
        if found is None:
            if len(self._keys) > MOST:
                self._keys.clear()
            found = self._keys[text, kind] = tuple(judge.keys(text, kind) for judge, _ in self._bits)
        return found

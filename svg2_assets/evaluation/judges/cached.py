"""A judge that is asked once a pair: for judges that cost money or time.

Where a language model judges, this is the seam: a class with the methods of `likeness.Judge` sends what it is given in
batches of its own, its `version` names model and prompt, `keys` gives None; it is wrapped here. `scores.pairs_of` gives
the pairs of one video; asked for those of all videos at once, the wrapped judge fills the store in few large calls,
and scoring afterwards asks nothing.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field

from svg2_assets.evaluation.judges.likeness import Judge, Kind, Likeness, Pair

Asked = tuple[str, str, Kind, str, str]
"""Name and version of the judge, kind, reference, prediction: what an answer holds for."""


@dataclass(frozen=True, slots=True)
class Cached:
    """`judge`, with every answer kept in `store`, which may outlive the process and serve several judges.

    `at_once`: pairs a call. Answers are kept call by call: where one fails, those before it need not be asked again.
    """

    judge_itself: Judge
    store: MutableMapping[Asked, Likeness] = field(default_factory=dict)
    at_once: int = 1000

    @property
    def name(self) -> str:
        """That of the judge."""
        return self.judge_itself.name

    @property
    def version(self) -> str:
        """That of the judge."""
        return self.judge_itself.version

    def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
        """As the judge says, which is asked for pairs that are new."""
        new = [p for p in dict.fromkeys(pairs) if self._asked(p) not in self.store]
        for at in range(0, len(new), self.at_once):
            some = new[at : at + self.at_once]
            for pair, likeness in zip(some, self.judge_itself.judge(some), strict=True):
                self.store[self._asked(pair)] = likeness
        return [self.store[self._asked(p)] for p in pairs]

    def keys(self, text: str, kind: Kind) -> frozenset[str] | None:
        """Those of the judge."""
        return self.judge_itself.keys(text, kind)

    def knows(self, text: str, kind: Kind) -> bool:
        """As the judge says."""
        return self.judge_itself.knows(text, kind)

    def _asked(self, pair: Pair) -> Asked:
        return self.name, self.version, pair.kind, pair.reference, pair.prediction

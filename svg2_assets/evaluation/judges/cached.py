"""A judge that is asked once a pair: for judges that cost money or time.

`model.ModelJudge` is wrapped here: it sends what it is given in batches of its own, its `version` names model and
prompt, `keys` gives None. `scores.pairs_of` gives the pairs of one video; asked for those of all videos at once, the
wrapped judge fills the store in few large calls, and scoring afterwards asks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from svg2_assets.evaluation.judges.likeness import Judge, Kind, Likeness, Pair

Asked = tuple[str, str, Kind, str, str]
"""Name and version of the judge, kind, reference, prediction: what an answer holds for."""


@runtime_checkable
class MayDecline(Protocol):
    """A judge that does not judge every pair."""

    @property
    def declined(self) -> Collection[Pair]:
        """Pairs whose class is a default: not kept, so that they are told each time."""
        ...


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
        found, new = self._looked_up(pairs)
        for at in range(0, len(new), self.at_once):
            some = new[at : at + self.at_once]
            said = dict(zip(some, self.judge_itself.judge(some), strict=True))
            found |= said
            declined = self.judge_itself.declined if isinstance(self.judge_itself, MayDecline) else ()
            self.store.update({self._asked(p): likeness for p, likeness in said.items() if p not in declined})
        return [found[p] for p in pairs]

    def unknown(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Those of `pairs` for which the judge will be asked, each once."""
        return self._looked_up(pairs)[1]

    def _looked_up(self, pairs: Sequence[Pair]) -> tuple[dict[Pair, Likeness], list[Pair]]:
        found: dict[Pair, Likeness] = {}
        new: list[Pair] = []
        for pair in dict.fromkeys(pairs):
            known = self.store.get(self._asked(pair))
            if known is None:
                new.append(pair)
            else:
                found[pair] = known
        return found, new

    def keys(self, text: str, kind: Kind) -> frozenset[str] | None:
        """Those of the judge."""
        return self.judge_itself.keys(text, kind)

    def knows(self, text: str, kind: Kind) -> bool:
        """As the judge says."""
        return self.judge_itself.knows(text, kind)

    def _asked(self, pair: Pair) -> Asked:
        return self.name, self.version, pair.kind, pair.reference, pair.prediction

"""Tier `model`: a language model places pairs, asked through the gateway. As in the paper, but for the prompt.

The paper's prompt is not published; ours is `prompts/judge.md`. Pairs of one normal form are identical and names that
claim nothing are like nothing: neither is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from svg2_assets.evaluation.judges.asking import ModelJudgeSettings, batches, call_for, read, the_prompt
from svg2_assets.evaluation.judges.forms import form_of
from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair
from svg2_assets.evaluation.judges.normalised import Normalised, same_form
from svg2_assets.evaluation.judges.objects import GENERIC
from svg2_assets.llm.calls import Call, Gateway, Outcome
from svg2_assets.scene.errors import Svg2Error

RULES = "1"
"""Changes with what is decided without asking, and with how answers are read."""
_READABLE = frozenset({Outcome.OK, Outcome.TRUNCATED, Outcome.INVALID})


class JudgeFailed(Svg2Error):
    """Pairs could not be judged: limits, server, budget, or a model that declines too many. What it said is kept."""


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """The judge. Wrap it in `Cached`, or every pair is asked again in other company.

    `declined`: pairs of which the model says nothing even when asked alone, with the reason; they count as mismatches,
    and are not asked again: what is too many is a share of all pairs, not of the few of one video.
    """

    gateway: Gateway
    settings: ModelJudgeSettings = field(default_factory=ModelJudgeSettings)
    declined: dict[Pair, str] = field(default_factory=dict)
    name: str = "model"

    @property
    def version(self) -> str:
        """Model, rules, prompt, and the tier that says what is identical."""
        return f"{self.settings.model}-{RULES}-{the_prompt().version}-{Normalised().version}"

    def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
        """Pairs that one answer leaves out, and those of a call that is declined, are asked again in smaller calls.

        Raises `JudgeFailed` where an answer cannot be had, or more pairs are declined than `most_declined`;
        `UnusableBackend` where no call can work.
        """
        found = self._settled(pairs)
        asked = self._open(pairs, found)
        pending = list(batches(asked, self.settings.pairs_a_call))
        while pending:
            answers = self.gateway.ask([call_for(batch, self.settings) for batch in pending])
            smaller: list[tuple[Pair, ...]] = []
            for batch, answer in zip(pending, answers, strict=True):
                if answer.outcome not in {*_READABLE, Outcome.REFUSED}:
                    raise JudgeFailed(f"{self.settings.model}: {len(batch)} pairs are not judged: {answer.reason}")
                said = read(answer.value, batch)
                found |= said
                smaller += self._again(batch, said, answer.reason)
            pending = smaller
        self._check(asked)
        return [found.get(p, Likeness.MISMATCH) for p in pairs]

    def planned_calls(self, pairs: Sequence[Pair]) -> list[Call]:
        """The calls with which `judge` begins: for estimates."""
        asked = self._open(pairs, self._settled(pairs))
        return [call_for(batch, self.settings) for batch in batches(asked, self.settings.pairs_a_call)]

    def keys(self, text: str, kind: Kind) -> None:
        """There are none: any two labels may be like each other."""
        del text, kind

    def knows(self, text: str, kind: Kind) -> bool:
        """Every label that claims something."""
        return kind is not Kind.OBJECT or form_of(text, kind) not in GENERIC

    def _settled(self, pairs: Sequence[Pair]) -> dict[Pair, Likeness]:
        found = {p: Likeness.IDENTICAL for p in pairs if same_form(p)}
        empty = {p: Likeness.MISMATCH for p in pairs if not all(self.knows(t, p.kind) for t in p[:2])}
        return found | empty | {p: Likeness.MISMATCH for p in pairs if p in self.declined}

    def _open(self, pairs: Sequence[Pair], found: dict[Pair, Likeness]) -> list[Pair]:
        """Sorted: the same pairs make the same calls, whose answers the gateway keeps."""
        return sorted({p for p in pairs if p not in found}, key=lambda p: (p.kind, p.reference, p.prediction))

    def _again(self, batch: tuple[Pair, ...], said: dict[Pair, Likeness], reason: str) -> list[tuple[Pair, ...]]:
        left = tuple(p for p in batch if p not in said)
        if len(batch) == 1:
            self.declined.update(dict.fromkeys(left, reason or "the answer leaves it out"))
            return []
        if len(left) < len(batch):
            return [left] if left else []
        return list(batches(left, -(-len(left) // 2)))

    def _check(self, asked: Sequence[Pair]) -> None:
        declined = [p for p in asked if p in self.declined]
        if len(declined) > max(1, int(self.settings.most_declined * len(asked))):
            raise JudgeFailed(
                f"{self.settings.model}: declines {len(declined)} of {len(asked)} pairs, such as "
                f"{declined[0].reference!r} and {declined[0].prediction!r} ({self.declined[declined[0]]}). Raise "
                "most_declined to count them as mismatches, or choose another model."
            )

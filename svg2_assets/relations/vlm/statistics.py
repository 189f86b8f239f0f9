"""What happened on the way from a video to its relations, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from svg2_assets.llm.calls import Answer, Outcome
from svg2_assets.relations.vlm.rules import Rule
from svg2_assets.scene.errors import printable

MOST_FAILURES = 20  # that are told in words


@dataclass(slots=True)
class Tally:
    """Counts of one video. `claims`: entries of all answers; `violations`: how many of them broke each rule."""

    calls: int = 0
    answered: int = 0
    truncated: int = 0
    claims: int = 0
    violations: Counter[Rule] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    reasons: Counter[Outcome] = field(default_factory=Counter)

    def heard(self, answer: Answer, *, where: str) -> bool:
        """Note the outcome of a call; whether there may be something to read."""
        self.calls += 1
        readable = answer.outcome in {Outcome.OK, Outcome.TRUNCATED}
        readable = readable or (answer.outcome is Outcome.INVALID and answer.value is not None)
        self.answered += readable
        self.truncated += answer.outcome is Outcome.TRUNCATED
        if not readable:
            self.reasons[answer.outcome] += 1
            self.failures.append(printable(f"{where}: {answer.outcome.value}: {answer.reason}"))
        return readable

    def to_json(self, **more: int) -> dict[str, Any]:
        """As a result carries them."""
        shown: dict[str, Any] = {"calls": self.calls, "claims": self.claims, **more}
        shown["violations"] = {rule.value: self.violations[rule] for rule in Rule}
        shown |= {"truncated_answers": self.truncated, "failed_calls": self.calls - self.answered}
        return shown | ({"failures": self.failures[:MOST_FAILURES]} if self.failures else {})

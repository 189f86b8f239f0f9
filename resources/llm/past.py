"""What requests took until now, from the ledger, as what requests like them will take.

The ledger keeps beside what a request took what was expected of it: input tokens by the rules of its model, the answer
and its reasoning by `svg2_assets/llm/answer_size.py`. Only requests to the same server count: what a development server
says under a model's name is not what the model says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resources.llm.calibration import AS_LARGE, AS_ONE, Line, learned
from resources.llm.payloads import FIRST
from svg2_assets.llm.calls import Call

NEWEST = 2_000  # requests of a purpose that are learned from
HITS_GUESSED = 2
"""Calls whose common beginning was found in the provider's cache, taken for granted before any is known."""

COLUMNS = (
    "call_id",
    "phase",
    "purpose",
    "model",
    "prompt_version",
    "step",
    "video_id",
    "server",
    "tokens_in",
    "tokens_cached",
    "tokens_out",
    "tokens_reasoning",
    "tokens_expected",
    "answer_expected",
    "reasoning_expected",
    "at",
)
"""Columns of the ledger that are read here."""


@dataclass(frozen=True, slots=True)
class Paid:
    """One request that was paid: tokens as they were, and as they had been expected. `at`: when, ISO 8601."""

    video_id: str
    at: str
    phase: str
    purpose: str
    model: str
    prompt_version: str
    step: str
    tokens_in: int
    cached: int
    said: int
    reasoning: int
    expected_in: int
    expected_said: float
    expected_reasoning: float


@dataclass(frozen=True, slots=True)
class Rates:
    """What requests of one kind take. `calls`: how many they were learned from; 0: nothing is known.

    `other_prompt`: these were asked by another version of the prompt. `tokens_in`: actual for each expected one.
    `said`: tokens of an answer, and `reasoning`: as a multiple of what is expected, both by what it is expected to say.
    `cached`: share of the input that was cached; `hits`: share of the requests of which anything was. `again_in`,
    `again_out`: tokens of further requests (longer, repaired) for each token of first ones.
    """

    calls: int = 0
    other_prompt: bool = False
    tokens_in: float = 1.0
    cached: float = 0.0
    hits: float = 1.0
    said: Line = AS_LARGE
    reasoning: Line = AS_ONE
    again_in: float = 0.0
    again_out: float = 0.0


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Calls of `purpose` that depend on answers to other calls of their phase: how many there were for each of those,
    and their tokens for each of theirs. `reasoning`: tokens a call.
    """

    purpose: str
    calls: int
    each: float
    tokens_in: float
    cached: float
    said: float
    reasoning: float


@dataclass(slots=True)
class Past:
    """Paid requests, the newest of each purpose first."""

    requests: Sequence[Paid] = ()
    _rates: dict[tuple[str, str, str, str], Rates] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], *, server: str) -> Past:
        """The requests to `server` among `rows` of the ledger (`COLUMNS`) whose tokens are known."""
        known = [r for r in rows if r["tokens_in"] and r["tokens_expected"] and r["server"] == server]
        held: dict[tuple[str, str, str], list[Paid]] = {}
        for row in sorted(known, key=_when, reverse=True):
            like = held.setdefault((row["phase"], row["purpose"], row["model"]), [])
            if len(like) < NEWEST:
                like.append(_paid(row))
        return cls([request for like in held.values() for request in like])

    def rates(self, call: Call) -> Rates:
        """Of requests like `call`: of its prompt version where there are any, else of the others."""
        key = (call.phase, call.purpose, call.model, call.prompt_version)
        if key not in self._rates:
            like = [r for r in self.requests if (r.phase, r.purpose, r.model) == key[:3]]
            same = [r for r in like if r.prompt_version == call.prompt_version]
            self._rates[key] = _rates_of(same or like, other_prompt=bool(like) and not same)
        return self._rates[key]

    def follow_ups(self, planned: Iterable[Call]) -> list[FollowUp]:
        """What came in the same videos after calls like `planned` (one of each kind, of one phase and model), which
        could not be told beforehand.
        """
        kinds = list(planned)
        wanted, purposes = {(c.purpose, c.prompt_version) for c in kinds}, {c.purpose for c in kinds}
        where = {(c.phase, c.model) for c in kinds}
        there = [r for r in self.requests if (r.phase, r.model) in where]
        like = [r for r in there if r.purpose in purposes and r.step == FIRST]
        first = [r for r in like if (r.purpose, r.prompt_version) in wanted] or like
        begun: dict[str, str] = {}
        for request in first:
            begun[request.video_id] = min(request.at, begun.get(request.video_id, request.at))
        after = [r for r in there if r.purpose not in purposes and r.at > begun.get(r.video_id, r.at)]
        groups = dict.fromkeys(r.purpose for r in after)
        return [_follow_up([r for r in after if r.purpose == purpose], first) for purpose in groups]


def _when(row: Mapping[str, Any]) -> str:
    """The store has times, the journal texts."""
    at = row["at"]
    return at if isinstance(at, str) else str(at.isoformat(timespec="microseconds"))


def _paid(row: Mapping[str, Any]) -> Paid:
    reasoning = row["tokens_reasoning"] or 0
    return Paid(
        video_id=row["video_id"],
        at=_when(row),
        phase=row["phase"],
        purpose=row["purpose"],
        model=row["model"],
        prompt_version=row["prompt_version"],
        step=row["step"],
        tokens_in=row["tokens_in"],
        cached=row["tokens_cached"] or 0,
        said=row["tokens_out"] - reasoning,
        reasoning=reasoning,
        expected_in=row["tokens_expected"],
        expected_said=row["answer_expected"] or 0.0,
        expected_reasoning=row["reasoning_expected"] or 0.0,
    )


def _rates_of(requests: Sequence[Paid], *, other_prompt: bool) -> Rates:
    first = [r for r in requests if r.step == FIRST]
    if not first:
        return Rates()
    again = [r for r in requests if r.step != FIRST]
    total, out = sum(r.tokens_in for r in first), sum(r.said + r.reasoning for r in first)
    return Rates(
        calls=len(first),
        other_prompt=other_prompt,
        tokens_in=total / sum(r.expected_in for r in first),
        cached=sum(r.cached for r in first) / total,
        hits=(HITS_GUESSED + sum(r.cached > 0 for r in first)) / (HITS_GUESSED + len(first)),
        said=learned([(r.expected_said, r.said) for r in first], AS_LARGE),
        reasoning=learned(
            [(r.expected_said, r.reasoning / r.expected_reasoning) for r in first if r.expected_reasoning], AS_ONE
        ),
        again_in=sum(r.tokens_in for r in again) / total,
        again_out=sum(r.said + r.reasoning for r in again) / out if out else 0.0,
    )


def _follow_up(requests: Sequence[Paid], first: Sequence[Paid]) -> FollowUp:
    total = sum(r.tokens_in for r in requests)
    return FollowUp(
        purpose=requests[0].purpose,
        calls=len(requests),
        each=len(requests) / len(first),
        tokens_in=total / sum(r.tokens_in for r in first),
        cached=sum(r.cached for r in requests) / total,
        said=sum(r.said for r in requests) / max(1, sum(r.said for r in first)),
        reasoning=sum(r.reasoning for r in requests) / len(requests),
    )

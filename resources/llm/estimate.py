"""What planned calls will take: tokens by the rules of the models, corrected by what calls like these took before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import sqrt
from pathlib import Path
from typing import Any

from resources.llm.journal import FILE, Journal
from resources.llm.past import FollowUp, Past, Rates
from resources.llm.payloads import Request, UnsendableCall, first_request, key_of
from resources.llm.prefixes import Prefixes
from resources.llm.settings import GatewaySettings
from svg2_assets.llm.answer_size import answer_size
from svg2_assets.llm.calls import Call, Usage

QUARTILE = 0.6745
"""Of a normal distribution, in standard deviations."""
GUESSED_WITHIN = 2.0
"""A guessed answer is as likely as not within half and twice of what was guessed."""


@dataclass(slots=True)
class Estimate:
    """Planned calls of one phase, purpose and model. `answered`: in the cache, free. Tokens and US dollars are of the
    others; `reasoning` is part of `tokens_out`. `low`, `high`: US dollars at the quartiles of what answers may take.
    `calibrated`: how many paid calls of this kind the lengths of answers were learned from, 0 where they are guessed;
    `other_prompt`: these were asked by other versions of the prompt. `follow_up`: not planned, but calls of this kind
    have followed the planned ones until now.
    """

    phase: str
    purpose: str
    model: str
    calls: float = 0
    answered: float = 0
    tokens_in: float = 0.0
    cached: float = 0.0
    tokens_out: float = 0.0
    reasoning: float = 0.0
    money: float = 0.0
    money_batch: float = 0.0
    low: float = 0.0
    high: float = 0.0
    calibrated: int = 0
    other_prompt: bool = False
    follow_up: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """Phase, purpose and model."""
        return self.phase, self.purpose, self.model

    @property
    def to_send(self) -> float:
        """Calls that have to be paid."""
        return self.calls - self.answered


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Of one call, or of several together. `variance`: of the output. `again`: input and output of longer and repaired
    requests.
    """

    tokens_in: float
    cached: float
    said: float
    reasoning: float
    variance: float = 0.0
    again: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class _Estimating:
    """One pass over planned calls."""

    settings: GatewaySettings
    past: Past
    journal: Journal | None
    prefixes: Prefixes = field(default_factory=Prefixes)
    found: dict[tuple[str, str, str], Estimate] = field(default_factory=dict)
    variances: dict[tuple[str, str, str], float] = field(default_factory=dict)
    kinds: dict[tuple[str, str], dict[tuple[str, str], Call]] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """Count `call`."""
        estimate = self.found.setdefault((key := (call.phase, call.purpose, call.model)), Estimate(*key))
        estimate.calls += 1
        here = self.kinds.setdefault((call.phase, call.model), {})
        here.setdefault((call.purpose, call.prompt_version), replace(call, messages=()))  # without its pictures
        request = first_request(call, ceiling=self.settings.output_ceiling)
        try:
            if self._answered(request):
                estimate.answered += 1
                return
        except UnsendableCall:
            return  # it will not be sent
        shared = self.prefixes.cached(request, video_id=call.video_id)  # of what is sent: answers are in no cache there
        rates = self.past.rates(call)
        estimate.calibrated, estimate.other_prompt = rates.calls, rates.other_prompt
        self.spend(estimate, _tokens(call, request, rates, shared=shared))

    def spend(self, estimate: Estimate, tokens: _Tokens) -> None:
        """Add `tokens` and what they cost."""
        more_in, more_out = tokens.again
        tokens_in, tokens_out = tokens.tokens_in + more_in, tokens.said + tokens.reasoning + more_out
        estimate.tokens_in += tokens_in
        estimate.cached += tokens.cached
        estimate.tokens_out += tokens_out
        estimate.reasoning += tokens.reasoning
        self.variances[estimate.key] = self.variances.get(estimate.key, 0.0) + tokens.variance
        price = self.settings.price(estimate.model)
        if price is not None:
            usage = Usage(tokens_in=round(tokens_in), cached=round(tokens.cached), tokens_out=round(tokens_out))
            estimate.money += price.money(usage)
            estimate.money_batch += price.money(usage, batch=True)

    def follow_ups(self) -> list[Estimate]:
        """Calls that depend on answers, such as a second question: as many and as large beside the planned ones as
        until now.
        """
        found = []
        for (phase, model), kinds in self.kinds.items():
            planned = [e for e in self.found.values() if (e.phase, e.model) == (phase, model)]
            found += [self._follow_up(after, planned) for after in self.past.follow_ups(kinds.values())]
        return [estimate for estimate in found if estimate.calls]

    def _follow_up(self, after: FollowUp, planned: list[Estimate]) -> Estimate:
        calls = after.each * sum(e.to_send for e in planned)
        estimate = Estimate(planned[0].phase, after.purpose, planned[0].model, calls=calls, follow_up=True)
        estimate.calibrated = after.calls
        tokens_in = after.tokens_in * sum(e.tokens_in for e in planned)
        said = after.said * sum(e.tokens_out - e.reasoning for e in planned)
        variance = after.said**2 * sum(self.variances.get(e.key, 0.0) for e in planned)
        cached = after.cached * tokens_in
        self.spend(estimate, _Tokens(tokens_in, cached, said, calls * after.reasoning, variance=variance))
        return estimate

    def bounded(self, estimate: Estimate) -> Estimate:
        """`estimate` with its dollars at the quartiles of the answers."""
        price = self.settings.price(estimate.model)
        dollars = 0.0 if price is None else price.output / 1e6
        less = more = QUARTILE * sqrt(self.variances.get(estimate.key, 0.0))
        if not estimate.calibrated:  # all answers may be off in the same direction
            less, more = (1 - 1 / GUESSED_WITHIN) * estimate.tokens_out, (GUESSED_WITHIN - 1) * estimate.tokens_out
        estimate.low = estimate.money - min(less, estimate.tokens_out) * dollars
        estimate.high = estimate.money + more * dollars
        return estimate

    def _answered(self, request: Request) -> bool:
        """Whether the answer is in the cache. Raises `UnsendableCall`."""
        key = key_of(self.settings.base_url, request.text())
        if self.journal is None:
            return False
        with self.journal.transaction() as journal:
            return journal.answer(key) is not None


def estimate_calls(
    calls: Iterable[Call],
    settings: GatewaySettings,
    *,
    ledger: Iterable[Mapping[str, Any]] = (),
    stand_ins: bool = False,
) -> list[Estimate]:
    """Sums by phase, purpose and model, in the order in which they are met. Sends nothing.

    `ledger`: rows of what was paid (`resources.llm.past.COLUMNS`), from which lengths of answers are learned. Which
    answers are there already, the journal says; of `stand_ins` for calls that are not known yet none is.
    """
    there = not stand_ins and (Path(settings.journal) / FILE).exists()
    journal = Journal(settings.journal) if there else None
    try:
        estimating = _Estimating(settings, Past.of(ledger, server=settings.host), journal)
        for call in calls:
            estimating.add(call)
        return [estimating.bounded(one) for one in (*estimating.found.values(), *estimating.follow_ups())]
    finally:
        if journal is not None:
            journal.close()


def _tokens(call: Call, request: Request, rates: Rates, *, shared: int) -> _Tokens:
    """What one call will take; `shared`: tokens of its beginning that an earlier one has, too."""
    tokens_in = rates.tokens_in * request.tokens_in()
    size = answer_size(call)
    said = max(1.0, rates.said.at(size.said))
    reasoning = size.reasoning * rates.reasoning.at(size.said)
    cached = min(tokens_in, rates.hits * shared if shared else rates.cached * tokens_in)
    variance = rates.said.variance(size.said) + size.reasoning**2 * rates.reasoning.variance(size.said)
    again = (rates.again_in * tokens_in, rates.again_out * (said + reasoning))
    return _Tokens(tokens_in, cached, said, reasoning, variance, again)

"""What planned calls will take: tokens by the rules of the models, and by what calls like these took until now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from resources.llm.journal import FILE, Journal
from resources.llm.payloads import Request, UnsendableCall, first_request, key_of
from resources.llm.settings import GatewaySettings
from svg2_assets.llm.calls import Call, Usage

OUTPUT_SHARE = 0.25
"""Share of its limit that an answer is assumed to take while no answer to its purpose has been measured."""


@dataclass(slots=True)
class Estimate:
    """Planned calls of one phase, purpose and model. `answered`: in the cache, free. Tokens and US dollars are of the
    others. `assumed`: how many of the calls have an assumed instead of a measured length of the answer. `follow_up`:
    not planned, but calls of this kind have followed the planned ones until now.
    """

    phase: str
    purpose: str
    model: str
    calls: int = 0
    answered: int = 0
    tokens_in: float = 0.0
    tokens_out: float = 0.0
    money: float = 0.0
    money_batch: float = 0.0
    assumed: int = 0
    follow_up: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """One request that was paid: input tokens as the rules expected them and as they were, cached ones, output."""

    purpose: str
    expected: int
    tokens_in: int
    cached: int
    tokens_out: int


@dataclass(slots=True)
class Measured:
    """What the journal knows about calls like these, read once for each phase and model."""

    settings: GatewaySettings
    journal: Journal | None
    _sizes: dict[tuple[str, str], list[Size]] = field(default_factory=dict)

    def answered(self, request: Request) -> bool:
        """Whether the answer is in the cache. Raises `UnsendableCall`."""
        key = key_of(self.settings.base_url, request.text())
        if self.journal is None:
            return False
        with self.journal.transaction() as journal:
            return journal.answer(key) is not None

    def sizes(self, phase: str, model: str) -> Sequence[Size]:
        """Requests of `phase` to `model`."""
        key = (phase, model)
        if key not in self._sizes:
            self._sizes[key] = self._read(phase, model)
        return self._sizes[key]

    def _read(self, phase: str, model: str) -> list[Size]:
        if self.journal is None:
            return []
        with self.journal.transaction() as journal:
            return [Size(*row) for row in journal.sizes(phase, model)]


def estimate_calls(calls: Iterable[Call], settings: GatewaySettings) -> list[Estimate]:
    """Sums by phase, purpose and model, in the order in which they are met. Reads the journal, sends nothing."""
    journal = Journal(settings.journal) if (Path(settings.journal) / FILE).exists() else None
    try:
        measured = Measured(settings, journal)
        found: dict[tuple[str, str, str], Estimate] = {}
        expected: dict[tuple[str, str], float] = {}
        for call in calls:
            estimate = found.setdefault((key := (call.phase, call.purpose, call.model)), Estimate(*key))
            tokens = _add(estimate, call, measured)
            expected[call.phase, call.model] = expected.get((call.phase, call.model), 0.0) + tokens
        return [*found.values(), *_follow_ups(found.values(), expected, measured)]
    finally:
        if journal is not None:
            journal.close()


def output_of(expected: float, like: Sequence[Size]) -> float | None:
    """Output tokens of a request with `expected` input tokens, by those of requests `like` it; None without any.

    Both grow with what is asked about, over parts that do not: a line by least squares, where two sizes or more are
    known and it rises, and otherwise the mean.
    """
    if not like:
        return None
    mean_in = sum(s.expected for s in like) / len(like)
    mean_out = sum(s.tokens_out for s in like) / len(like)
    spread = sum((s.expected - mean_in) ** 2 for s in like)
    together = sum((s.expected - mean_in) * (s.tokens_out - mean_out) for s in like)
    slope = max(0.0, together / spread) if spread else 0.0
    return max(1.0, mean_out + slope * (expected - mean_in))


def _add(estimate: Estimate, call: Call, measured: Measured) -> float:
    """Count `call`; the input tokens that the rules expect of it, 0 where nothing will be sent."""
    estimate.calls += 1
    request = first_request(call, ceiling=measured.settings.output_ceiling)
    try:
        if measured.answered(request):
            estimate.answered += 1
            return 0.0
    except UnsendableCall:
        return 0.0  # it will not be sent
    expected = request.tokens_in()
    like = [s for s in measured.sizes(call.phase, call.model) if s.purpose == call.purpose]
    tokens_out = output_of(expected, like)
    if tokens_out is None:
        estimate.assumed += 1
        tokens_out = OUTPUT_SHARE * request.limit
    known = sum(s.expected for s in like)
    ratio = sum(s.tokens_in for s in like) / known if known else 1.0
    _spend(estimate, measured.settings, expected * ratio, cached=_cached_share(like), tokens_out=tokens_out)
    return expected


def _follow_ups(
    planned: Iterable[Estimate], expected: dict[tuple[str, str], float], measured: Measured
) -> list[Estimate]:
    """Calls that depend on answers, such as a second question: as many for the tokens planned as until now."""
    purposes = {(e.phase, e.model, e.purpose) for e in planned}
    found = []
    for (phase, model), tokens in expected.items():
        sizes = measured.sizes(phase, model)
        known = sum(s.expected for s in sizes if (phase, model, s.purpose) in purposes)
        for purpose in dict.fromkeys(s.purpose for s in sizes if (phase, model, s.purpose) not in purposes):
            if not known or not tokens:
                continue
            these = [s for s in sizes if s.purpose == purpose]
            share = tokens / known
            estimate = Estimate(phase, purpose, model, calls=round(share * len(these)), follow_up=True)
            tokens_in = share * sum(s.tokens_in for s in these)
            tokens_out = share * sum(s.tokens_out for s in these)
            _spend(estimate, measured.settings, tokens_in, cached=_cached_share(these), tokens_out=tokens_out)
            found.append(estimate)
    return found


def _cached_share(sizes: Sequence[Size]) -> float:
    total = sum(s.tokens_in for s in sizes)
    return sum(s.cached for s in sizes) / total if total else 0.0


def _spend(
    estimate: Estimate, settings: GatewaySettings, tokens_in: float, *, cached: float, tokens_out: float
) -> None:
    estimate.tokens_in += tokens_in
    estimate.tokens_out += tokens_out
    price = settings.price(estimate.model)
    if price is not None:
        usage = Usage(tokens_in=round(tokens_in), cached=round(cached * tokens_in), tokens_out=round(tokens_out))
        estimate.money += price.money(usage)
        estimate.money_batch += price.money(usage, batch=True)

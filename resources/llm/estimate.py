"""What planned calls will take: tokens by the rules of the models, answers as long as they were until now, money."""

from __future__ import annotations

from collections.abc import Iterable
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
    others; prefixes that the provider may have cached count in full, so the money is the upper end. `assumed`: how many
    of the calls have an assumed instead of a measured length of the answer.
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


@dataclass(slots=True)
class Measured:
    """What the journal knows about calls like these, read once for each purpose and model."""

    settings: GatewaySettings
    journal: Journal | None
    _output: dict[tuple[str, str], float | None] = field(default_factory=dict)
    _input: dict[str, float] = field(default_factory=dict)

    def answered(self, request: Request) -> bool:
        """Whether the answer is in the cache. Raises `UnsendableCall`."""
        key = key_of(self.settings.base_url, request.text())
        if self.journal is None:
            return False
        with self.journal.transaction() as journal:
            return journal.answer(key) is not None

    def output(self, purpose: str, model: str) -> float | None:
        """Mean output tokens, None where nothing was answered yet."""
        key = (purpose, model)
        if key not in self._output:
            self._output[key] = self._read_output(purpose, model)
        return self._output[key]

    def input_ratio(self, model: str) -> float:
        """Measured input tokens over those that the rules gave for the same requests; 1 where nothing is measured."""
        if model not in self._input:
            self._input[model] = self._read_ratio(model)
        return self._input[model]

    def _read_output(self, purpose: str, model: str) -> float | None:
        if self.journal is None:
            return None
        with self.journal.transaction() as journal:
            return journal.mean_output(purpose, model)

    def _read_ratio(self, model: str) -> float:
        if self.journal is None:
            return 1.0
        with self.journal.transaction() as journal:
            return journal.input_ratio(model) or 1.0


def estimate_calls(calls: Iterable[Call], settings: GatewaySettings) -> list[Estimate]:
    """Sums by phase, purpose and model, in the order in which they are met. Reads the journal, sends nothing."""
    journal = Journal(settings.journal) if (Path(settings.journal) / FILE).exists() else None
    try:
        measured = Measured(settings, journal)
        found: dict[tuple[str, str, str], Estimate] = {}
        for call in calls:
            key = (call.phase, call.purpose, call.model)
            _add(found.setdefault(key, Estimate(*key)), call, measured)
        return list(found.values())
    finally:
        if journal is not None:
            journal.close()


def _add(estimate: Estimate, call: Call, measured: Measured) -> None:
    estimate.calls += 1
    request = first_request(call, ceiling=measured.settings.output_ceiling)
    try:
        if measured.answered(request):
            estimate.answered += 1
            return
    except UnsendableCall:
        return  # it will not be sent
    tokens_in = request.tokens_in() * measured.input_ratio(call.model)
    tokens_out = measured.output(call.purpose, call.model)
    if tokens_out is None:
        estimate.assumed += 1
        tokens_out = OUTPUT_SHARE * request.limit
    estimate.tokens_in += tokens_in
    estimate.tokens_out += tokens_out
    price = measured.settings.price(call.model)
    if price is not None:
        usage = Usage(tokens_in=round(tokens_in), tokens_out=round(tokens_out))
        estimate.money += price.money(usage)
        estimate.money_batch += price.money(usage, batch=True)

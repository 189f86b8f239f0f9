"""What tokens cost: list prices by model, and the money of a call."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from svg2_assets.llm.calls import Usage


class Price(BaseModel):
    """US dollars per million tokens. `cached`: input tokens served from the provider's prefix cache; `batch`: the share
    of the price that the Batch API takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    cached: float = Field(ge=0)
    output: float = Field(ge=0)
    batch: float = Field(default=0.5, ge=0, le=1)

    def money(self, usage: Usage, *, batch: bool = False) -> float:
        """US dollars for `usage`; reasoning is paid as output."""
        full = usage.tokens_in - usage.cached
        dollars = (full * self.input + usage.cached * self.cached + usage.tokens_out * self.output) / 1e6
        return dollars * (self.batch if batch else 1.0)


PRICES_OF = "2026-03"
"""Month of the list prices below. Source: https://openai.com/api/pricing. `prices` in SVG2_LLM goes before them."""

LIST_PRICES: Mapping[str, Price] = {
    "gpt-5.4": Price(input=2.50, cached=0.25, output=15.0),
    "gpt-5.1": Price(input=1.25, cached=0.125, output=10.0),
    "gpt-5": Price(input=1.25, cached=0.125, output=10.0),
    "gpt-5-mini": Price(input=0.25, cached=0.025, output=2.0),
    "gpt-5-nano": Price(input=0.05, cached=0.005, output=0.40),
    "gpt-4.1": Price(input=2.0, cached=0.50, output=8.0),
    "gpt-4.1-mini": Price(input=0.40, cached=0.10, output=1.60),
    "gpt-4.1-nano": Price(input=0.10, cached=0.025, output=0.40),
    "gpt-4o": Price(input=2.50, cached=1.25, output=10.0),
    "gpt-4o-mini": Price(input=0.15, cached=0.075, output=0.60),
    "o4-mini": Price(input=1.10, cached=0.275, output=4.40),
    # Served by its own server, on one's own machine.
    "describe_anything_model": Price(input=0, cached=0, output=0),
    "DAM-3B-Video": Price(input=0, cached=0, output=0),
}


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """The price of `model`: its own, else that of the model whose snapshot it is (`gpt-5-2025-08-07`), else None."""
    if model in prices:
        return prices[model]
    base = model[:-11] if _dated(model) else model
    return prices.get(base)


def _dated(model: str) -> bool:
    tail = model[-11:]
    return len(tail) == 11 and tail[0] == "-" and tail[1:].replace("-", "").isdigit() and tail[5] == tail[8] == "-"

"""Settings of the gateway: JSON in the variable `SVG2_LLM`. The key itself is never part of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from resources.llm.prices import LIST_PRICES, Price, price_of
from svg2_assets.scene.errors import UnusableBackend, printable
from svg2_assets.settings import Settings, from_environment

OPENAI = "https://api.openai.com/v1"
Transport = Literal["sync", "batch"]


class GatewaySettings(BaseModel):
    """How calls go out, what they may cost, and where what came back is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    journal: Path = Field(description="Folder of the journal: answers, calls, batches")
    base_url: str = Field(default=OPENAI, description="Where the API is")
    key_variable: str = Field(
        default="OPENAI_API_KEY", description="Variable that holds the key; empty: none is needed"
    )
    transport: Transport = Field(
        default="sync", description="sync, or batch: half price, up to a day, for runs over several videos"
    )
    requests_per_minute: int | None = Field(default=500, ge=1, description="Most requests a minute, null for no limit")
    tokens_per_minute: int | None = Field(default=200_000, ge=1, description="Most tokens a minute, null for no limit")
    concurrency: int = Field(default=64, ge=1, le=1024, description="Most requests under way at once")
    timeout: float = Field(default=300.0, gt=0, description="Longest time of one request, in seconds")
    attempts: int = Field(default=6, ge=1, description="Most tries of one request")
    backoff: float = Field(default=0.5, gt=0, description="First back-off in seconds; it doubles with each try")
    longest_wait: float = Field(default=300.0, gt=0, description="Longest wait a server may ask for, in seconds")
    output_ceiling: int = Field(
        default=32_768, ge=1, description="Most output tokens, also where an answer was cut off"
    )
    budget: float | None = Field(default=None, ge=0, description="Most US dollars, null for no limit")
    budget_since: date | None = Field(default=None, description="First day that counts towards the budget")
    prices: dict[str, Price] = Field(default_factory=dict, description="Prices by model beside the list prices")
    ledger_calls: int = Field(default=256, ge=1, description="Calls that wait at most before they go to the store")
    batch_requests: int = Field(default=50_000, ge=1, le=50_000, description="Most requests in one batch")
    batch_bytes: int = Field(default=200_000_000, ge=1, le=200_000_000, description="Most bytes in one batch's file")
    batch_poll: float = Field(default=30.0, gt=0, description="Seconds between two looks at a batch")
    batch_rounds: int = Field(default=3, ge=1, description="Most batches that one request is put into")

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected an address such as https://api.openai.com/v1")
        if parts.username or parts.password:
            raise ValueError("a key does not belong into the address; name its variable in key_variable")
        return value.rstrip("/")

    @property
    def all_prices(self) -> Mapping[str, Price]:
        """List prices, and those given over them."""
        return {**LIST_PRICES, **self.prices}

    def price(self, model: str) -> Price | None:
        """Price of `model`, None where it is not known."""
        return price_of(model, self.all_prices)

    @property
    def host(self) -> str:
        """The server's name and port, for messages."""
        return urlsplit(self.base_url).netloc

    def key(self) -> str:
        """The key. Raises `UnusableBackend` where one is needed and the environment has none."""
        if not self.key_variable:
            return ""
        key = os.environ.get(self.key_variable, "").strip()
        if not key:
            raise UnusableBackend(
                f"{self.key_variable} is not set: {self.host} needs a key. Set the variable, or `key_variable` to an "
                "empty text in SVG2_LLM for a server that needs none."
            )
        return key


def gateway_settings(settings: Settings | None = None, **overrides: Any) -> GatewaySettings:
    """What SVG2_LLM says, `overrides` over it. Raises `UnusableBackend` that names a setting which cannot be used."""
    settings = settings or from_environment()
    given = {"journal": settings.home.absolute() / "llm", **settings.llm, **overrides}
    try:
        return GatewaySettings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "the whole"
        known = ", ".join(GatewaySettings.model_fields)
        raise UnusableBackend(f"SVG2_LLM: {printable(name)}: {first['msg']}. Known: {known}.") from None

"""One call to a model and its answer, as plain values.

Phase algorithms build calls and read answers; a gateway in `resources` sends them, keeps them and pays for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Outcome(StrEnum):
    """How a call ended."""

    OK = "ok"
    REFUSED = "refused"
    """the model declines; asking again would give the same"""
    TRUNCATED = "truncated"
    """the answer ends at the token limit; what is complete of it may be used"""
    INVALID = "invalid"
    """the answer does not fit the schema, the repair neither"""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    BAD_REQUEST = "bad_request"
    """never sent again as it is"""
    AUTH = "auth"
    """the key is missing, wrong or revoked"""
    OVER_BUDGET = "over_budget"
    """not sent: the budget is used up"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    `messages`: OpenAI's chat form, content parts of text and `image_url`; images that several calls share come first,
    so that a prefix is cached. `schema`: strict JSON schema that the answer has to fit, None for free text.
    `max_output_tokens`: reasoning included. `options`: further fields of the request, such as `temperature`, `seed`,
    `reasoning_effort`. `prompt_version`: of the prompt file it was made from. `answer_tokens`: about how many the
    answer has by what is asked, without reasoning; 0 where nobody can say; it is not sent.
    """

    purpose: str
    video_id: str
    phase: str
    model: str
    messages: Sequence[Mapping[str, Any]]
    prompt_version: str = ""
    schema: Mapping[str, Any] | None = None
    schema_name: str = "answer"
    max_output_tokens: int = 4096
    answer_tokens: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens: `cached` are part of `tokens_in`, `reasoning` part of `tokens_out`."""

    tokens_in: int = 0
    cached: int = 0
    tokens_out: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call.

    `text`: as the model wrote it. `value`: the parsed JSON where a schema was given; for a truncated answer what could
    be salvaged of it. `reason`: one sentence that a user can read unless the outcome is `OK`. `money`: US dollars that
    this call cost now, 0 from the cache.
    """

    outcome: Outcome
    text: str = ""
    value: Any = None
    usage: Usage = Usage()
    money: float = 0.0
    latency: float = 0.0
    from_cache: bool = False
    reason: str = ""


class Gateway(Protocol):
    """Everything that is asked of a model goes through it: limits, retries, cache, ledger and budget are its own."""

    def ask(self, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """One answer a call, in order; calls go out at once as far as limits allow. Never raises for what a model or
        server does: that is an outcome. Raises `UnusableBackend` (from `scene.errors`) where no call can work at all: a
        key that is missing or revoked.
        """
        ...

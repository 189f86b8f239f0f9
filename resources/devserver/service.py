"""One call to a model from its bytes to the reply, as the service would do and count it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from resources.devserver.answers import Produced, digest_of, produce
from resources.devserver.chat import read_chat, write_chat
from resources.devserver.errors import ApiError
from resources.devserver.fields import read_json
from resources.devserver.images import Pictures
from resources.devserver.ledger import Entry, Ledger, fingerprint
from resources.devserver.limits import Limits
from resources.devserver.models import Models
from resources.devserver.prompt_cache import PromptCache
from resources.devserver.prompts import Prompt
from resources.devserver.script import STATUS, Fault, Plan, Script
from resources.devserver.settings import Settings
from resources.devserver.tokens import total


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How an endpoint reads a body and writes an answer."""

    name: str
    read: Callable[[Mapping[str, Any], Models, Pictures], Prompt]
    write: Callable[[Prompt, Produced], dict[str, Any]]


CHAT = Endpoint("/v1/chat/completions", read_chat, write_chat)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back. `fault` is what happens to it on its way."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None


@dataclass(slots=True)
class Service:
    """The state that calls share."""

    settings: Settings
    models: Models = field(init=False)
    limits: Limits = field(init=False)
    accepted: frozenset[str] | None = field(init=False)
    pictures: Pictures = field(default_factory=Pictures)
    cache: PromptCache = field(default_factory=PromptCache)
    script: Script = field(default_factory=Script)
    ledger: Ledger = field(default_factory=Ledger)
    _stored: dict[tuple[str, str], tuple[str, Reply]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.models = Models(further=self.settings.models)
        self.limits = Limits(requests=self.settings.rpm, tokens=self.settings.tpm)
        self.accepted = self.settings.keys

    def key_of(self, authorization: str | None) -> str:
        """The fingerprint of the key in an `Authorization` header; raises `ApiError` (401)."""
        scheme, _, key = (authorization or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise ApiError(
                "You didn't provide an API key. Provide it in the Authorization header as 'Bearer YOUR_KEY'.",
                status=401,
            )
        if self.accepted is not None and key not in self.accepted:
            raise ApiError("Incorrect API key provided.", status=401, code="invalid_api_key")
        return fingerprint(key)

    async def call(self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Answer one HTTP request."""
        idempotency_key = headers.get("idempotency-key", "") if self.settings.idempotency else ""
        entry = self.ledger.open(endpoint.name, digest_of(body), idempotency_key=idempotency_key)
        try:
            entry.key = self.key_of(headers.get("authorization"))
            reply = self._stored_reply(entry)
            if reply is None:
                prompt = endpoint.read(read_json(body), self.models, self.pictures)
                entry.model = prompt.model.name
                reply = await self._answer(endpoint, prompt, entry)
        except ApiError as error:
            entry.outcome = entry.outcome or outcome_of(error.status)
            reply = Reply(error.status, json.dumps(error.body()).encode(), error.headers)
        entry.status = reply.status
        self.ledger.close(entry)
        return reply

    async def _answer(self, endpoint: Endpoint, prompt: Prompt, entry: Entry) -> Reply:
        plan = self.script.plan(endpoint.name, prompt, entry.sha256)
        fault = plan.fault
        entry.fault = fault.kind if fault else ""
        if fault is not None and not fault.counts:
            return await self._unanswered(fault, entry)
        scope = f"{entry.key} {prompt.model.name}"
        pieces = prompt.pieces()
        tokens_in = total(pieces)
        headers = self.limits.take(scope, model=prompt.model.name, tokens=tokens_in + (prompt.limit or 0))
        made = self.produce(prompt, plan, entry, cached=self.cache.cached(scope, pieces), tokens_in=tokens_in)
        reply = Reply(200, json.dumps(endpoint.write(prompt, made), ensure_ascii=False).encode(), headers)
        if entry.idempotency_key:
            self._stored[entry.key, entry.idempotency_key] = (entry.sha256, reply)
        await asyncio.sleep(self.settings.latency + (fault.seconds if fault and fault.kind == "stall" else 0.0))
        self.cache.remember(scope, pieces)
        if fault is None:
            return reply
        if fault.kind in STATUS:
            raise refusal_of(fault)
        return Reply(reply.status, reply.body, reply.headers, fault)

    def produce(self, prompt: Prompt, plan: Plan, entry: Entry, *, cached: int, tokens_in: int) -> Produced:
        """The answer, paid from now on."""
        made = produce(
            prompt,
            number=entry.n,
            digest=entry.sha256,
            tokens_in=tokens_in,
            cached=cached,
            scripted=plan.answer,
            fault=plan.fault,
        )
        self.ledger.pay(entry, made)
        return made

    async def _unanswered(self, fault: Fault, entry: Entry) -> Reply:
        entry.outcome = outcome_of(STATUS.get(fault.kind, 500))
        if fault.kind in STATUS:
            raise refusal_of(fault)
        if fault.kind == "stall":
            await asyncio.sleep(fault.seconds)
        return Reply(500, b"", {}, Fault(kind="reset"))

    def _stored_reply(self, entry: Entry) -> Reply | None:
        stored = self._stored.get((entry.key, entry.idempotency_key)) if entry.idempotency_key else None
        if stored is None:
            return None
        if stored[0] != entry.sha256:
            raise ApiError(
                "This Idempotency-Key was used with another body.",
                code="idempotency_key_reused",
                param="Idempotency-Key",
            )
        entry.outcome = "replayed"
        reply = stored[1]
        return Reply(reply.status, reply.body, {**reply.headers, "idempotent-replayed": "true"})


def refusal_of(fault: Fault) -> ApiError:
    """The error that the client gets under `fault`."""
    status = STATUS[fault.kind]
    headers = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
    if status == 429:
        return ApiError(
            "Rate limit reached (scripted).", status=429, kind="requests", code="rate_limit_exceeded", headers=headers
        )
    text = "The server had an error while processing your request (scripted)."
    return ApiError(text, status=status, kind="server_error", headers=headers)


def outcome_of(status: int) -> str:
    """The word of the log for an HTTP status that is no success."""
    return {401: "unauthorized", 429: "rate_limited"}.get(status, "server_error" if status >= 500 else "bad_request")

"""One call to a model from its bytes to the reply, as the service would do and count it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from resources.devserver.responses import read_response, write_response
from resources.devserver.script import STATUS, Asked, Fault, Plan, Script
from resources.devserver.settings import Settings
from resources.devserver.state import State
from resources.devserver.tokens import total


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How an endpoint reads a body and writes an answer."""

    name: str
    read: Callable[[Mapping[str, Any], Models, Pictures], Prompt]
    write: Callable[[Prompt, Produced], dict[str, Any]]


RESPONSES = Endpoint("/v1/responses", read_response, write_response)
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
    state: State = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.models = Models(further=self.settings.models)
        self.limits = Limits(requests=self.settings.rpm, tokens=self.settings.tpm)
        self.accepted = self.settings.keys
        self.state = State(self.settings.state)
        self.ledger = Ledger(self.state)

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
        if not entry.paid:
            entry.status = reply.status
            self.ledger.close(entry)
        return replace(reply, headers={**reply.headers, "x-request-id": entry.request_id})

    async def _answer(self, endpoint: Endpoint, prompt: Prompt, entry: Entry) -> Reply:
        plan = self.script.plan(asked(prompt, entry, endpoint.name))
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
            self.state.put_reply(
                entry.key,
                entry.idempotency_key,
                sha=entry.sha256,
                status=reply.status,
                headers=reply.headers,
                body=reply.body,
            )
        # Counted now: whoever goes away while the answer is on its way has to pay for it too.
        entry.status = reply.status if fault is None else {**STATUS, "reset": 0}.get(fault.kind, reply.status)
        self.ledger.close(entry)
        await asyncio.sleep(self.settings.latency + (fault.seconds if fault and fault.kind == "stall" else 0.0))
        self.cache.remember(scope, pieces)
        if fault is None:
            return reply
        if fault.kind in STATUS:
            raise refusal_of(fault)
        return Reply(reply.status, reply.body, reply.headers, fault)

    def call_in_batch(
        self, endpoint: Endpoint, body: Mapping[str, Any], *, key: str, batch: str
    ) -> tuple[int, dict[str, Any]]:
        """Status and body of one request of a batch. Rate limits and caching are those of single calls, not of batches;
        of faults those apply that an answer in a file can have."""
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        entry = self.ledger.open(endpoint.name, digest_of(raw), batch=batch)
        entry.key, entry.status = key, 200
        try:
            prompt = endpoint.read(body, self.models, self.pictures)
            entry.model = prompt.model.name
            plan = self.script.plan(asked(prompt, entry, f"batch {endpoint.name}"))
            fault = plan.fault
            entry.fault = fault.kind if fault else ""
            if fault is not None and fault.kind in STATUS:
                raise refusal_of(fault)
            made = self.produce(prompt, plan, entry, cached=0, tokens_in=total(prompt.pieces()))
            answer = endpoint.write(prompt, made)
        except ApiError as error:
            entry.status, entry.outcome = error.status, outcome_of(error.status)
            answer = error.body()
        self.ledger.close(entry)
        return entry.status, answer

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
        if fault.kind in STATUS:
            raise refusal_of(fault)
        if fault.kind == "stall":
            await asyncio.sleep(fault.seconds)
        entry.outcome = "no_answer"
        return Reply(0, b"", {}, Fault(kind="reset"))

    def _stored_reply(self, entry: Entry) -> Reply | None:
        stored = self.state.reply(entry.key, entry.idempotency_key) if entry.idempotency_key else None
        if stored is None:
            return None
        if stored[0] != entry.sha256:
            raise ApiError(
                "This Idempotency-Key was used with another body.",
                code="idempotency_key_reused",
                param="Idempotency-Key",
            )
        entry.outcome = "replayed"
        _sha, status, headers, body = stored
        return Reply(status, body, {**headers, "idempotent-replayed": "true"})


def asked(prompt: Prompt, entry: Entry, endpoint: str) -> Asked:
    """What the script's rules look at."""
    return Asked(endpoint, prompt.name, prompt.text, entry.sha256, schema=prompt.schema_name)


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

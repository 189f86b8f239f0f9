"""What one request came to: replies and errors of a server sorted into outcomes, with what they may have cost."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from svg2_assets.llm.calls import Outcome, Usage
from svg2_assets.scene.errors import printable

KEPT = frozenset({Outcome.OK, Outcome.REFUSED, Outcome.TRUNCATED, Outcome.BAD_REQUEST})
"""Outcomes of a request that asking again would not change; they are kept and never paid twice."""

RETRIED = frozenset({Outcome.RATE_LIMITED, Outcome.SERVER_ERROR})

_KEYS = re.compile(r"\b(?:sk|org|proj)-[A-Za-z0-9_*-]{6,}")
_REASON = 400  # characters of a server's message that are kept
_CACHED_BAD_REQUESTS = {400, 413, 415, 422}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request.

    `kept`: it belongs into the response cache. `charge_unknown`: the server may have answered and charged without our
    seeing it. `replayed`: the server gave again what it had charged for before. `wait`: seconds that it asks for.
    """

    outcome: Outcome
    text: str = ""
    usage: Usage = field(default_factory=Usage)
    reason: str = ""
    kept: bool = False
    charge_unknown: bool = False
    replayed: bool = False
    wait: float | None = None


def read_reply(body: str | Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    """The reply in a body of status 200; fields that a server leaves out are forgiven where they can be."""
    try:
        parsed = json.loads(body) if isinstance(body, str) else body
        choice = parsed["choices"][0]
        message = choice["message"]
        usage = _usage(parsed.get("usage") or {})
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Reply(Outcome.SERVER_ERROR, reason="the server's answer is not readable", charge_unknown=True)
    finish = choice.get("finish_reason") or "stop"
    text = sound(message.get("content"))
    refusal = sound(message.get("refusal"))
    replayed = (headers or {}).get("idempotent-replayed", "").lower() == "true"
    outcome, reason = Outcome.OK, ""
    if refusal or finish == "content_filter":
        outcome, reason = Outcome.REFUSED, f"the model declines: {tidy(refusal) or 'content filter'}"
    elif finish == "length":
        outcome, reason = Outcome.TRUNCATED, "the answer ends at the token limit"
    return Reply(outcome, text or refusal, usage, reason, kept=True, replayed=replayed)


def read_error(status: int, body: Any, headers: Mapping[str, str] | None = None, *, secret: str = "") -> Reply:
    """The reply that an HTTP status other than 200 stands for. `secret` is left out of every text."""
    code, message = _error_parts(body)
    said = tidy(message, secret=secret)
    if status in (401, 403):
        return Reply(Outcome.AUTH, reason=f"the server does not accept the key ({status})")
    if status == 429 and code in ("insufficient_quota", "billing_hard_limit_reached"):
        return Reply(Outcome.OVER_BUDGET, reason="the quota of the account is used up (429 insufficient_quota)")
    wait = retry_after(headers or {})
    if status == 429:
        return Reply(Outcome.RATE_LIMITED, reason=f"too many requests (429): {said}", wait=wait)
    if status >= 500 or status in (408, 409, 425):
        return Reply(Outcome.SERVER_ERROR, reason=f"the server failed ({status}): {said}", wait=wait)
    kept = status in _CACHED_BAD_REQUESTS
    return Reply(Outcome.BAD_REQUEST, reason=f"the server refuses the request ({status}): {said}", kept=kept)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `retry-after-ms` or `Retry-After` (seconds or a date), None where neither can be read."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        return seconds if 0 <= seconds < 1e9 else None
    parsed = email.utils.parsedate_tz(headers.get("retry-after", ""))
    return None if parsed is None else max(0.0, email.utils.mktime_tz(parsed) - time.time())


def sound(text: Any) -> str:
    """`text` as valid Unicode (JSON can hold halves of surrogate pairs), empty for anything that is no text.

    A list of parts, as some servers send, is joined.
    """
    if isinstance(text, list):
        text = "".join(str(p.get("text", "")) if isinstance(p, Mapping) else str(p) for p in text)
    if not isinstance(text, str):
        return ""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def tidy(text: str, *, secret: str = "") -> str:
    """A foreign message on one line, bounded, without anything that looks like a key."""
    if secret:
        text = text.replace(secret, "[key]")
    return printable(_KEYS.sub("[key]", text), limit=_REASON)


def _error_parts(body: Any) -> tuple[str, str]:
    """Code and message of an error body in OpenAI's form, DAM's (`error`: text), FastAPI's (`detail`), or any text."""
    if isinstance(body, Mapping):
        inner = body.get("error", body.get("detail", body))
        if isinstance(inner, Mapping):
            return str(inner.get("code") or inner.get("type") or ""), sound(inner.get("message")) or str(inner)
        return "", str(inner)
    return "", str(body or "")


def _usage(usage: Mapping[str, Any]) -> Usage:
    details_in = usage.get("prompt_tokens_details") or {}
    details_out = usage.get("completion_tokens_details") or {}
    return Usage(
        tokens_in=int(usage.get("prompt_tokens") or 0),
        cached=int(details_in.get("cached_tokens") or 0),
        tokens_out=int(usage.get("completion_tokens") or 0),
        reasoning=int(details_out.get("reasoning_tokens") or 0),
    )

"""The answer to a prompt: scripted, or made from the schema."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from resources.devserver.generation import instance
from resources.devserver.labelling import described, last_text
from resources.devserver.prompts import Prompt
from resources.devserver.script import Fault, Scripted
from resources.devserver.tokens import cut_text, text_tokens

REASONING = {"": 0, "none": 0, "minimal": 0, "low": 64, "medium": 256, "high": 1024, "xhigh": 2048}
"""tokens of reasoning by effort; real models vary, a test wants the same number each time"""
_REFUSAL = "I'm sorry, but I can't help with that."


@dataclass(frozen=True, slots=True)
class Produced:
    """An answer as it was produced. `cut`: it ends at the limit. `tokens_out` includes `reasoning`."""

    id: str
    created: int
    text: str
    refusal: str | None
    cut: bool
    tokens_in: int
    cached: int
    tokens_out: int
    reasoning: int


def produce(
    prompt: Prompt,
    *,
    number: int,
    digest: str,
    tokens_in: int,
    cached: int,
    scripted: Scripted | None = None,
    fault: Fault | None = None,
) -> Produced:
    """Answer `prompt`. `number` makes the id unique, `digest` (of the body) makes the content the same each time."""
    given = _content(prompt, scripted, digest)
    if fault is not None:
        given = _spoil(given, fault)
    reasoning = REASONING[prompt.effort] if given.reasoning_tokens is None else given.reasoning_tokens
    text, cut = given.text or "", given.cut
    seen = text_tokens(given.refusal if given.refusal is not None else text)
    if prompt.limit is not None and reasoning + seen > prompt.limit:
        reasoning = min(reasoning, prompt.limit)
        seen, cut = prompt.limit - reasoning, True
        text = cut_text(text, seen)
    return Produced(
        id=f"{digest[:24]}{number:06d}",
        created=int(time.time()),
        text=text,
        refusal=given.refusal,
        cut=cut,
        tokens_in=tokens_in,
        cached=cached,
        tokens_out=reasoning + seen,
        reasoning=reasoning,
    )


def _content(prompt: Prompt, scripted: Scripted | None, digest: str) -> Scripted:
    if scripted is not None:
        if scripted.text is None and scripted.refusal is None:
            return scripted.model_copy(update={"text": json.dumps(scripted.value, ensure_ascii=False)})
        return scripted
    if prompt.schema is not None:
        value = instance(prompt.schema, bytes.fromhex(digest), descriptions=described(prompt), text=last_text(prompt))
        return Scripted(text=json.dumps(value, ensure_ascii=False))
    if prompt.json_object:
        return Scripted(text=json.dumps({"answer": digest[:8]}))
    return Scripted(text=f"This is the development server's answer {digest[:8]}; no model stands behind it.")


def _spoil(given: Scripted, fault: Fault) -> Scripted:
    if fault.kind == "refusal":
        return Scripted(refusal=_REFUSAL)
    text = given.text or ""
    if fault.kind == "length":
        return given.model_copy(update={"text": text[: max(1, len(text) * 2 // 3)], "cut": True})
    if fault.kind not in {"wrong_ids", "violates_schema"} or given.refusal is not None:
        return given
    try:
        value = json.loads(text)
    except ValueError:
        return given
    spoilt = _with_wrong_ids(value) if fault.kind == "wrong_ids" else _out_of_schema(value)
    return given.model_copy(update={"text": json.dumps(spoilt, ensure_ascii=False)})


_ID_WORDS = frozenset({"id", "ids", "subject", "object"})


def _with_wrong_ids(value: Any, *, is_id: bool = False) -> Any:
    """Every id (by the name of its field) becomes one that does not exist."""
    if isinstance(value, Mapping):
        return {k: _with_wrong_ids(v, is_id=bool(_ID_WORDS & set(k.lower().split("_")))) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_wrong_ids(v, is_id=is_id) for v in value]
    if is_id and isinstance(value, int) and not isinstance(value, bool):
        return value + 90_000
    return f"no-such-{value}" if is_id and isinstance(value, str) else value


def _out_of_schema(value: Any) -> Any:
    """The first field is missing and there is one too many."""
    if isinstance(value, Mapping):
        return {**dict(list(value.items())[1:]), "unexpected": None}
    return [value]


def digest_of(body: bytes) -> str:
    """sha256 of a request's body, in hexadecimal."""
    return sha256(body).hexdigest()

"""A call as a sequence of requests: the first, a longer one after a cut, a repair after an invalid answer.

Pure: it yields requests and is sent exchanges, so that either transport drives it, and a replay from the cache takes
the same way as the first time.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from resources.llm.payloads import Request, first_request, longer_request, repair_request
from resources.llm.reading import InvalidAnswer, read_value, salvaged_value
from svg2_assets.llm.calls import Answer, Call, Outcome, Usage


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, from the server or from the cache. `money`: US dollars that it cost now."""

    outcome: Outcome
    text: str = ""
    usage: Usage = field(default_factory=Usage)
    reason: str = ""
    money: float = 0.0
    latency: float = 0.0
    from_cache: bool = False


Conversation = Generator[Request, Exchange, Answer]


def converse(call: Call, *, ceiling: int) -> Conversation:
    """Yield each request that `call` needs and return its answer."""
    done: list[Exchange] = []
    request = first_request(call, ceiling=ceiling)
    last = yield request
    done.append(last)
    if last.outcome is Outcome.TRUNCATED and (longer := longer_request(request, ceiling=ceiling)) is not None:
        request, before = longer, last
        last = yield request
        done.append(last)
        if last.outcome not in (Outcome.OK, Outcome.TRUNCATED, Outcome.REFUSED):
            last = before  # the shorter answer is still of use
    if last.outcome is Outcome.OK and call.schema is not None:
        try:
            return _answer(Outcome.OK, last, done, value=read_value(last.text, call.schema))
        except InvalidAnswer as error:
            return (yield from _repaired(call, request, last, done, str(error)))
    value = None
    if last.outcome is Outcome.TRUNCATED and call.schema is not None:
        value = salvaged_value(last.text, call.schema)
    return _answer(last.outcome, last, done, value=value, reason=last.reason)


def _repaired(call: Call, request: Request, last: Exchange, done: list[Exchange], error: str) -> Conversation:
    """Ask once to repair the answer `last`; its `error` tells why."""
    assert call.schema is not None  # noqa: S101 (narrows the type)
    repaired = yield repair_request(request, answer=last.text, error=error)
    done.append(repaired)
    if repaired.outcome is Outcome.OK:
        try:
            return _answer(Outcome.OK, repaired, done, value=read_value(repaired.text, call.schema))
        except InvalidAnswer as again:
            last, error = repaired, f"{error}; after the repair: {again}"
    else:
        error = f"{error}; the repair: {repaired.reason}"
    return _answer(Outcome.INVALID, last, done, reason=f"the answer does not fit its schema: {error}")


def _answer(
    outcome: Outcome, last: Exchange, done: list[Exchange], *, value: object = None, reason: str = ""
) -> Answer:
    return Answer(
        outcome=outcome,
        text=last.text,
        value=value,
        usage=Usage(
            tokens_in=sum(one.usage.tokens_in for one in done),
            cached=sum(one.usage.cached for one in done),
            tokens_out=sum(one.usage.tokens_out for one in done),
            reasoning=sum(one.usage.reasoning for one in done),
        ),
        money=sum(one.money for one in done),
        latency=sum(one.latency for one in done),
        from_cache=all(one.from_cache for one in done),
        reason=reason,
    )

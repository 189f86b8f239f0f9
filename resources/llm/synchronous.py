"""The synchronous transport: requests over HTTP from one event loop, each written down before it goes out."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resources.llm.commits import Commits
from resources.llm.conversation import Exchange, converse
from resources.llm.journal import BATCH_OWNER, Budget, Busy, Intent, Journal, OverBudget, Started
from resources.llm.outcomes import RETRIED, Reply, read_error, read_reply, tidy
from resources.llm.pacing import Pace
from resources.llm.payloads import Request, UnsendableCall, key_of
from resources.llm.settings import GatewaySettings
from svg2_assets.llm.calls import Answer, Call, Outcome, Usage
from svg2_assets.scene.errors import UnusableBackend

_LOG = logging.getLogger(__name__)
_POLL = (0.1, 2.0)  # seconds between two looks at a request that another process has under way: first and longest
_LONGEST_BACKOFF = 60.0
LONGEST_CHECK = 20.0  # seconds for a look at whether the server is there


class NeedsBatch(Exception):
    """A request that the batch `plan_id` has under way: asking for it again would pay it twice."""

    def __init__(self, plan_id: str) -> None:
        super().__init__(plan_id)
        self.plan_id = plan_id


@dataclass(slots=True)
class Prices:
    """Money by the price table."""

    settings: GatewaySettings
    _unknown: set[str] = field(default_factory=set)

    def money(self, model: str, usage: Usage, *, batch: bool = False) -> float:
        """US dollars; 0 for a model without a price, which is said once."""
        price = self.settings.price(model)
        if price is not None:
            return price.money(usage, batch=batch)
        if model not in self._unknown:
            self._unknown.add(model)
            _LOG.warning("no price is known for %s: its calls count 0 dollars; set `prices` in SVG2_LLM", model)
        return 0.0

    def at_most(self, request: Request, *, batch: bool = False) -> float:
        """US dollars when the answer takes all tokens that it may."""
        most = Usage(tokens_in=request.tokens_in(), tokens_out=request.limit)
        return self.money(request.model, most, batch=batch)


class Connection:
    """The one user of the `openai` client."""

    def __init__(self, settings: GatewaySettings) -> None:
        from openai import AsyncOpenAI

        self._secret = settings.key()
        self._timeout = settings.timeout
        self.client = AsyncOpenAI(
            api_key=self._secret or "none", base_url=settings.base_url, max_retries=0, timeout=settings.timeout
        )

    async def chat(self, body: Mapping[str, Any], *, key: str) -> Reply:
        """Send `body`; whatever happens becomes a reply. `key`: of the request, for servers that know a repetition."""
        import openai

        model, messages, rest = body["model"], body["messages"], dict(body)
        del rest["model"], rest["messages"]
        try:
            async with asyncio.timeout(self._timeout):
                raw = await self.client.chat.completions.with_raw_response.create(
                    model=model, messages=messages, extra_body=rest, extra_headers={"Idempotency-Key": key}
                )
                return read_reply(raw.text, raw.headers)
        except openai.APIStatusError as error:
            return self.read_error(error)
        except (TimeoutError, openai.APITimeoutError):
            reason = f"no answer within {self._timeout:g} s"
            return Reply(Outcome.SERVER_ERROR, reason=reason, charge_unknown=True)
        except (openai.OpenAIError, OSError) as error:
            said = tidy(f"{type(error.__cause__ or error).__name__}: {error.__cause__ or error}", secret=self._secret)
            return Reply(Outcome.SERVER_ERROR, reason=f"the connection failed: {said}", charge_unknown=True)

    async def refusal(self) -> Outcome | None:
        """Why no request can work: `AUTH`, or `SERVER_ERROR` where nobody answers; None where some may."""
        import openai

        try:
            async with asyncio.timeout(min(self._timeout, LONGEST_CHECK)):
                await self.client.models.list()
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            return Outcome.AUTH
        except openai.APIStatusError:
            return None  # it answers; not every server lists its models
        except (TimeoutError, openai.APIConnectionError):
            return Outcome.SERVER_ERROR
        return None

    def read_error(self, error: Any) -> Reply:
        """The reply that an error of the client stands for."""
        body = error.body if isinstance(error.body, Mapping) else error.response.text
        return read_error(error.status_code, body, error.response.headers, secret=self._secret)

    async def close(self) -> None:
        """Close its connections."""
        await self.client.close()


class SyncTransport:
    """Answers calls over `connection` in the running event loop.

    A request that is under way already, here or in another process, is waited for and not sent twice.
    """

    def __init__(
        self, settings: GatewaySettings, connection: Connection, commits: Commits, prices: Prices, *, pace: Pace
    ) -> None:
        self._settings, self._connection, self._commits, self._prices = settings, connection, commits, prices
        self._pace = pace
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._budget = Budget(settings.budget, settings.budget_since)
        self._under_way: dict[str, asyncio.Future[Exchange]] = {}
        self._stopped: Exchange | None = None

    async def answer(self, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """One answer a call, in order. Raises `NeedsBatch` when a batch has one of them under way."""
        self._stopped = None
        # One that raises stops no other: what is under way is paid and has to arrive.
        results = await asyncio.gather(*map(self._converse, calls), return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        for error in sorted(errors, key=lambda one: isinstance(one, NeedsBatch)):
            raise error
        return tuple(result for result in results if isinstance(result, Answer))

    async def _converse(self, call: Call) -> Answer:
        conversation = converse(call, ceiling=self._settings.output_ceiling)
        request = next(conversation)
        while True:
            try:
                request = conversation.send(await self.exchange(call, request))
            except StopIteration as stop:
                answer: Answer = stop.value
                return answer
            except UnsendableCall as error:
                return Answer(Outcome.BAD_REQUEST, reason=str(error))

    async def exchange(self, call: Call, request: Request) -> Exchange:
        """The exchange for `request`: from the cache, from one that is under way, or made now."""
        key = key_of(self._settings.base_url, request.text())
        running = self._under_way.get(key)
        if running is not None:
            done = await asyncio.shield(running)
            return _cached(done)
        future: asyncio.Future[Exchange] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_retrieve)
        self._under_way[key] = future
        try:
            exchange = await self._first_or_kept(call, request, key)
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else UnusableBackend("interrupted"))
            raise
        else:
            future.set_result(exchange)
            return exchange
        finally:
            del self._under_way[key]

    async def _first_or_kept(self, call: Call, request: Request, key: str) -> Exchange:
        kept = await self._commits.run(lambda journal: journal.answer(key))
        if kept is not None:
            return _of_cache(kept)
        at_most = self._prices.at_most(request)
        if self._budget.most is not None and self._settings.price(request.model) is None:
            reason = f"no price is known for {request.model}, so no budget can hold; set `prices` in SVG2_LLM"
            return Exchange(Outcome.OVER_BUDGET, reason=reason)
        intent = Intent(key, call, request.step, at_most, request.tokens_in(), server=self._settings.host)
        return await self._with_retries(intent, request)

    async def _with_retries(self, intent: Intent, request: Request) -> Exchange:
        tokens = intent.tokens + request.limit
        number = 0
        while True:
            number += 1
            async with self._slots:
                exchange, reply = await self._attempt(intent, request, tokens, last=number >= self._settings.attempts)
            if reply is None or reply.outcome not in RETRIED:
                return exchange
            wait = reply.wait
            if wait is not None and wait > self._settings.longest_wait:
                said = f"{exchange.reason} It asks to wait {wait:.0f} s, more than `longest_wait` in SVG2_LLM."
                return Exchange(exchange.outcome, reason=said)
            if number >= self._settings.attempts:
                return Exchange(exchange.outcome, reason=f"{exchange.reason} (after {number} tries)")
            if wait is not None:
                self._pace.pause(wait)
            # Full jitter: those that failed together do not come back together.
            most = min(_LONGEST_BACKOFF, self._settings.backoff * 2 ** (number - 1))
            await asyncio.sleep(random.uniform(0, most) + (wait or 0.0))  # noqa: S311 (jitter)

    async def _attempt(
        self, intent: Intent, request: Request, tokens: int, *, last: bool
    ) -> tuple[Exchange, Reply | None]:
        """One request, in a slot. Without a reply nothing was sent."""
        if self._stopped is None:
            await self._pace.turn(tokens)
        if self._stopped is not None:
            return self._stopped, None
        started = await self._started(intent)
        if not isinstance(started, Started):
            self._pace.give_back(tokens)
        if isinstance(started, OverBudget):
            return Exchange(Outcome.OVER_BUDGET, reason=over_budget(self._budget, started.spent, intent.at_most)), None
        if isinstance(started, Reply):
            return _of_cache(started), None
        return await self._send(started.call_id, intent, request, tokens, last=last)

    async def _started(self, intent: Intent) -> Started | OverBudget | Reply:
        """The row of the request that may go out; waits while another process has it under way."""
        pause = _POLL[0]
        while True:
            started = await self._commits.run(lambda journal: journal.start(intent, self._budget))
            if not isinstance(started, Busy):
                return started
            if started.owner.startswith(BATCH_OWNER):
                raise NeedsBatch(started.owner.removeprefix(BATCH_OWNER))
            await asyncio.sleep(pause)
            pause = min(_POLL[1], 2 * pause)

    async def _send(
        self, call_id: str, intent: Intent, request: Request, tokens: int, *, last: bool
    ) -> tuple[Exchange, Reply]:
        began = time.monotonic()
        try:
            reply = await self._connection.chat(request.body, key=intent.key)
        except asyncio.CancelledError:
            await asyncio.shield(self._commits.run(lambda journal: journal.lose(call_id, intent.key)))
            raise
        latency = time.monotonic() - began
        if reply.outcome in (Outcome.AUTH, Outcome.OVER_BUDGET):  # known to the others before it is written down
            self._stopped = Exchange(reply.outcome, reason=reply.reason)
        money = self._prices.money(request.model, reply.usage)
        done = last or reply.outcome not in RETRIED
        finish = functools.partial(
            _finish, call_id=call_id, key=intent.key, reply=reply, money=money, latency=latency, done=done
        )
        await self._commits.run(finish)
        if reply.usage.tokens_in:
            self._pace.correct(estimated=tokens, used=reply.usage.tokens_in + request.limit)
        return Exchange(reply.outcome, reply.text, reply.usage, reply.reason, money, latency), reply


def over_budget(budget: Budget, spent: float, at_most: float) -> str:
    """Why a call was not sent."""
    since = f" since {budget.since}" if budget.since is not None else ""
    return (
        f"not sent: of the budget of ${budget.most:.2f}, ${spent:.4f} are spent or reserved{since}, and this call may "
        f"cost ${at_most:.4f}. Raise `budget` in SVG2_LLM; what is done is kept."
    )


def _finish(journal: Journal, **what: Any) -> None:
    journal.finish(what.pop("call_id"), what.pop("key"), what.pop("reply"), **what)


def _of_cache(kept: Reply) -> Exchange:
    return Exchange(kept.outcome, kept.text, kept.usage, kept.reason, from_cache=True)


def _cached(done: Exchange) -> Exchange:
    """What one of two equal requests made is free for the other."""
    return Exchange(done.outcome, done.text, done.usage, done.reason, from_cache=True)


def _retrieve(future: asyncio.Future[Exchange]) -> None:
    """An exception that no second asker waits for is raised by the first alone."""
    if not future.cancelled():
        future.exception()

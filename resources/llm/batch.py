"""The batch transport: calls planned into batches, half the price for an answer within a day.

The requests of one call depend on each other (a longer one, a repair), so calls go in rounds: all first requests, then
all follow-ups. Whatever is answered is in the cache at once, so a run that is interrupted goes on where it was.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from resources.llm import batch_plans as plans
from resources.llm.batch_api import BatchApi, BatchStepFailed, request_line, write_file
from resources.llm.batch_plans import BatchPlan, Planned
from resources.llm.commits import Commits
from resources.llm.conversation import Conversation, Exchange, converse
from resources.llm.journal import BATCH_OWNER, Budget, Intent, Journal
from resources.llm.outcomes import RETRIED, Reply
from resources.llm.payloads import Request, UnsendableCall, key_of
from resources.llm.settings import GatewaySettings
from resources.llm.synchronous import Connection, Prices, over_budget
from svg2_assets.llm.calls import Answer, Call, Outcome
from svg2_assets.scene.errors import UnusableBackend

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Wanted:
    """One request of this fetch. `size`: bytes of its line; `call_ids`: its rows in batches of this fetch."""

    key: str
    call: Call
    request: Request
    size: int
    at_most: float
    call_ids: list[str] = field(default_factory=list)
    failure: Reply | None = None


class BatchTransport:
    """Answers calls by batches, in the running event loop. Processes that share the journal share batches, too."""

    def __init__(self, settings: GatewaySettings, connection: Connection, commits: Commits, prices: Prices) -> None:
        self._settings, self._commits, self._prices = settings, commits, prices
        self._api = BatchApi(connection, commits, prices, settings.journal / "batches")
        self._locks: dict[str, asyncio.Lock] = {}
        self._budget = Budget(settings.budget, settings.budget_since)

    async def answer(self, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """One answer a call, in order; returns when all batches that they need have ended."""
        answers: dict[int, Answer] = {}
        talks: dict[int, tuple[Conversation, Request]] = {}
        for i, call in enumerate(calls):
            talk = converse(call, ceiling=self._settings.output_ceiling)
            talks[i] = (talk, next(talk))
        while talks:
            exchanges = await self._exchanges({i: (calls[i], request) for i, (_, request) in talks.items()})
            for i, exchange in exchanges.items():
                talk, _ = talks.pop(i)
                try:
                    talks[i] = (talk, talk.send(exchange))
                except StopIteration as stop:
                    answers[i] = stop.value
        return tuple(answers[i] for i in range(len(calls)))

    async def finish(self, plan_ids: set[str]) -> None:
        """Wait for these batches, whoever asked for them. Raises `UnusableBackend`."""
        trouble = await self._drive(plan_ids)
        if trouble is not None:
            raise UnusableBackend(f"A batch at {self._settings.host} cannot be collected: {trouble.reason}.")

    @property
    def _endpoint(self) -> str:
        return self._settings.base_url

    async def _exchanges(self, asked: Mapping[int, tuple[Call, Request]]) -> dict[int, Exchange]:
        """The exchange of every request: from the cache, or from a batch that is made for it."""
        wanted: dict[str, _Wanted] = {}
        keys: dict[int, str] = {}
        exchanges: dict[int, Exchange] = {}
        for i, (call, request) in asked.items():
            try:
                text = request.text()
            except UnsendableCall as error:
                exchanges[i] = Exchange(Outcome.BAD_REQUEST, reason=str(error))
                continue
            keys[i] = key = key_of(self._endpoint, text)
            size = len(request_line(key, text).encode())
            at_most = self._prices.at_most(request, batch=True)
            wanted.setdefault(key, _Wanted(key, call, request, size, at_most))
        for one in wanted.values():
            one.failure = self._unsendable(one)
        await self._fetch([one for one in wanted.values() if one.failure is None])
        first_of = {key: i for i, key in reversed(keys.items())}
        for i, key in keys.items():
            exchanges[i] = await self._exchange(wanted[key], first=first_of[key] == i)
        return exchanges

    def _unsendable(self, one: _Wanted) -> Reply | None:
        if one.size > self._settings.batch_bytes:
            reason = f"the request has {one.size:,} bytes, a batch at most {self._settings.batch_bytes:,}"
            return Reply(Outcome.BAD_REQUEST, reason=reason)
        if self._budget.most is not None and self._settings.price(one.request.model) is None:
            reason = f"no price is known for {one.request.model}, so no budget can hold; set `prices` in SVG2_LLM"
            return Reply(Outcome.OVER_BUDGET, reason=reason)
        return None

    async def _exchange(self, one: _Wanted, *, first: bool) -> Exchange:
        def read(journal: Journal) -> tuple[Reply | None, float]:
            return journal.answer(one.key), sum(plans.paid(journal, call_id) for call_id in one.call_ids)

        reply, money = await self._commits.run(read)
        reply = reply or one.failure or Reply(Outcome.SERVER_ERROR, reason="no batch answered this request")
        ours = bool(one.call_ids) and first
        return Exchange(
            reply.outcome, reply.text, reply.usage, reply.reason, money=money if ours else 0.0, from_cache=not ours
        )

    async def _fetch(self, wanted: Sequence[_Wanted]) -> None:
        """Bring answers to `wanted` into the cache, as far as a bounded number of batches does."""
        await self._look_after_orphans()
        missing = list(wanted)
        rounds = 0
        while rounds < self._settings.batch_rounds:
            missing = [one for one in await self._missing(missing) if one.failure is None or _may_change(one.failure)]
            if not missing:
                return
            await self._plan(missing)
            under_way = await self._plans_of(missing)
            trouble = await self._drive(under_way)
            for one in await self._missing(missing):
                one.failure = one.failure if one.failure and not _may_change(one.failure) else trouble
                one.failure = one.failure or await self._last_failure(one)
            if trouble is not None:
                return
            rounds += bool(under_way)
            if not under_way and any(one.failure is None or _may_change(one.failure) for one in missing):
                await asyncio.sleep(self._settings.batch_poll)  # a synchronous run has them under way

    async def _missing(self, wanted: Sequence[_Wanted]) -> list[_Wanted]:
        def missing(journal: Journal) -> list[_Wanted]:
            return [one for one in wanted if journal.answer(one.key) is None]

        return await self._commits.run(missing)

    async def _plans_of(self, wanted: Sequence[_Wanted]) -> set[str]:
        """Ids of the plans that have `wanted` under way."""

        def holders(journal: Journal) -> set[str]:
            return {journal.holder(one.key) or "" for one in wanted}

        found = await self._commits.run(holders)
        return {name.removeprefix(BATCH_OWNER) for name in found if name.startswith(BATCH_OWNER)}

    async def _last_failure(self, one: _Wanted) -> Reply | None:
        last = await self._commits.run(lambda journal: plans.last_attempt(journal, one.key))
        return None if last is None else Reply(last[0], reason=last[1])

    async def _plan(self, missing: Sequence[_Wanted]) -> None:
        """Claim what nobody has under way in new plans, and write their files."""
        for part in _parts(missing, requests=self._settings.batch_requests, size=self._settings.batch_bytes):
            by_key = {one.key: one for one in part}
            planned = await self._commits.run(functools.partial(self._make_plan, part))
            for key, spent in planned.over_budget.items():
                said = over_budget(self._budget, spent, by_key[key].at_most)
                by_key[key].failure = Reply(Outcome.OVER_BUDGET, reason=said)
            for key, call_id in planned.call_ids.items():
                by_key[key].call_ids.append(call_id)
            if planned.plan_id:
                lines = ((key, by_key[key].request.text()) for key in planned.call_ids)
                await asyncio.to_thread(write_file, self._api.file_of(planned.plan_id), lines)
                await self._commits.run(functools.partial(_move, planned.plan_id, plans.WRITTEN))

    def _make_plan(self, part: Sequence[_Wanted], journal: Journal) -> Planned:
        intents = [
            Intent(
                one.key, one.call, one.request.step, one.at_most, one.request.tokens_in(), "batch", self._settings.host
            )
            for one in part
        ]
        model = part[0].request.model
        return plans.make_plan(journal, intents, model=model, endpoint=self._endpoint, budget=self._budget)

    async def _look_after_orphans(self) -> None:
        """One look at batches whose process is gone: nobody may ask for what they hold any more."""
        for plan_id in await self._commits.run(lambda journal: plans.active_plans(journal, self._endpoint)):
            with suppress(BatchStepFailed):
                await self._step(plan_id)
        await self._commits.run(self._api.remove_leftovers)

    async def _drive(self, left: set[str]) -> Reply | None:
        """Move plans on until all have ended; what was wrong where one of them cannot be moved for now."""
        all_of_them = set(left)
        try:
            return await self._moved_on(left)
        finally:
            await self._commits.run(lambda journal: plans.let_go(journal, all_of_them))

    async def _moved_on(self, left: set[str]) -> Reply | None:
        failures = dict.fromkeys(left, 0)
        trouble: Reply | None = None
        while left:
            moved = False
            for plan_id in sorted(left):
                try:
                    moved = await self._step(plan_id) or moved
                except BatchStepFailed as failed:
                    failures[plan_id] += 1
                    _LOG.warning("batch %s: %s", plan_id, failed.reply.reason)
                    if failed.reply.outcome not in RETRIED or failures[plan_id] >= self._settings.attempts:
                        left, trouble = left - {plan_id}, failed.reply
            left = left & await self._commits.run(lambda journal: set(plans.active_plans(journal, self._endpoint)))
            if left and not moved:
                await asyncio.sleep(self._settings.batch_poll)
        return trouble

    async def _step(self, plan_id: str) -> bool:
        """One step of the plan, unless another process makes it; whether it moved. Raises `BatchStepFailed`."""
        async with self._locks.setdefault(plan_id, asyncio.Lock()):
            plan = await self._commits.run(lambda journal: plans.take_plan(journal, plan_id))
            if plan is None:
                return False
            after = await self._api.advance(plan)
            return after.state != plan.state


def _may_change(failure: Reply) -> bool:
    return failure.outcome in RETRIED


def _move(plan_id: str, state: str, journal: Journal) -> BatchPlan:
    return plans.move_plan(journal, plan_id, state)


def _parts(wanted: Sequence[_Wanted], *, requests: int, size: int) -> Iterator[list[_Wanted]]:
    """Parts of one model each that fit into a batch."""
    for model in dict.fromkeys(one.request.model for one in wanted):
        part: list[_Wanted] = []
        filled = 0
        for one in (one for one in wanted if one.request.model == model):
            if part and (len(part) >= requests or filled + one.size > size):
                yield part
                part, filled = [], 0
            part.append(one)
            filled += one.size
        if part:
            yield part

"""The Batch API: one batch from its file to its answers, one durable step at a time."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from resources.llm import batch_plans as plans
from resources.llm.batch_plans import BatchPlan
from resources.llm.commits import Commits
from resources.llm.journal import Journal
from resources.llm.outcomes import Reply, read_error, read_reply, tidy
from resources.llm.synchronous import Connection, Prices
from svg2_assets.llm.calls import Outcome
from svg2_assets.scene.errors import UnusableBackend

_T = TypeVar("_T")
ENDPOINT: Final = "/v1/chat/completions"
PLAN_FIELD = "svg2_plan"
"""Name of the metadata by which a batch is found again."""
_CHUNK = 500  # answers a transaction takes
_ENDED = {"completed", "failed", "expired", "cancelled"}
_MOST_LISTED = 2000  # batches that a lookup goes through


class BatchStepFailed(Exception):
    """A step of a batch that did not work, and may later."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.reason)
        self.reply = reply


class BatchApi:
    """Moves plans on. Files lie in `folder`: what is sent, until the batch is collected."""

    def __init__(self, connection: Connection, commits: Commits, prices: Prices, folder: Path) -> None:
        self._connection, self._commits, self._prices, self._folder = connection, commits, prices, folder
        folder.mkdir(parents=True, exist_ok=True)

    def file_of(self, plan_id: str) -> Path:
        """The file of a plan's requests."""
        return self._folder / f"{plan_id}.jsonl"

    async def advance(self, plan: BatchPlan) -> BatchPlan:
        """Do the next step of `plan`, if it can be done now. Raises `BatchStepFailed`; it stays where it is then."""
        if plan.state == plans.WRITTEN:
            return await self._upload(plan)
        if plan.state in (plans.UPLOADED, plans.CREATING):
            return await self._create(plan)
        if plan.state == plans.CREATED:
            return await self._look(plan)
        return plan

    async def _upload(self, plan: BatchPlan) -> BatchPlan:
        path = self.file_of(plan.plan_id)
        if not path.exists():
            return await self._fail(plan, f"its file {path.name} is gone")
        client = self._connection.client
        with path.open("rb") as file:
            done = await self._asked(client.files.create(file=(path.name, file), purpose="batch"))
        return await self._move(plan, plans.UPLOADED, file_id=done.id)

    async def _create(self, plan: BatchPlan) -> BatchPlan:
        """Create the batch, unless an earlier try has done so."""
        if plan.state == plans.CREATING and (found := await self._find(plan.plan_id)) is not None:
            return await self._move(plan, plans.CREATED, batch_id=found)
        plan = await self._move(plan, plans.CREATING)
        try:
            made = await self._asked(
                self._connection.client.batches.create(
                    input_file_id=plan.file_id,
                    endpoint=ENDPOINT,
                    completion_window="24h",
                    metadata={PLAN_FIELD: plan.plan_id},
                    extra_headers={"Idempotency-Key": plan.plan_id},
                )
            )
        except BatchStepFailed as failed:
            if failed.reply.outcome is Outcome.BAD_REQUEST:
                return await self._fail(plan, failed.reply.reason)
            raise
        return await self._move(plan, plans.CREATED, batch_id=made.id)

    async def _find(self, plan_id: str) -> str | None:
        """Id of the batch that was made for `plan_id` and has not failed."""
        listed = 0
        pages = self._connection.client.batches.list(limit=100)
        page = await self._asked(pages)
        while page.data:
            for batch in page.data:
                if (batch.metadata or {}).get(PLAN_FIELD) == plan_id and batch.status != "failed":
                    return str(batch.id)
            listed += len(page.data)
            if listed >= _MOST_LISTED or not page.has_next_page():
                return None
            page = await self._asked(page.get_next_page())
        return None

    async def _look(self, plan: BatchPlan) -> BatchPlan:
        try:
            batch = await self._asked(self._connection.client.batches.retrieve(plan.batch_id))
        except BatchStepFailed as failed:
            if failed.reply.outcome is Outcome.BAD_REQUEST:
                return await self._fail(plan, f"the server does not know the batch any more: {failed.reply.reason}")
            raise
        if batch.status not in _ENDED:
            return plan
        if batch.status == "failed":
            return await self._fail(plan, _errors_of(batch))
        for file_id in (batch.output_file_id, batch.error_file_id):
            if file_id:
                await self._collect(plan, file_id)
        reason = f"the batch ended ({batch.status}) without an answer to this request"
        await self._end(plan, plans.COLLECTED, reason, Outcome.SERVER_ERROR)
        for file_id in (plan.file_id, batch.output_file_id, batch.error_file_id):
            if file_id:
                with suppress(BatchStepFailed):  # to tidy up is no duty
                    await self._asked(self._connection.client.files.delete(file_id))
        return await self._commits.run(lambda journal: plans.plan_of(journal, plan.plan_id))

    async def _collect(self, plan: BatchPlan, file_id: str) -> None:
        """Put what the file `file_id` holds into the cache; again after a crash is harmless."""
        path = self._folder / f"{plan.plan_id}.answers"
        await self._asked(self._download(file_id, path))
        for replies in _chunks(self._replies(plan, path), _CHUNK):
            await self._commits.run(functools.partial(_settle, plan.plan_id, replies))
        path.unlink(missing_ok=True)

    async def _download(self, file_id: str, path: Path) -> None:
        async with self._connection.client.files.with_streaming_response.content(file_id) as response:
            await response.stream_to_file(path)

    def _replies(self, plan: BatchPlan, path: Path) -> Iterator[tuple[str, tuple[Reply, float]]]:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if (read := read_line(line)) is not None:
                    key, reply = read
                    yield key, (reply, self._prices.money(plan.model, reply.usage, batch=True))

    async def _fail(self, plan: BatchPlan, reason: str) -> BatchPlan:
        await self._end(plan, plans.FAILED, f"the batch failed: {reason}", Outcome.SERVER_ERROR)
        return await self._commits.run(lambda journal: plans.plan_of(journal, plan.plan_id))

    async def _end(self, plan: BatchPlan, state: str, reason: str, outcome: Outcome) -> None:
        def end(journal: Journal) -> None:
            plans.end_plan(journal, plan.plan_id, state, reason=reason, outcome=outcome)

        await self._commits.run(end)
        self.file_of(plan.plan_id).unlink(missing_ok=True)

    async def _move(self, plan: BatchPlan, state: str, **known: str) -> BatchPlan:
        return await self._commits.run(lambda journal: plans.move_plan(journal, plan.plan_id, state, **known))

    async def _asked(self, request: Any) -> Any:
        """What `request` gives. Raises `BatchStepFailed`."""
        import openai

        try:
            return await request
        except openai.APIStatusError as error:
            raise BatchStepFailed(self._connection.read_error(error)) from None
        except (openai.OpenAIError, OSError) as error:
            reason = f"the connection failed: {tidy(f'{type(error).__name__}: {error}')}"
            raise BatchStepFailed(Reply(Outcome.SERVER_ERROR, reason=reason)) from None


def write_file(path: Path, lines: Iterator[tuple[str, str]]) -> None:
    """Write requests (key, body) as lines of a batch's file, onto the disk. Raises `UnusableBackend`."""
    try:
        with path.open("w", encoding="utf-8") as file:
            for key, body in lines:
                file.write(request_line(key, body))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UnusableBackend(
            f"A batch cannot be written to {path.parent}: {error}. Free space and run again."
        ) from error


def _settle(plan_id: str, replies: Mapping[str, tuple[Reply, float]], journal: Journal) -> None:
    plans.settle_requests(journal, plan_id, replies)


def request_line(key: str, body: str) -> str:
    """One line of a batch's file; `body` is JSON already."""
    return f'{{"custom_id":"{key}","method":"POST","url":"{ENDPOINT}","body":{body}}}\n'


def read_line(line: str) -> tuple[str, Reply] | None:
    """Key and reply in one line of a batch's output or error file, None where it is not readable."""
    try:
        entry = json.loads(line)
        key = entry["custom_id"]
        response, error = entry.get("response"), entry.get("error")
        if response is None or response.get("body") is None:
            said = error if isinstance(error, Mapping) else {}
            reason = f"the batch has no answer: {tidy(str(said.get('code') or said.get('message') or 'no reason'))}"
            return str(key), Reply(Outcome.SERVER_ERROR, reason=reason)
        status = int(response.get("status_code") or 200)
        reply = read_reply(response["body"]) if status == 200 else read_error(status, response["body"])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    return str(key), reply


def _errors_of(batch: Any) -> str:
    found = (batch.errors.data if batch.errors is not None else None) or []
    return tidy("; ".join(f"{one.code}: {one.message}" for one in found[:3])) or "no reason was given"


def _chunks(pairs: Iterator[tuple[str, _T]], size: int) -> Iterator[dict[str, _T]]:
    chunk: dict[str, _T] = {}
    for key, value in pairs:
        chunk.setdefault(key, value)
        if len(chunk) >= size:
            yield chunk
            chunk = {}
    if chunk:
        yield chunk

"""/v1/batches: many requests in one file, answered within a day, at half the price."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resources.devserver.batch_input import Line, Reading
from resources.devserver.errors import ApiError
from resources.devserver.files import keep
from resources.devserver.service import CHAT, RESPONSES, Service

DAY = 86_400
ENDPOINTS = {e.name: e for e in (CHAT, RESPONSES)}
RUNNING = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
_MOMENTS = (
    "in_progress_at",
    "expires_at",
    "finalizing_at",
    "completed_at",
    "failed_at",
    "expired_at",
    "cancelling_at",
    "cancelled_at",
)
_EXPIRED = {
    "code": "batch_expired",
    "message": "This request could not be executed before the completion window expired.",
}


class Course(BaseModel):
    """How a batch goes. `seconds`: that its requests take together. `validating`: seconds before. `expire_after`: it
    expires when so many requests are done. `fail`: it fails in validation with this code."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    seconds: float = Field(default=0.2, ge=0, le=DAY)
    validating: float = Field(default=0.0, ge=0, le=DAY)
    expire_after: int | None = Field(default=None, ge=0)
    fail: str | None = None


class Batches:
    """Creates batches and runs them, each as a task of its own."""

    def __init__(self, service: Service) -> None:
        self._service, self._state = service, service.state
        self._courses: list[Course] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._open: dict[str, dict[str, Any]] = {}

    def script(self, body: Mapping[str, Any]) -> int:
        """The next batches go as `{"courses": [...]}` says, in turn; raises `ApiError` (400)."""
        try:
            self._courses = [Course.model_validate(c) for c in body.get("courses", ())]
        except (ValidationError, TypeError) as error:
            raise ApiError(f"Not a course of batches: {error}", param="courses") from None
        return len(self._courses)

    def resume(self) -> None:
        """Go on with what a server before this one left: requests that are answered are not asked again."""
        for facts in self._state.batches():
            if facts["status"] in RUNNING and facts["id"] not in self._tasks:
                self._start(facts)

    def create(self, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """A new batch; raises `ApiError` (400, 404)."""
        endpoint, window = body.get("endpoint"), body.get("completion_window")
        if not isinstance(endpoint, str) or endpoint not in ENDPOINTS:
            raise ApiError(
                f"Invalid 'endpoint': one of {', '.join(ENDPOINTS)}.", param="endpoint", code="invalid_value"
            )
        if window != "24h":
            raise ApiError(
                "Invalid 'completion_window': must be '24h'.", param="completion_window", code="invalid_value"
            )
        file = self._state.file(str(body.get("input_file_id")))
        if file["purpose"] != "batch":
            raise ApiError("The input file's purpose must be 'batch'.", param="input_file_id")
        metadata = body.get("metadata")
        now, settings = int(time.time()), self._service.settings
        facts: dict[str, Any] = {
            "id": f"batch_{secrets.token_hex(12)}",
            "object": "batch",
            "endpoint": endpoint,
            "model": None,
            "errors": None,
            "input_file_id": file["id"],
            "completion_window": window,
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": now,
            **dict.fromkeys(_MOMENTS),
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": metadata if isinstance(metadata, dict) else None,
            "usage": None,
            "_key": key,
            "_course": (self._courses.pop(0) if self._courses else Course(seconds=settings.batch_seconds)).model_dump(),
        }
        facts["expires_at"] = now + DAY
        self._state.put_batch(facts)
        self._start(facts)
        return shown(facts)

    def get(self, name: str) -> dict[str, Any]:
        """A batch as it stands now; raises `ApiError` (404)."""
        return shown(self._open.get(name) or self._state.batch(name))

    def all(self) -> list[dict[str, Any]]:
        """All batches, newest first."""
        return [self.get(b["id"]) for b in self._state.batches()]

    def cancel(self, name: str) -> dict[str, Any]:
        """Ask a batch to end; raises `ApiError` (400, 404)."""
        facts = self._open.get(name) or self._state.batch(name)
        if facts["status"] not in {"validating", "in_progress", "cancelling"}:
            raise ApiError(f"Cannot cancel a batch with status '{facts['status']}'.", param="batch_id")
        self._move(facts, "cancelling")
        return shown(facts)

    def _start(self, facts: dict[str, Any]) -> None:
        course = Course.model_validate(facts["_course"])
        self._open[facts["id"]] = facts
        task = asyncio.create_task(self._run(facts, course))
        self._tasks[facts["id"]] = task
        task.add_done_callback(lambda _task: self._ended(facts["id"]))

    def _ended(self, name: str) -> None:
        self._tasks.pop(name, None)
        self._open.pop(name, None)

    async def _run(self, facts: dict[str, Any], course: Course) -> None:
        reading = await self._validate(facts, course)
        if reading is None:
            return
        ending = await self._answer(facts, course, reading)
        if ending == "completed":
            self._move(facts, "finalizing")
            await asyncio.sleep(0)
        self._write_files(facts, reading, ending)
        self._move(facts, ending)

    async def _validate(self, facts: dict[str, Any], course: Course) -> Reading | None:
        settings = self._service.settings
        reading = Reading(endpoint=facts["endpoint"], max_requests=settings.batch_requests)
        await asyncio.sleep(course.validating)
        try:
            content = self._state.content(facts["input_file_id"])
        except ApiError as error:  # deleted meanwhile
            reading.errors.append({"code": "invalid_file", "line": None, "message": str(error), "param": None})
        else:
            for _line in reading.read(content, max_bytes=settings.batch_bytes):
                await asyncio.sleep(0)
        if course.fail is not None:
            reading.errors.insert(0, {"code": course.fail, "line": None, "message": "Scripted.", "param": None})
        if reading.errors:
            facts["errors"] = {"object": "list", "data": reading.errors}
            self._move(facts, "failed")
            return None
        facts["model"] = reading.model
        facts["request_counts"]["total"] = len(reading.lines)
        if facts["status"] == "validating":
            self._move(facts, "in_progress")
        return reading

    async def _answer(self, facts: dict[str, Any], course: Course, reading: Reading) -> str:
        """Ask all requests that have no result yet; how it ended."""
        results = {line: ok for line, ok, _text in self._state.results(facts["id"])}
        facts["request_counts"].update(_counts(results.values()))
        waiting = [line for line in reading.lines if line.number not in results]
        Random(facts["id"]).shuffle(waiting)  # noqa: S311 - batches answer in any order
        started = time.monotonic()
        for done, line in enumerate(waiting):
            until = started + course.seconds * (done + 1) / len(waiting)
            await asyncio.sleep(max(0.0, until - time.monotonic()))
            if facts["status"] == "cancelling":
                return "cancelled"
            if len(results) + done == course.expire_after or time.time() >= facts["expires_at"]:
                return "expired"
            self._ask(facts, line)
        return "cancelled" if facts["status"] == "cancelling" else "completed"

    def _ask(self, facts: dict[str, Any], line: Line) -> None:
        endpoint = ENDPOINTS[facts["endpoint"]]
        status, body = self._service.call_in_batch(endpoint, line.body, key=facts["_key"], batch=facts["id"])
        row = {
            "id": f"batch_req_{secrets.token_hex(12)}",
            "custom_id": line.custom_id,
            "response": {"status_code": status, "request_id": f"req_{secrets.token_hex(12)}", "body": body},
            "error": None,
        }
        ok = status == 200
        self._state.put_result(facts["id"], line.number, ok=ok, text=json.dumps(row, ensure_ascii=False))
        facts["request_counts"]["completed" if ok else "failed"] += 1

    def _write_files(self, facts: dict[str, Any], reading: Reading, ending: str) -> None:
        rows = list(self._state.results(facts["id"]))
        Random(facts["id"]).shuffle(rows)  # noqa: S311 - the order of the output is not that of the input
        facts["usage"] = _usage(json.loads(text)["response"]["body"] for _line, ok, text in rows if ok)
        good = [text for _line, ok, text in rows if ok]
        bad = [text for _line, ok, text in rows if not ok]
        if ending == "expired":
            seen = {line for line, _ok, _text in rows}
            bad += [_expired(line) for line in reading.lines if line.number not in seen]
        for name, lines in (("output", good), ("error", bad)):
            if lines:
                content = ("\n".join(lines) + "\n").encode()
                file = keep(self._state, content, name=f"{facts['id']}_{name}.jsonl", purpose="batch_output")
                facts[f"{name}_file_id"] = file["id"]

    def _move(self, facts: dict[str, Any], status: str) -> None:
        facts["status"] = status
        if facts.get(f"{status}_at") is None:
            facts[f"{status}_at"] = int(time.time())
        self._state.put_batch(facts)


def shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A batch as the API gives it."""
    return {k: v for k, v in facts.items() if not k.startswith("_")}


def _expired(line: Line) -> str:
    row = {
        "id": f"batch_req_{secrets.token_hex(12)}",
        "custom_id": line.custom_id,
        "response": None,
        "error": _EXPIRED,
    }
    return json.dumps(row, ensure_ascii=False)


def _usage(bodies: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Tokens of a batch, as the batch object names them, from the answers of either endpoint."""
    made: Counter[str] = Counter()
    for body in bodies:
        usage = body["usage"]
        details = usage.get("completion_tokens_details") or usage["output_tokens_details"]
        made["in"] += usage.get("prompt_tokens", usage.get("input_tokens", 0))
        made["out"] += usage.get("completion_tokens", usage.get("output_tokens", 0))
        made["reasoning"] += details["reasoning_tokens"]
    return {
        "input_tokens": made["in"],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": made["out"],
        "output_tokens_details": {"reasoning_tokens": made["reasoning"]},
        "total_tokens": made["in"] + made["out"],
    }


def _counts(results: Iterable[bool]) -> dict[str, int]:
    counted = Counter(results)
    return {"completed": counted[True], "failed": counted[False]}

"""Many small writes of one event loop in few synced transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from resources.llm.journal import Journal

_T = TypeVar("_T")
_MOST = 256  # statements a transaction takes


class Commits:
    """Gathers what the tasks of an event loop write while the disk is busy, and commits it together.

    A sync takes milliseconds and 64 requests under way write 128 times: one by one they would stop each other.
    """

    def __init__(self, journal: Journal, thread: ThreadPoolExecutor) -> None:
        self._journal, self._thread = journal, thread
        self._waiting: list[tuple[Callable[[Journal], Any], asyncio.Future[Any]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[Journal], _T]) -> _T:
        """What `work` returns, once it is on the disk."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._drain())
        result: _T = await future
        return result

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            try:
                results = await loop.run_in_executor(self._thread, self._commit, [work for work, _ in taken])
            except Exception as error:  # noqa: BLE001 - it belongs to those who wait
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), result in zip(taken, results, strict=True):
                if not future.done():
                    future.set_result(result)

    def _commit(self, works: list[Callable[[Journal], Any]]) -> list[Any]:
        with self._journal.transaction() as journal:
            return [work(journal) for work in works]

"""Limits of requests and tokens a minute, kept before the server has to, together with all processes of the machine."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from itertools import islice

from resources.llm.limits import Amount, SharedLimits

_MOST = 256  # needs that one transaction looks at
_GATHERED = 0.1  # seconds over which corrections are told together, where nobody asks for a turn meanwhile
_LONGEST_SLEEP = 1.0  # seconds after which a process looks whether those ahead of it have died or given back


class Pace:
    """Lets requests out within the limits, in the order in which they come, and keeps the pause that a server asks for.

    For use inside of one event loop; statements run in its executor, one at a time. Whoever waits asks together, so
    that many requests at once cost one transaction; nothing is taken ahead of need, so a process that dies takes
    nothing with it. Without `limits` nothing is asked.
    """

    def __init__(self, limits: SharedLimits | None) -> None:
        self._limits = limits
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._back = Amount()
        self._paused_until = 0.0
        self._worker: asyncio.Task[None] | None = None
        self._soon: asyncio.TimerHandle | None = None

    async def turn(self, tokens: float) -> None:
        """Return when a request of about `tokens` may go out. Raises `UnusableBackend` where the limits' file fails."""
        if self._limits is not None:
            await self._granted(tokens)
        while (left := self._paused_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def pause(self, seconds: float) -> None:
        """Nothing goes out for `seconds`, here and in other processes: the server's limit holds for all requests."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)
        self._wake()

    def correct(self, *, estimated: float, used: float) -> None:
        """Tell how many tokens a request had really."""
        self._return(Amount(tokens=estimated - used))

    def give_back(self, tokens: float) -> None:
        """The request of `tokens` that had its turn did not go out."""
        self._return(Amount(requests=1, tokens=tokens))

    async def close(self) -> None:
        """Tell the others what is left to tell. Whoever waits still is cancelled."""
        if self._soon is not None:
            self._soon.cancel()
        for _, future in self._waiting:
            future.cancel()
        # The worker is not: what it is about to tell would be lost. It ends by itself.
        if self._worker is not None:
            await self._worker
        if self._limits is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._limits.close, self._back)

    async def _granted(self, tokens: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((tokens, future))
        self._wake()
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():
                self.give_back(tokens)
            raise

    def _return(self, amount: Amount) -> None:
        if self._limits is None:
            return
        self._back += amount
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(_GATHERED, self._tell)

    def _tell(self) -> None:
        self._soon = None
        self._wake()

    def _wake(self) -> None:
        if self._limits is not None and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._serve(self._limits))

    async def _serve(self, limits: SharedLimits) -> None:
        """Ask for all who wait, until nobody does and everything is told."""
        loop, told, wait = asyncio.get_running_loop(), 0.0, 0.0
        while self._waiting or self._back or wait or self._paused_until > max(told, time.monotonic()):
            needs = [tokens for tokens, _ in islice(self._waiting, _MOST)]
            back, self._back, told = self._back, Amount(), self._paused_until
            work = partial(limits.take, needs, back=back, paused_until=told)
            try:
                count, wait = await loop.run_in_executor(None, work)
            except Exception as error:  # noqa: BLE001 - it belongs to those who wait
                self._fail(error)
                return
            self._let_out(count)
            if self._waiting and wait:
                await asyncio.sleep(min(wait, _LONGEST_SLEEP))
            self._waiting = deque(entry for entry in self._waiting if not entry[1].done())

    def _let_out(self, count: int) -> None:
        for tokens, future in [self._waiting.popleft() for _ in range(count)]:
            if future.done():  # given up meanwhile
                self._back += Amount(requests=1, tokens=tokens)
            else:
                future.set_result(None)

    def _fail(self, error: Exception) -> None:
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(error)
        self._waiting.clear()

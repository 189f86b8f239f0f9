"""Limits of requests and tokens a minute, kept before the server has to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

BURST = 0.1
"""Share of a minute's limit that may go out at once. The rate is the rest, so no minute ever exceeds the limit."""


class TokenBucket:
    """Holds up to `BURST` of `per_minute` and fills with the rest of it a minute. None: no limit.

    A need larger than the bucket waits until it is full and leaves a debt.
    """

    def __init__(self, per_minute: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = per_minute, clock
        self._capacity = max(1.0, BURST * (per_minute or 0))
        self._rate = (1 - BURST) * (per_minute or 0) / 60
        self._level, self._at = self._capacity, clock()

    def take(self, need: float) -> float:
        """Take `need` and return the seconds to wait first; what is taken counts at once, so takers queue up."""
        if self._limit is None:
            return 0.0
        self._fill()
        missing = min(need, self._capacity) - self._level
        self._level -= need
        return max(0.0, missing / self._rate)

    def give_back(self, amount: float) -> None:
        """Correct an estimate: `amount` was taken too much (negative: too little)."""
        if self._limit is not None:
            self._fill()
            self._level = min(self._capacity, self._level + amount)

    def _fill(self) -> None:
        now = self._clock()
        self._level = min(self._capacity, self._level + (now - self._at) * self._rate)
        self._at = now


class Pace:
    """Both limits together, and the pause that a server asks for. For use inside of one event loop."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._requests, self._tokens = TokenBucket(requests_per_minute), TokenBucket(tokens_per_minute)
        self._paused_until = 0.0

    async def turn(self, tokens: float) -> None:
        """Return when a request of about `tokens` may go out."""
        wait = max(self._requests.take(1), self._tokens.take(tokens))
        if wait > 0:
            await asyncio.sleep(wait)
        while (left := self._paused_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def pause(self, seconds: float) -> None:
        """Nothing goes out for `seconds`: the server's limit holds for all requests."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def correct(self, *, estimated: float, used: float) -> None:
        """Tell how many tokens a request had really."""
        self._tokens.give_back(estimated - used)

"""Rate limits: token buckets for requests and tokens, with OpenAI's headers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil

from resources.devserver.errors import ApiError

MINUTE = 60.0


@dataclass(slots=True)
class Bucket:
    """Holds at most `capacity`, fills evenly within a minute. `clock` gives seconds."""

    capacity: float
    clock: Callable[[], float] = time.monotonic
    _level: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._level, self._at = self.capacity, self.clock()

    @property
    def level(self) -> float:
        """What is in it now."""
        now = self.clock()
        self._level = min(self.capacity, self._level + (now - self._at) * self.capacity / MINUTE)
        self._at = now
        return self._level

    def wait(self, amount: float) -> float:
        """Seconds until `amount` is there, 0 if it is."""
        return max(0.0, amount - self.level) * MINUTE / self.capacity

    def take(self, amount: float) -> None:
        """Take `amount`, which is there."""
        self._level = self.level - amount


@dataclass(slots=True)
class Limits:
    """Requests and tokens a minute, for each key and model apart."""

    requests: int
    tokens: int
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, tuple[Bucket, Bucket]] = field(default_factory=dict)

    def take(self, scope: str, *, model: str, tokens: int) -> Mapping[str, str]:
        """Admit one request of `tokens` and return the headers; raises `ApiError` (429), headers included."""
        requests, budget = self._of(scope)
        for bucket, name, amount in ((requests, "requests", 1), (budget, "tokens", tokens)):
            wait = bucket.wait(amount)
            if wait > 0:
                raise ApiError(
                    _message(model, name, bucket, amount, wait),
                    status=429,
                    kind=name,
                    code="rate_limit_exceeded",
                    headers={
                        **self._headers(scope),
                        "retry-after": str(ceil(wait)),
                        "retry-after-ms": str(ceil(wait * 1000)),
                    },
                )
        requests.take(1)
        budget.take(tokens)
        return self._headers(scope)

    def _of(self, scope: str) -> tuple[Bucket, Bucket]:
        if scope not in self._buckets:
            self._buckets[scope] = (Bucket(self.requests, self.clock), Bucket(self.tokens, self.clock))
        return self._buckets[scope]

    def _headers(self, scope: str) -> dict[str, str]:
        made = {}
        for name, bucket in zip(("requests", "tokens"), self._of(scope), strict=True):
            made[f"x-ratelimit-limit-{name}"] = str(int(bucket.capacity))
            made[f"x-ratelimit-remaining-{name}"] = str(int(bucket.level))
            made[f"x-ratelimit-reset-{name}"] = duration(bucket.wait(bucket.capacity))
        return made


def _message(model: str, name: str, bucket: Bucket, amount: float, wait: float) -> str:
    short = "RPM" if name == "requests" else "TPM"
    if amount > bucket.capacity:
        return (
            f"Request too large for {model} on {name} per min ({short}): Limit {bucket.capacity:.0f}, "
            f"Requested {amount:.0f}. The input or output tokens must be reduced in order to run successfully."
        )
    return (
        f"Rate limit reached for {model} on {name} per min ({short}): Limit {bucket.capacity:.0f}, "
        f"Used {bucket.capacity - bucket.level:.0f}, Requested {amount:.0f}. Please try again in {duration(wait)}."
    )


def duration(seconds: float) -> str:
    """As OpenAI writes it: `120ms`, `1.5s`, `6m0s`."""
    if seconds < 1:
        return f"{ceil(seconds * 1000)}ms"
    if seconds < MINUTE:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    minutes, rest = divmod(ceil(seconds), 60)
    return f"{minutes}m{rest}s"

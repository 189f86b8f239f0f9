"""What came in, as the service would count it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from resources.devserver.answers import Produced
from resources.devserver.state import State

DAM = "/chat/completions"
"""the route of a local model: nothing is paid there"""


@dataclass(slots=True)
class Entry:
    """One request. `key`: fingerprint, never the key. `outcome`: answered, refusal, length, replayed, rate_limited,
    server_error, bad_request, unauthorized, no_answer. `paid`: an answer was produced, whether the client got it or
    not. `time`: seconds since 1970. `sha256`: of the body. `batch`: id of the batch that it is part of."""

    n: int
    endpoint: str
    time: float
    sha256: str
    key: str = ""
    model: str = ""
    id: str = ""
    status: int = 0
    outcome: str = ""
    paid: bool = False
    fault: str = ""
    tokens: dict[str, int] = field(default_factory=dict)
    idempotency_key: str = ""
    batch: str = ""

    @property
    def request_id(self) -> str:
        """As the client sees it in the header `x-request-id`."""
        return f"req_{self.sha256[:18]}{self.n:06d}"


@dataclass(slots=True)
class Ledger:
    """The log and the counts. Batch requests are counted apart: they have prices of their own."""

    state: State
    number: int = 0
    _requests: Counter[str] = field(default_factory=Counter)
    _outcomes: Counter[str] = field(default_factory=Counter)
    _tokens: dict[str, dict[str, Counter[str]]] = field(default_factory=lambda: {"sync": {}, "batch": {}})
    _paid_bodies: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for facts in self.state.entries():
            self.number = int(facts["n"])
            self._count(Entry(**facts))

    def open(self, endpoint: str, digest: str, *, idempotency_key: str = "", batch: str = "") -> Entry:
        """A new entry; `close` counts it."""
        self.number += 1
        return Entry(
            n=self.number,
            endpoint=endpoint,
            time=time.time(),
            sha256=digest,
            idempotency_key=idempotency_key,
            batch=batch,
        )

    def pay(self, entry: Entry, made: Produced) -> None:
        """An answer was produced for `entry`."""
        entry.paid, entry.id = True, made.id
        entry.tokens = {
            "in": made.tokens_in,
            "cached": made.cached,
            "out": made.tokens_out,
            "reasoning": made.reasoning,
        }
        entry.outcome = "refusal" if made.refusal is not None else "length" if made.cut else "answered"

    def close(self, entry: Entry) -> None:
        """Log and count `entry`, which does not change any more."""
        self.state.put_entry(entry.n, asdict(entry))
        self._count(entry)

    def _count(self, entry: Entry) -> None:
        way = "batch" if entry.batch else "dam" if entry.endpoint == DAM else "sync"
        self._requests[way] += 1
        self._outcomes[entry.outcome] += 1
        if entry.paid:
            counts = self._tokens[way].setdefault(entry.model, Counter())
            counts.update({"calls": 1, **entry.tokens})
            self._paid_bodies[entry.sha256] += 1

    def log(self) -> list[dict[str, Any]]:
        """All entries, oldest first."""
        return list(self.state.entries())

    def count(self) -> Mapping[str, Any]:
        """Totals. `repeated`: paid calls whose body had been paid before."""
        paid = {way: sum(c["calls"] for c in models.values()) for way, models in self._tokens.items()}
        return {
            "requests": {way: self._requests[way] for way in ("sync", "batch", "dam")},
            "paid": paid,
            "repeated": sum(n - 1 for n in self._paid_bodies.values()),
            "outcomes": dict(self._outcomes),
            "tokens": {way: {m: dict(c) for m, c in models.items()} for way, models in self._tokens.items()},
        }


def fingerprint(key: str) -> str:
    """Twelve characters that tell keys apart and do not give them away."""
    return sha256(f"svg2 {key}".encode()).hexdigest()[:12] if key else ""

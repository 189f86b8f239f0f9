"""What is left of the limits of a server's account, in a file that all processes of one machine share.

Beside the journal and not in it: the journal holds its lock while the disk syncs, and what is left of a minute need not
survive a power failure. A process that is killed holds nothing: what it was granted counts as used, its place in the
queue is passed over.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from resources.llm.owners import Owner
from svg2_assets.scene.errors import UnusableBackend

FILE = "limits.sqlite"
BURST = 0.1
"""Share of a minute's limit that may go out at once. The rate is the rest, so no minute ever exceeds the limit."""
SHARE = 0.25
"""Seconds of the rate that a process takes before it is the next one's turn, where several wait."""
_ROUNDING = 1e-6
_GRACE = 2.0  # seconds after its time at which a process that does not come for its share is passed over
_BUSY_SECONDS = 60.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS levels (
    account TEXT NOT NULL, kind TEXT NOT NULL, level REAL NOT NULL, at REAL NOT NULL, PRIMARY KEY (account, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pauses (account TEXT PRIMARY KEY, until REAL NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS queue (
    account TEXT NOT NULL, owner TEXT NOT NULL, since REAL NOT NULL, ready REAL NOT NULL, PRIMARY KEY (account, owner)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Amount:
    """Requests and tokens."""

    requests: float = 0.0
    tokens: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.requests + other.requests, self.tokens + other.tokens)

    def __bool__(self) -> bool:
        return bool(self.requests or self.tokens)


@dataclass(frozen=True, slots=True)
class Limit:
    """`per_minute` as a bucket that holds `BURST` of it and fills with the rest a minute. None: no limit.

    A need larger than the bucket waits until it is full and leaves a debt.
    """

    per_minute: float | None

    @property
    def capacity(self) -> float:
        """Most that is in it."""
        return max(1.0, BURST * (self.per_minute or 0))

    @property
    def rate(self) -> float:
        """What flows in, a second."""
        return (1 - BURST) * (self.per_minute or 0) / 60

    def filled(self, level: float, seconds: float) -> float:
        """The level after `seconds`."""
        return min(self.capacity, level + max(0.0, seconds) * self.rate)

    def wait(self, level: float, need: float) -> float:
        """Seconds until `need` may be taken."""
        missing = min(need, self.capacity) - level
        return 0.0 if self.per_minute is None or missing < _ROUNDING else missing / self.rate


@dataclass(slots=True)
class _Left:
    """What is left now."""

    requests: float
    tokens: float


class SharedLimits:
    """The limits of `account` (server and key variable), as `owner` sees them. Processes may be set to different ones.

    Statements of one thread at a time. Raises `UnusableBackend` where the file cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        account: str,
        owner: Owner,
        *,
        requests: float | None,
        tokens: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._account, self._owner = folder / FILE, account, owner
        self._requests, self._tokens = Limit(requests), Limit(tokens)
        self._clock = clock
        try:
            self._db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
            self._path.chmod(0o600)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def take(self, needs: Sequence[float], *, back: Amount, paused_until: float = 0.0) -> tuple[int, float]:
        """Take for the first of `needs` (tokens of a request each), as far as they may go out now.

        `back`: what was taken and not used, negative where more was used. `paused_until`: until when the server wants
        nothing (by the clock). Returns how many may go out, and after how many seconds to ask for the rest, 0 where
        none is left. Processes take turns: of several that wait each gets `SHARE` seconds' worth, or one request.
        """
        with self._transaction():
            now = self._clock()
            left, paused_until = self._left(now, back), self._paused(now, paused_until)
            ahead, others = self._waiting_ahead(now)
            free = not ahead and paused_until <= now
            if others and free:  # who took less than a share would lose its place for it
                free = self._seconds_for(needs, left, ahead=False) == 0
            count = self._fitting(needs, left, share=others) if free else 0
            left.requests -= count
            left.tokens -= sum(needs[:count])
            self._keep(left, now)
            rest = needs[count:]
            if not rest:
                self._leave()
                return count, 0.0
            ready = max([now, paused_until, *ahead]) + self._seconds_for(rest, left, ahead=bool(ahead))
            self._queue(now, ready, anew=count > 0)
            return count, max(ready - now, 0.001)

    def close(self, back: Amount) -> None:
        """Give `back`, leave the queue, let go of the file."""
        with self._transaction():
            now = self._clock()
            self._keep(self._left(now, back), now)
            self._leave()
        self._db.close()

    def _fitting(self, needs: Sequence[float], left: _Left, *, share: bool) -> int:
        """How many of `needs` may go out; where others wait at most a share."""
        most = self._share() if share else None
        count, tokens = 0, 0.0
        for need in needs:
            over = most is not None and (count + 1 > most.requests or tokens + need > most.tokens)
            if self._wait(left, Amount(count, tokens), need) > 0 or (over and count):
                break
            count, tokens = count + 1, tokens + need
        return count

    def _wait(self, left: _Left, taken: Amount, need: float) -> float:
        return max(
            self._requests.wait(left.requests - taken.requests, 1),
            self._tokens.wait(left.tokens - taken.tokens, need),
        )

    def _share(self) -> Amount:
        return Amount(
            *(max(1.0, SHARE * x.rate) if x.per_minute else float("inf") for x in (self._requests, self._tokens))
        )

    def _seconds_for(self, needs: Sequence[float], left: _Left, *, ahead: bool) -> float:
        """Until the first of `needs` may go out, or a share of them: so that not each costs a look of its own.

        With others `ahead`, who leave nothing, from an empty bucket.
        """
        if not needs:
            return 0.0
        most, levels = self._share(), Amount() if ahead else Amount(left.requests, left.tokens)
        sums = list(accumulate(needs))
        fit = sum(i <= most.requests and tokens <= most.tokens for i, tokens in enumerate(sums, 1))
        goal = max(1, fit)
        return max(self._requests.wait(levels.requests, goal), self._tokens.wait(levels.tokens, sums[goal - 1]))

    def _left(self, now: float, back: Amount) -> _Left:
        levels = []
        for kind, limit, amount in self._kinds(back):
            row = self._one("SELECT level, at FROM levels WHERE account = ? AND kind = ?", (self._account, kind))
            level, at = row if row is not None else (limit.capacity, now)
            # Without a start of the machine between, the clock never runs back.
            levels.append(min(limit.capacity, limit.filled(level, now - at) + amount))
        return _Left(*levels)

    def _keep(self, left: _Left, now: float) -> None:
        for kind, limit, level in self._kinds(Amount(left.requests, left.tokens)):
            if limit.per_minute is not None:
                values = (self._account, kind, level, now)
                self._db.execute("INSERT OR REPLACE INTO levels VALUES (?, ?, ?, ?)", values)

    def _kinds(self, amount: Amount) -> tuple[tuple[str, Limit, float], ...]:
        return ("requests", self._requests, amount.requests), ("tokens", self._tokens, amount.tokens)

    def _paused(self, now: float, until: float) -> float:
        row = self._one("SELECT until, at FROM pauses WHERE account = ?", (self._account,))
        if row is not None and row[1] <= now:
            until = max(until, row[0])
        if until > now and (row is None or row[0] != until):
            self._db.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?, ?)", (self._account, until, now))
        return until

    def _waiting_ahead(self, now: float) -> tuple[list[float], bool]:
        """When those are ready who have waited for longer than this process, and whether any other one waits."""
        rows = self._db.execute("SELECT owner, since, ready FROM queue WHERE account = ?", (self._account,)).fetchall()
        own = next((since for owner, since, _ in rows if owner == self._owner.name), now)
        ahead, others = [], False
        for owner, since, ready in rows:
            if owner == self._owner.name:
                continue
            if since > now or ready + _GRACE < now or not self._owner.is_alive(owner):
                self._db.execute("DELETE FROM queue WHERE account = ? AND owner = ?", (self._account, owner))
                continue
            others = True
            if (since, owner) < (own, self._owner.name):
                ahead.append(ready)
        return ahead, others

    def _queue(self, now: float, ready: float, *, anew: bool) -> None:
        """Stand in the queue, `anew` at its end."""
        if anew:
            self._leave()
        self._db.execute(
            "INSERT INTO queue VALUES (?, ?, ?, ?) ON CONFLICT (account, owner) DO UPDATE SET ready = excluded.ready",
            (self._account, self._owner.name, now, ready),
        )

    def _leave(self) -> None:
        self._db.execute("DELETE FROM queue WHERE account = ? AND owner = ?", (self._account, self._owner.name))

    def _one(self, statement: str, values: Sequence[str]) -> tuple[float, float] | None:
        row: tuple[float, float] | None = self._db.execute(statement, values).fetchone()
        return row

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> UnusableBackend:
        return UnusableBackend(
            f"The limits of calls to models in {self._path} cannot be kept: {error}. Free space, or put the journal on "
            "another local disk with `journal` in SVG2_LLM; the file may be removed while nothing runs."
        )

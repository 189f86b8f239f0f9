"""The journal: what is asked before it is sent, and what comes back before anything is made of it.

One SQLite file, every transaction synced to the disk, shared by any number of processes of one machine. After a crash
at any moment it tells which answers there are and which requests were under way.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from resources.llm.journal_schema import ATTEMPT_COLUMNS, IN_FLIGHT, LATER_COLUMNS, LOST, SCHEMA
from resources.llm.outcomes import Reply
from resources.llm.owners import Owner
from svg2_assets.llm.answer_size import answer_size
from svg2_assets.llm.calls import Call, Outcome, Usage
from svg2_assets.scene.errors import UnusableBackend

FILE = "journal.sqlite"
BATCH_OWNER = "batch:"
"""How the owner of a claim begins that a batch holds, whichever process waits for it."""
_BUSY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that is about to be sent: `at_most` US dollars, for which `call`, and why (`step`). `tokens`: that go
    in by the rules of the model, to be compared with what the server counts. `server`: its name and port.
    """

    key: str
    call: Call
    step: str
    at_most: float
    tokens: int = 0
    transport: str = "sync"
    server: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """The request may go out; `call_id` is its row in the ledger."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Another process (or a batch) has this request under way."""

    owner: str


@dataclass(frozen=True, slots=True)
class OverBudget:
    """There is not enough money left: what is spent or reserved, in US dollars."""

    spent: float


Start = Started | Busy | OverBudget | Reply


@dataclass(frozen=True, slots=True)
class Budget:
    """Most US dollars, counted from the day `since`."""

    most: float | None = None
    since: date | None = None


class Journal:
    """The journal in `folder`, which is made. Methods are statements of one transaction: use them within `transaction`.

    Raises `UnusableBackend` where the file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.owner = Owner(folder)
            self._db = _connected(folder / FILE)
        except (OSError, sqlite3.Error) as error:
            raise _unusable(folder, error) from error
        self._lock = threading.Lock()
        with self.transaction():
            self.sweep()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()
            self.owner.close()

    @contextmanager
    def transaction(self) -> Iterator[Journal]:
        """All statements of the block happen, durably, or none."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise _unusable(self.folder, error) from error

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """One statement, for the parts of the journal that live in other modules."""
        return self._db.execute(statement, values)

    def answer(self, key: str) -> Reply | None:
        """The kept reply to the request `key`."""
        row = self._db.execute(
            "SELECT outcome, text, reason, tokens_in, cached, tokens_out, reasoning FROM answers WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        return Reply(Outcome(row[0]), row[1], Usage(*row[3:]), row[2], kept=True)

    def start(self, intent: Intent, budget: Budget) -> Start:
        """Claim the request and write down that it is about to be sent; or say which answer there is, what hinders."""
        kept = self.answer(intent.key)
        if kept is not None:
            return kept
        holder = self.holder(intent.key)
        if holder is not None and holder != self.owner.name:
            return Busy(holder)
        if budget.most is not None and intent.at_most > 0:
            spent = self.spent(budget.since)
            if spent + intent.at_most > budget.most:
                self.release(intent.key)
                return OverBudget(spent)
        self.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (intent.key, self.owner.name))
        return Started(self.write_intent(intent, self.owner.name))

    def write_intent(self, intent: Intent, owner: str) -> str:
        """A row in the ledger for a request that is about to be sent. Returns its call id."""
        call_id, call = uuid.uuid4().hex, intent.call
        size = answer_size(call)
        row = {
            "call_id": call_id,
            "key": intent.key,
            "step": intent.step,
            "purpose": call.purpose,
            "video_id": call.video_id,
            "phase": call.phase,
            "model": call.model,
            "prompt_version": call.prompt_version,
            "transport": intent.transport,
            "server": intent.server,
            "owner": owner,
            "outcome": IN_FLIGHT,
            "tokens_expected": intent.tokens,
            "answer_expected": size.said,
            "reasoning_expected": size.reasoning,
            "money_unknown": intent.at_most,
            "at": now(),
        }
        names, places = ", ".join(row), ", ".join("?" * len(row))
        self.execute(f"INSERT INTO attempts ({names}) VALUES ({places})", tuple(row.values()))  # noqa: S608 (ours)
        return call_id

    def holder(self, key: str) -> str | None:
        """Who has the request `key` under way; a process that died holds nothing."""
        row = self.execute("SELECT owner FROM claims WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        holder = str(row[0])
        if not holder.startswith(BATCH_OWNER) and not self.owner.is_alive(holder):
            self._bury(holder)
            return None
        return holder

    def finish(self, call_id: str, key: str, reply: Reply, *, money: float, latency: float, done: bool) -> None:
        """Write down what came back; keep it where it is worth it. `done`: the request is not sent again for now."""
        usage = reply.usage
        tokens = (usage.tokens_in, usage.cached, usage.tokens_out, usage.reasoning)
        self.execute(
            "UPDATE attempts SET outcome = ?, reason = ?, tokens_in = ?, tokens_cached = ?, tokens_out = ?, "
            "tokens_reasoning = ?, money = ?, latency = ?, exported = 0, "
            "money_unknown = CASE WHEN ? THEN money_unknown ELSE 0 END WHERE call_id = ?",
            (reply.outcome, reply.reason, *tokens, money, latency, reply.charge_unknown, call_id),
        )
        if reply.kept:
            self.keep(key, reply)
        if reply.replayed:
            self._settle(key)
        if done or reply.kept:
            self.execute("DELETE FROM claims WHERE key = ?", (key,))

    def keep(self, key: str, reply: Reply) -> None:
        """Put `reply` into the response cache."""
        usage = reply.usage
        values = (key, reply.outcome, reply.text, reply.reason, usage.tokens_in, usage.cached, usage.tokens_out)
        statement = "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self.execute(statement, (*values, usage.reasoning, now()))

    def release(self, key: str) -> None:
        """Give up the claim of this process on the request `key`."""
        self.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self.owner.name))

    def lose(self, call_id: str, key: str) -> None:
        """The request was given up while it was under way: what it cost is not known."""
        self.execute("UPDATE attempts SET outcome = ?, exported = 0 WHERE call_id = ?", (LOST, call_id))
        self.release(key)

    def sweep(self) -> None:
        """Find the requests that were under way in processes that are no more."""
        owners = self.execute("SELECT DISTINCT owner FROM attempts WHERE outcome = 'in_flight'").fetchall()
        owners += self.execute("SELECT DISTINCT owner FROM claims").fetchall()
        for (name,) in set(owners):
            if not name.startswith(BATCH_OWNER) and not self.owner.is_alive(name):
                self._bury(name)

    def spent(self, since: date | None = None) -> float:
        """US dollars spent, reserved or possibly charged, from the day `since` on."""
        first = since.isoformat() if since is not None else ""
        return float(self.execute("SELECT TOTAL(money) FROM spending WHERE day >= ?", (first,)).fetchone()[0])

    def rows(self, *, settled: bool = False) -> list[dict[str, Any]]:
        """Rows of the ledger that the store does not have yet; with `settled` without those that are under way."""
        columns = ", ".join(ATTEMPT_COLUMNS)
        where = "exported = 0" + (f" AND outcome != '{IN_FLIGHT}'" if settled else "")
        found = self.execute(f"SELECT {columns} FROM attempts WHERE {where}").fetchall()  # noqa: S608 (names of ours)
        return [dict(zip(ATTEMPT_COLUMNS, row, strict=True)) for row in found]

    def exported(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """The store has `rows`; one that changed since is still to be exported."""
        self._db.executemany(
            "UPDATE attempts SET exported = 1 WHERE call_id = ? AND outcome = ? AND money_unknown = ?",
            [(row["call_id"], row["outcome"], row["money_unknown"]) for row in rows],
        )

    def _bury(self, owner: str) -> None:
        self.execute(
            "UPDATE attempts SET outcome = ?, reason = ?, exported = 0 WHERE owner = ? AND outcome = 'in_flight'",
            (LOST, "the process ended while the request was under way", owner),
        )
        self.execute("DELETE FROM claims WHERE owner = ?", (owner,))

    def _settle(self, key: str) -> None:
        """The server gave again what it had charged for: attempts whose charge was unknown are in that row."""
        self.execute(
            "UPDATE attempts SET money_unknown = 0, exported = 0 WHERE key = ? AND money_unknown > 0 "
            "AND outcome != 'in_flight'",
            (key,),
        )


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Ledger rows of the journal in `folder` that the store does not have yet; none where there is no journal.

    Opens nothing for writing but to mark requests of processes that died.
    """
    if not (folder / FILE).exists():
        return []
    journal = Journal(folder)
    try:
        with journal.transaction():
            return journal.rows()
    finally:
        journal.close()


def now() -> str:
    """The present time, UTC, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    # FULL: in WAL mode, NORMAL may lose the last transactions when the power fails.
    db.execute("PRAGMA synchronous = FULL")
    db.executescript(SCHEMA)
    _add_later_columns(db)
    path.chmod(0o600)
    return db


def _add_later_columns(db: sqlite3.Connection) -> None:
    if not _missing_columns(db):
        return
    db.execute("BEGIN IMMEDIATE")  # two processes may open the same journal at once
    for name, kind in _missing_columns(db):
        db.execute(f"ALTER TABLE attempts ADD COLUMN {name} {kind}")
    db.execute("COMMIT")


def _missing_columns(db: sqlite3.Connection) -> list[tuple[str, str]]:
    known = {row[1] for row in db.execute("PRAGMA table_info(attempts)")}
    return [(name, kind) for name, kind in LATER_COLUMNS if name not in known]


def _unusable(folder: Path, error: Exception) -> UnusableBackend:
    return UnusableBackend(
        f"The journal of calls to models in {folder} cannot be used: {error}. Free space, or put it on another local "
        "disk with `journal` in SVG2_LLM; nothing is sent without it."
    )

"""`LlmGateway`: asks models, and keeps and pays for what they say."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from resources.llm.batch import BatchTransport
from resources.llm.commits import Commits
from resources.llm.journal import Journal
from resources.llm.ledger import LedgerExport
from resources.llm.limits import SharedLimits
from resources.llm.pacing import Pace
from resources.llm.settings import GatewaySettings, Transport
from resources.llm.synchronous import Connection, NeedsBatch, Prices, SyncTransport
from svg2_assets.llm.calls import Answer, Call, Outcome
from svg2_assets.scene.errors import UnusableBackend

if TYPE_CHECKING:
    from resources.store.store import SceneGraphStore

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Connected:
    """A connection and what uses it."""

    connection: Connection
    pace: Pace
    sync: SyncTransport
    batch: BatchTransport


class LlmGateway:
    """The `Gateway` of one server, with a journal and, where `store` is given, the ledger in the store.

    Runs three threads whatever the number of calls: an event loop, the journal's disk writes, host names and limits.
    Use it from any thread; `close` it, or leave a `with` block, to bring the rest of the ledger into the store.
    """

    def __init__(self, settings: GatewaySettings, *, store: Callable[[], SceneGraphStore] | None = None) -> None:
        self.settings = settings
        self._transport: Transport = settings.transport
        self.journal = Journal(settings.journal)
        self._ledger = LedgerExport(self.journal, store, calls=settings.ledger_calls) if store is not None else None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="llm-journal")
        self._loop = asyncio.new_event_loop()
        # Host names are resolved in the loop's own pool, by default one of many threads; limits are kept there, too.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="llm-pool")
        self._loop.set_default_executor(self._pool)
        self._thread = threading.Thread(target=self._loop.run_forever, name="llm-gateway", daemon=True)
        self._thread.start()
        self._lock = threading.Lock()
        self._transports: _Connected | None = None
        self._refused_key = ""

    def __enter__(self) -> LlmGateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Raise `UnusableBackend` when no call can work: the key is missing, or the server refused it before."""
        if self.settings.key() and self.settings.key() == self._refused_key:
            raise UnusableBackend(self._refusal())

    def check_server(self) -> None:
        """As `check`, and ask the server, which costs nothing. Raises `UnusableBackend` when it refuses the key or
        cannot be reached.
        """
        self.check()
        refused = self._run(self._connected().connection.refusal())
        if refused is Outcome.AUTH:
            self._refused_key = self.settings.key()
            raise UnusableBackend(self._refusal())
        if refused is not None:
            raise UnusableBackend(
                f"{self.settings.host} does not answer. Check the network and base_url in SVG2_LLM, and run again."
            )

    def ask(self, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """One answer a call, in order. Raises `UnusableBackend` for a key that is missing or refused."""
        if not calls:
            return ()
        self.check()
        answers = self._answered(tuple(calls))
        return self._paid(answers)

    def _paid(self, answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
        """`answers`, their rows on the way into the store. Raises `UnusableBackend` where the key was refused."""
        if self._ledger is not None:
            self._ledger.flush_if_many()
        if any(answer.outcome is Outcome.AUTH for answer in answers):
            self._refused_key = self.settings.key()
            raise UnusableBackend(self._refusal())
        return answers

    def prefetch(self, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """Answer `calls` by the Batch API whatever the transport is, so that `ask` finds them in the cache later.

        Returns when the batches have ended, up to a day later; after an interruption the same calls go on waiting.
        """
        if not calls:
            return ()
        self.check()
        return self._paid(self._run(self._connected().batch.answer(tuple(calls))))

    def choose(self, transport: Transport) -> None:
        """Ask by `transport` from now on, whatever the settings say. What a batch has under way is waited for."""
        self._transport = transport

    def flush(self) -> int:
        """Bring the ledger into the store; returns how many rows. Without a store they stay in the journal."""
        return 0 if self._ledger is None else self._ledger.flush()

    def close(self) -> None:
        """Bring the ledger into the store, close connections, end both threads."""
        if self._loop.is_closed():
            return
        self.flush()
        if self._transports is not None:
            with suppress(Exception):
                self._run(self._transports.pace.close())
            with suppress(Exception):
                self._run(self._transports.connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._pool.shutdown()
        self._loop.close()
        self._disk.shutdown()
        self.journal.close()

    def _answered(self, calls: tuple[Call, ...]) -> tuple[Answer, ...]:
        connected = self._connected()
        if self._transport == "batch":
            return self._run(connected.batch.answer(calls))
        while True:
            try:
                return self._run(connected.sync.answer(calls))
            except NeedsBatch as needed:
                # What an earlier run put into a batch is paid there; the wait may be long, a second payment is worse.
                self._run(connected.batch.finish({needed.plan_id}))

    def _connected(self) -> _Connected:
        with self._lock:
            if self._transports is None:
                self._transports = self._run(self._connect())
            return self._transports

    async def _connect(self) -> _Connected:
        connection, commits, prices = (
            Connection(self.settings),
            Commits(self.journal, self._disk),
            Prices(self.settings),
        )
        pace = Pace(self._limits())
        sync = SyncTransport(self.settings, connection, commits, prices, pace=pace)
        return _Connected(connection, pace, sync, BatchTransport(self.settings, connection, commits, prices))

    def _limits(self) -> SharedLimits | None:
        """The limits of the account, with all processes that use this journal; None where there are none."""
        requests, tokens = self.settings.requests_per_minute, self.settings.tokens_per_minute
        if requests is None and tokens is None:
            return None
        account = f"{self.settings.base_url} {self.settings.key_variable}"
        return SharedLimits(self.journal.folder, account, self.journal.owner, requests=requests, tokens=tokens)

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # a keyboard interrupt: what is under way is written down as lost
            raise

    def _refusal(self) -> str:
        return (
            f"{self.settings.host} does not accept the key in {self.settings.key_variable or 'no variable'}: it is "
            f"wrong, revoked, or lacks the right. Put a valid key into {self.settings.key_variable or 'a variable'} "
            "and run again; what is answered so far is kept."
        )

"""The ledger on its way from the journal into the store's table `llm_calls`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from resources.llm.journal import Journal
from resources.store.errors import StoreError
from resources.store.store import SceneGraphStore

_LOG = logging.getLogger(__name__)


class LedgerExport:
    """Copies rows that the store lacks, many at once, by call id: doing it twice changes nothing.

    The journal keeps them too, so a crash between the two loses nothing and the next copy catches up.
    """

    def __init__(self, journal: Journal, store: Callable[[], SceneGraphStore], *, calls: int) -> None:
        self._journal, self._store, self._calls = journal, store, calls
        self._lock = threading.Lock()

    def flush(self, *, least: int = 1) -> int:
        """Copy what waits if that is at least `least` rows; returns how many. A store out of reach costs a warning."""
        with self._lock:
            with self._journal.transaction() as journal:
                rows = journal.rows(settled=True)
            if len(rows) < least:
                return 0
            try:
                self._store().upsert("llm_calls", store_rows(rows))
            except StoreError as error:
                _LOG.warning("%d calls stay in the journal, the store cannot be written: %s", len(rows), error)
                return 0
            with self._journal.transaction() as journal:
                journal.exported(rows)
            return len(rows)

    def flush_if_many(self) -> None:
        """Copy when many wait: each copy is a version of the table."""
        self.flush(least=self._calls)


def store_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the journal as `llm_calls` takes them."""
    return [{**row, "at": datetime.fromisoformat(row["at"])} for row in rows]

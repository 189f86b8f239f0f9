"""Engines of SQLite files that stay open between statements."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from sqlalchemy import Engine, create_engine, event

MOST_ENGINES = 8  # files of runs that stay open: a run writes one, its readers a few
BUSY_SECONDS = 20  # how long a writer waits for another process's transaction


class Engines:
    """One engine a file, the least recently used closed first. Safe to use from several threads."""

    def __init__(self, most: int = MOST_ENGINES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Engine] = OrderedDict()

    def of(self, connection: str) -> Engine:
        """The engine for the SQLAlchemy URL `connection`."""
        with self._lock:
            engine = self._kept.pop(connection, None) or _engine(connection)
            self._kept[connection] = engine
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)[1].dispose()
            return engine

    def close(self) -> None:
        """Close all of them; those that are in use close when they are given back."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].dispose()


def _engine(connection: str) -> Engine:
    engine = create_engine(connection, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    """Beside a write-ahead log the file stays whole through any crash; only a power cut can lose the last events."""
    connection.execute("PRAGMA synchronous=NORMAL")

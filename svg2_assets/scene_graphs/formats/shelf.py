"""Text by key, on disk: what a reader must remember of a release without holding it in memory."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

_CACHE_KIB = 4096
_PAGE = 256


class Shelf:
    """A context manager over a temporary file, gone afterwards. Keys and values are any text, read in order of key."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="svg2-shelf-")
        path = Path(self._folder.name) / "shelf.sqlite"
        # A generator may be read on another thread than the one that made it, but never on two at once.
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", f"cache_size=-{_CACHE_KIB}"):
            self._base.execute(f"PRAGMA {setting}")
        self._base.execute("CREATE TABLE shelf (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        self._base.execute("BEGIN")  # never committed: pages go to the file when the cache is full

    def __enter__(self) -> Shelf:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()
        self._folder.cleanup()

    def put(self, key: str, value: str = "") -> bool:
        """Keep `value` under `key`; False, and nothing changes, where the key is there."""
        done = self._base.execute("INSERT OR IGNORE INTO shelf VALUES (?, ?)", (_bytes(key), _bytes(value)))
        return done.rowcount == 1

    def get(self, key: str) -> str | None:
        """The value under `key`."""
        found = self._base.execute("SELECT value FROM shelf WHERE key = ?", (_bytes(key),)).fetchone()
        return None if found is None else _text(found[0])

    def take(self, key: str) -> str | None:
        """The value under `key`, which is gone afterwards."""
        found = self.get(key)
        if found is not None:
            self._base.execute("DELETE FROM shelf WHERE key = ?", (_bytes(key),))
        return found

    def items(self) -> Iterator[tuple[str, str]]:
        """Keys and values in order of their keys' UTF-8."""
        last = None
        while True:
            after, given = ("", ()) if last is None else ("WHERE key > ?", (last,))
            query = f"SELECT key, value FROM shelf {after} ORDER BY key LIMIT {_PAGE}"  # noqa: S608 - no text of others
            rows = self._base.execute(query, given).fetchall()
            yield from ((_text(key), _text(value)) for key, value in rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # names of files may hold surrogates


def _text(data: bytes) -> str:
    return data.decode(errors="surrogatepass")

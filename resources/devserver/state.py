"""What outlives a request: files, batches, the log and stored answers, in SQLite; in memory unless a file is named."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from resources.devserver.errors import not_found
from svg2_assets.scene.errors import Svg2Error

_TABLES = """
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, at INTEGER, facts TEXT, content BLOB);
CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, at INTEGER, facts TEXT);
CREATE TABLE IF NOT EXISTS results (batch TEXT, line INTEGER, ok INTEGER, text TEXT, PRIMARY KEY (batch, line));
CREATE TABLE IF NOT EXISTS entries (n INTEGER PRIMARY KEY, facts TEXT);
CREATE TABLE IF NOT EXISTS replies (key TEXT, idempotency TEXT, sha TEXT, status INTEGER, headers TEXT, body BLOB,
  PRIMARY KEY (key, idempotency));
"""


class StateError(Svg2Error):
    """The file of the state cannot be used."""


class State:
    """Every write is on its way to the disk when it returns: a server that is killed and started again on the same file
    goes on where it was."""

    def __init__(self, path: Path | None = None) -> None:
        try:
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=OFF")  # a killed process loses nothing; a machine without power may
            self._db.executescript(_TABLES)
        except sqlite3.Error as error:
            raise StateError(f"{path}: cannot hold the server's state ({error}). Name another file.") from error

    def put_file(self, facts: Mapping[str, Any], content: bytes) -> None:
        """Keep a file under `facts["id"]`."""
        row = (facts["id"], facts["created_at"], json.dumps(facts), content)
        self._db.execute("INSERT INTO files VALUES (?, ?, ?, ?)", row)

    def file(self, name: str) -> dict[str, Any]:
        """The facts of a file; raises `ApiError` (404)."""
        return self._one("files", "file", name)

    def content(self, name: str) -> bytes:
        """The bytes of a file; raises `ApiError` (404)."""
        row = self._db.execute("SELECT content FROM files WHERE id = ?", (name,)).fetchone()
        if row is None:
            raise not_found("file", name)
        return bytes(row[0])

    def delete_file(self, name: str) -> None:
        """Forget a file; raises `ApiError` (404)."""
        self.file(name)
        self._db.execute("DELETE FROM files WHERE id = ?", (name,))

    def files(self) -> list[dict[str, Any]]:
        """The facts of all files, newest first."""
        return self._all("files")

    def put_batch(self, facts: Mapping[str, Any]) -> None:
        """Keep a batch under `facts["id"]`, in the place of what was there."""
        row = (facts["id"], facts["created_at"], json.dumps(facts))
        self._db.execute("INSERT INTO batches VALUES (?, ?, ?) ON CONFLICT(id) DO UPDATE SET facts=excluded.facts", row)

    def batch(self, name: str) -> dict[str, Any]:
        """A batch; raises `ApiError` (404)."""
        return self._one("batches", "batch", name)

    def batches(self) -> list[dict[str, Any]]:
        """All batches, newest first."""
        return self._all("batches")

    def put_result(self, batch: str, line: int, *, ok: bool, text: str) -> None:
        """Keep the line of the output (`ok`) or error file that a line of the input came to."""
        self._db.execute("INSERT INTO results VALUES (?, ?, ?, ?)", (batch, line, ok, text))

    def results(self, batch: str) -> Iterator[tuple[int, bool, str]]:
        """Line of the input, whether it succeeded, and line of the output."""
        query = "SELECT line, ok, text FROM results WHERE batch = ? ORDER BY line"
        with closing(self._db.execute(query, (batch,))) as rows:
            for line, ok, text in rows:
                yield line, bool(ok), text

    def put_entry(self, n: int, facts: Mapping[str, Any]) -> None:
        """Append to the log."""
        self._db.execute("INSERT INTO entries VALUES (?, ?)", (n, json.dumps(facts)))

    def entries(self) -> Iterator[dict[str, Any]]:
        """The log, in the order in which requests came."""
        with closing(self._db.execute("SELECT facts FROM entries ORDER BY n")) as rows:
            for (facts,) in rows:
                yield json.loads(facts)

    def put_reply(
        self, key: str, idempotency: str, *, sha: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Keep an answer for whoever asks again with the same Idempotency-Key."""
        row = (key, idempotency, sha, status, json.dumps(dict(headers)), body)
        self._db.execute("INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?)", row)

    def reply(self, key: str, idempotency: str) -> tuple[str, int, dict[str, str], bytes] | None:
        """sha256 of the request, status, headers and body of a kept answer."""
        query = "SELECT sha, status, headers, body FROM replies WHERE key = ? AND idempotency = ?"
        row = self._db.execute(query, (key, idempotency)).fetchone()
        return None if row is None else (row[0], row[1], json.loads(row[2]), bytes(row[3]))

    def _one(self, table: str, what: str, name: str) -> dict[str, Any]:
        row = self._db.execute(f"SELECT facts FROM {table} WHERE id = ?", (name,)).fetchone()  # noqa: S608 - our names
        if row is None:
            raise not_found(what, name)
        return dict(json.loads(row[0]))

    def _all(self, table: str) -> list[dict[str, Any]]:
        rows = self._db.execute(f"SELECT facts FROM {table} ORDER BY at DESC, rowid DESC")  # noqa: S608 - our names
        return [json.loads(r[0]) for r in rows]

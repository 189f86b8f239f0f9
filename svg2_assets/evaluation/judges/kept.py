"""Judgements on disk: a pair is paid once, whatever is scored later."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

from svg2_assets.evaluation.judges.cached import Asked
from svg2_assets.evaluation.judges.likeness import Kind, Likeness
from svg2_assets.scene.errors import Svg2Error, printable

FILE = "judgements.sqlite"
_READ = (
    "SELECT likeness FROM judgements WHERE judge = ? AND version = ? AND kind = ? AND reference = ? AND prediction = ?"
)
_FORGET = "DELETE FROM judgements WHERE judge = ? AND version = ? AND kind = ? AND reference = ? AND prediction = ?"
_WAIT = 30.0  # seconds for another process that writes


class UnusableJudgements(Svg2Error):
    """The file of judgements cannot be opened, or is none."""


class KeptJudgements(MutableMapping[Asked, Likeness]):
    """A store for `Cached` in the SQLite file at `path`, which several processes of a machine may use at once.

    The key names judge and version, which names model and prompt: other ones never mix. Raises `UnusableJudgements`.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute(
                "CREATE TABLE IF NOT EXISTS judgements (judge TEXT, version TEXT, kind TEXT, reference TEXT, "
                "prediction TEXT, likeness TEXT NOT NULL, PRIMARY KEY (judge, version, kind, reference, prediction)) "
                "WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as error:
            raise UnusableJudgements(
                f"{printable(str(path))}: cannot hold judgements ({error}). Give another folder, or remove the file: "
                "what it held is asked again."
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def __getitem__(self, asked: Asked) -> Likeness:
        with closing(self._base.execute(_READ, _texts(asked))) as found:
            row = found.fetchone()
        if row is None:
            raise KeyError(asked)
        return Likeness(row[0])

    def __setitem__(self, asked: Asked, likeness: Likeness) -> None:
        self.update({asked: likeness})

    def __delitem__(self, asked: Asked) -> None:
        if not self._base.execute(_FORGET, _texts(asked)).rowcount:
            raise KeyError(asked)

    def __iter__(self) -> Iterator[Asked]:
        for name, version, kind, reference, prediction in self._base.execute(
            "SELECT judge, version, kind, reference, prediction FROM judgements"
        ):
            yield name, version, Kind(kind), reference, prediction

    def __len__(self) -> int:
        return int(self._base.execute("SELECT count(*) FROM judgements").fetchone()[0])

    def update(self, other: Any = (), /, **_: Any) -> None:
        """All in one transaction: the whole batch is kept, or none of it."""
        pairs = other.items() if isinstance(other, Mapping) else other
        rows = [(*_texts(asked), likeness.value) for asked, likeness in pairs]
        self._base.execute("BEGIN IMMEDIATE")
        try:
            self._base.executemany("INSERT OR REPLACE INTO judgements VALUES (?, ?, ?, ?, ?, ?)", rows)
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")


def _texts(asked: Asked) -> tuple[str, ...]:
    # Labels may hold lone surrogates, which are no text to SQLite.
    return tuple(str(part).encode("utf-8", "backslashreplace").decode() for part in asked)

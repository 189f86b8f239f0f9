"""Dagster's SQLite storage, minus a new engine and a closed write-ahead log for every statement.

Dagster 1.13 makes an SQLAlchemy engine for each connection. So no statement is found compiled, and each closes the last
connection of its file, at which SQLite writes the log back into it. A run of one video stores some hundred events.
Files and tables are Dagster's own: either storage reads what the other wrote.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection

from resources.dagster_storage.engines import Engines


class KeptEventLog(SqliteEventLogStorage):
    """The event log, its files kept open."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines = Engines()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            # A file that was deleted with its run must not be written to through an old handle.
            if not Path(self.path_for_shard(shard)).exists():
                self._engines.close()
                self._initialized_dbs.discard(shard)
            engine = self._engines.of(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def dispose(self) -> None:
        """Stop watching, close all files."""
        super().dispose()
        self._engines.close()


class KeptRuns(SqliteRunStorage):
    """The table of runs, its file kept open."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines = Engines(most=1)
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection in a transaction of its own."""
        with self._engines.of(self._conn_string).connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        """Close the file."""
        self._engines.close()


class LocalStorage(DagsterSqliteStorage):
    """All of Dagster's storage under one folder: `$DAGSTER_HOME` unless `base_dir` says otherwise, as Dagster's own."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        # Past the parent's own initialiser, which would open its three storages beside these.
        super(DagsterSqliteStorage, self).__init__()  # type: ignore[no-untyped-call]
        self.base_dir, self._inst_data = base_dir, inst_data
        base = Path(base_dir)
        self._run_storage = KeptRuns.from_local(str(base / "history"))
        self._event_log_storage = KeptEventLog(str(base / "history" / "runs"))
        self._schedule_storage = SqliteScheduleStorage.from_local(str(base / "schedules"))

    @classmethod
    def config_type(cls) -> Any:
        """`base_dir`, which may be left out."""
        return {"base_dir": dg.Field(dg.StringSource, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> LocalStorage:
        """Made from `dagster.yaml`. Raises `DagsterInvariantViolationError` where neither names a folder."""
        base_dir = config_value.get("base_dir") or os.environ.get("DAGSTER_HOME")
        if not base_dir:
            raise dg.DagsterInvariantViolationError("set DAGSTER_HOME, or base_dir under storage in dagster.yaml")
        return cls.from_local(base_dir, inst_data)

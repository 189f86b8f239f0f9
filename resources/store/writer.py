"""Writes finished videos in few commits, so that no state ever claims rows that are not there."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from resources.store.errors import InvalidRows, StoreError
from resources.store.rows import Rows, arrow_rows, refuse_outside
from resources.store.schemas import KEYED_TABLES, PROVENANCE, STAGED_TABLES, STATUS_DONE, STATUS_FAILED, TABLES

if TYPE_CHECKING:
    from resources.store.store import SceneGraphStore

_LOG = logging.getLogger(__name__)

FLUSH_BYTES = 64 << 20
"""Rows held at most before they are written, in bytes: masks of long videos are large."""

INTERRUPTED = "the run ended while these rows were being replaced"


def _staged(table: str, stage: str | None) -> dict[str, str | None]:
    return {"stage": stage} if table in STAGED_TABLES else {}


@dataclass(frozen=True)
class _Finished:
    """One `put`: a video's rows of one phase and the state they lead to."""

    video_id: str
    stage: str | None
    tables: dict[str, pa.Table]
    state: dict[str, Any]

    @property
    def size(self) -> int:
        return sum(data.nbytes for data in self.tables.values())

    @property
    def replaces(self) -> bool:
        return any(name not in KEYED_TABLES for name in self.tables)


class StoreWriter:
    """Buffers finished videos and writes them together: rows table by table, then their states.

    A flush happens at `flush_videos` puts, at 64 MB, `flush_seconds` after the first unwritten put (from a timer
    thread), and at the end, also when the block raises: finished videos are kept. Its statements are one commit each:

    1. states that claim `done` for rows about to be replaced become `failed` (only in a re-run),
    2. ledgers (`llm_calls`, `failures`, `videos`) by key,
    3. rows, one scoped replace per table for all videos together,
    4. the new states.

    So a crash anywhere leaves, per table, the old rows or the new, and a state that claims no more than there is.
    """

    def __init__(self, store: SceneGraphStore, *, run_id: str, flush_videos: int, flush_seconds: float) -> None:
        self._store, self._run_id = store, run_id
        self._flush_videos, self._flush_seconds = flush_videos, flush_seconds
        self._lock = threading.RLock()
        self._finished: list[_Finished] = []
        self._timer: threading.Timer | None = None

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.flush()
        except StoreError as failed:
            if error is None:
                raise
            error.add_note(f"{len(self._finished)} finished videos could not be written: {failed}")

    def put(
        self, video_id: str, tables: Mapping[str, Rows], state: Mapping[str, Any], stage: str | None = None
    ) -> None:
        """Take over one video's rows of one phase and its state.

        `tables` maps table to rows (an empty list: this video has none now); `stage` applies to staged tables.
        `state` needs `phase` and `status`; `attempts`, `rows`, `run_id` and `updated_at` are filled in. Rows take over
        the state's provenance columns, the run id and the time where they leave them out. Raises `InvalidRows` at once,
        naming the video, when rows do not fit; videos put before are not affected.
        """
        finished = self._checked(video_id, tables, dict(state), stage)
        with self._lock:
            if self._meets_itself(finished):
                self.flush()
            self._finished.append(finished)
            full = len(self._finished) >= self._flush_videos or sum(f.size for f in self._finished) >= FLUSH_BYTES
            if full:
                self.flush()
            elif self._timer is None:
                self._start_timer()

    def flush(self) -> None:
        """Write what is buffered. On failure it stays buffered and the next flush tries again."""
        with self._lock:
            self._stop_timer()
            if not self._finished:
                return
            earlier = self._earlier_states()
            self._withdraw(earlier)
            self._write_ledgers()
            self._write_rows()
            self._write_states(earlier)
            self._finished.clear()

    def _checked(
        self, video_id: str, tables: Mapping[str, Rows], state: dict[str, Any], stage: str | None
    ) -> _Finished:
        now = datetime.now(UTC)
        defaults = {name: state.get(name) for name in PROVENANCE} | {"run_id": self._run_id, "created_at": now}
        defaults |= {"video_id": video_id, "stage": stage, "phase": state.get("phase"), "at": now}
        try:
            arrow = {name: arrow_rows(name, rows, defaults=defaults) for name, rows in tables.items()}
            for name, data in arrow.items():
                refuse_outside(name, data, video_ids=[video_id], within=_staged(name, stage))
            count = sum(data.num_rows for name, data in arrow.items() if name not in KEYED_TABLES)
            state = {"rows": count, "run_id": self._run_id, "updated_at": now} | state | {"video_id": video_id}
            arrow_rows("phase_state", [state])
        except InvalidRows as error:
            raise InvalidRows(f"{video_id}: {state.get('phase')}: {error}") from error
        ordered = {name: arrow[name] for name in TABLES if name in arrow}
        return _Finished(video_id, stage, ordered, state)

    def _meets_itself(self, new: _Finished) -> bool:
        """Whether a buffered put writes the same state or the same scope of a table as `new`."""
        return any(
            old.video_id == new.video_id
            and (
                old.state["phase"] == new.state["phase"] or (old.stage == new.stage and old.tables.keys() & new.tables)
            )
            for old in self._finished
        )

    def _earlier_states(self) -> dict[tuple[str, str], dict[str, Any]]:
        phases = sorted({finished.state["phase"] for finished in self._finished})
        ids = [finished.video_id for finished in self._finished]
        states = self._store.read("phase_state", video_ids=ids, where={"phase": phases})
        return {(row["video_id"], row["phase"]): row for row in states.to_dicts()}

    def _withdraw(self, earlier: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        keys = {(finished.video_id, finished.state["phase"]) for finished in self._finished if finished.replaces}
        withdrawn = {"status": STATUS_FAILED, "gate": "closed", "output_version": None, "error": INTERRUPTED}
        claims = [row for key, row in earlier.items() if key in keys and row["status"] == STATUS_DONE]
        self._store.upsert("phase_state", [{**row, **withdrawn} for row in claims])

    def _write_ledgers(self) -> None:
        for table in KEYED_TABLES:
            parts = [finished.tables[table] for finished in self._finished if table in finished.tables]
            if parts:
                self._store.upsert(table, pa.concat_tables(parts))

    def _write_rows(self) -> None:
        scopes = dict.fromkeys(
            (table, finished.stage if table in STAGED_TABLES else None)
            for finished in self._finished
            for table in finished.tables
            if table not in KEYED_TABLES
        )
        for table, stage in scopes:
            members = [f for f in self._finished if table in f.tables and (stage is None or f.stage == stage)]
            rows = pa.concat_tables([finished.tables[table] for finished in members])
            self._store.replace(table, rows, video_ids=[finished.video_id for finished in members], stage=stage)

    def _write_states(self, earlier: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        states = []
        for finished in self._finished:
            before = earlier.get((finished.video_id, finished.state["phase"]), {})
            states.append({"attempts": (before.get("attempts") or 0) + 1} | finished.state)
        self._store.upsert("phase_state", states)

    def _start_timer(self) -> None:
        self._timer = threading.Timer(self._flush_seconds, self._flush_late)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush_late(self) -> None:
        try:
            self.flush()
        except StoreError as error:
            # The videos stay buffered: the next put or the end of the block tries again, and raises.
            _LOG.warning("late flush failed, will try again: %s", error)

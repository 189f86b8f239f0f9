"""Training samples from the scene graphs of a store: which videos are new, changed or gone, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import polars as pl

from svg2_assets.catalog.lookup import CatalogEntry, entries, states
from svg2_assets.phases import State, digest
from svg2_assets.scene.errors import PhaseError, VideoError
from svg2_assets.scene.video import FrameSource
from svg2_assets.traser.samples.build import build
from svg2_assets.traser.samples.counting import Counts
from svg2_assets.traser.samples.publishing import Published, publish_samples
from svg2_assets.traser.samples.reading import read_draft
from svg2_assets.traser.samples.rows import TABLE, to_row
from svg2_assets.traser.samples.settings import BuildSettings
from svg2_assets.traser.sampling import frames_of

CODE_VERSION = "1"
"""To be raised whenever the same graph and settings give another sample."""
LAST_PHASE = "scene_graphs"
PREFIX = "traser-"
"""How tags of training data begin where nobody names them."""

Open = Callable[[str], FrameSource]
"""Video id -> its frames."""
Heard = Callable[[str, int, int], None]
"""The video that is worked on, how many were done, how many there are."""


class SampleStore(Protocol):
    """The store as collecting uses it."""

    def read(
        self,
        table: str,
        *,
        video_ids: Iterable[str] | None = None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> pl.DataFrame:
        """Rows of a table."""
        ...

    def replace(self, table: str, rows: Sequence[Mapping[str, Any]], *, video_ids: Iterable[str]) -> Any:
        """Make `rows` the only ones of these videos, in one commit."""
        ...


class TaggedStore(SampleStore, Protocol):
    """The store as publishing uses it."""

    def count(self, table: str) -> int:
        """How many rows a table has."""
        ...

    def tag(self, name: str) -> dict[str, int]:
        """Keep the present version of every table under `name`."""
        ...

    def tags(self) -> dict[str, dict[str, int]]:
        """Tag to table to version."""
        ...

    def at_tag(self, name: str) -> TaggedStore:
        """The store as it was."""
        ...


@dataclass(frozen=True, slots=True)
class Collected:
    """How many samples were `written`, how many were up to date (`kept`), whose were taken away (`gone`), why others
    are none (`blocked`, by video: its graph is not to be used; `failed`: it could not be read), and what filters did.
    """

    written: int = 0
    kept: int = 0
    gone: tuple[str, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    @property
    def totals(self) -> str:
        """One line."""
        return (
            f"{self.written} samples written, {self.kept} up to date, {len(self.gone)} taken away, "
            f"{len(self.blocked)} videos blocked, {len(self.failed)} failed"
        )

    def summary(self) -> str:
        """One line, and what filters took away."""
        filters = ", ".join(f"{what}: {why} {count}" for what, why, count in self.counts.rows())
        return self.totals + (f" ({filters})" if filters else "")


def collect(
    store: SampleStore,
    settings: BuildSettings | None = None,
    *,
    open_video: Open,
    run_id: str = "",
    commit: int = 16,
    heard: Heard = lambda *_: None,
) -> Collected:
    """Bring the samples of `settings.dataset` up to date with the scene graphs whose checks passed.

    What one video's failure costs is its sample alone; what it had before stays.
    """
    how = settings or BuildSettings()
    catalog = {v: e for v, e in entries(store).items() if e.superseded_by is None}
    usable, blocked = _usable(catalog, states(store, list(catalog)))
    version = digest(how.to_json(), CODE_VERSION)
    known = store.read(
        TABLE, columns=("video_id", "input_version", "config_hash"), where={"dataset": how.dataset}
    ).rows_by_key("video_id", unique=True)
    wanted = [v for v, s in usable.items() if known.get(v) != (s.output_version, version)]
    gone = tuple(sorted(set(known) - set(usable)))
    if gone:
        store.replace(TABLE, [], video_ids=gone)
    failed: dict[str, str] = {}
    counts, written = Counts(), 0
    for begin in range(0, len(wanted), commit):
        rows: list[dict[str, Any]] = []
        done: list[str] = []
        for number, video_id in enumerate(wanted[begin : begin + commit], begin):
            heard(catalog[video_id].uri, number, len(wanted))
            made = {"input_version": usable[video_id].output_version, "config_hash": version, "run_id": run_id}
            try:
                row, found = _row(store, video_id, how, open_video=open_video)
            except (VideoError, PhaseError) as error:
                failed[video_id] = str(error)
                continue
            counts += found
            done.append(video_id)
            rows += [] if row is None else [row | made | {"code_version": CODE_VERSION, "created_at": _now()}]
        if done:
            store.replace(TABLE, rows, video_ids=done)
            written += len(rows)
    kept = len(usable) - len(wanted)
    return Collected(written, kept, gone, blocked=blocked, failed=failed, counts=counts)


def new_tag() -> str:
    """A name for a tagged version that none has: it says when it was made (UTC)."""
    return PREFIX + _now().strftime("%Y%m%d-%H%M%S-%f")


def publish(store: TaggedStore, tag: str = "", *, unchanged: bool = False) -> Published:
    """Keep all samples under `tag`, a new one where it is empty; the last one, where samples are `unchanged` since."""
    last = max((t for t in store.tags() if t.startswith(PREFIX)), default="")
    if not tag and unchanged and last and store.at_tag(last).count(TABLE) == store.count(TABLE):
        return publish_samples(_Again(store.at_tag(last), store.tags()[last]), last)
    return publish_samples(store, tag or new_tag())


@dataclass(frozen=True, slots=True)
class _Again:
    """A store whose version has its tag already."""

    view: TaggedStore
    versions: dict[str, int]

    def read(self, table: str, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        return self.view.read(table, columns=columns)

    def tag(self, name: str) -> dict[str, int]:  # noqa: ARG002 - the store's
        return self.versions


def _usable(
    catalog: Mapping[str, CatalogEntry], known: Mapping[str, Mapping[str, State]]
) -> tuple[dict[str, State], dict[str, str]]:
    """The states of the graphs that may be learned from, and why the others may not."""
    usable: dict[str, State] = {}
    blocked: dict[str, str] = {}
    for video_id in sorted(catalog):
        state = known.get(video_id, {}).get(LAST_PHASE)
        if state is not None and state.usable:
            usable[video_id] = state
        else:
            found = "has not run" if state is None else f"is {state.status}, gate {state.gate}"
            blocked[video_id] = f"{LAST_PHASE} {found}"
    return usable, blocked


def _row(
    store: SampleStore, video_id: str, settings: BuildSettings, *, open_video: Open
) -> tuple[dict[str, Any] | None, Counts]:
    """The row of one video, None where nothing can be learned from it, and what its filters did."""
    built = build(read_draft(store, video_id), settings, look=partial(frames_of, open_video(video_id)))
    return (None if built.sample is None else to_row(built.sample, built.counts)), built.counts


def _now() -> datetime:
    return datetime.now(UTC)

"""Training samples from the scene graphs of a store: which videos are new, changed or gone, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import polars as pl

from svg2_assets.phases import digest
from svg2_assets.scene.errors import InvalidSceneValue, PhaseError, VideoError, printable
from svg2_assets.scene_graphs.imports import ImportStore
from svg2_assets.traser.footage import Footage, Unfit
from svg2_assets.traser.samples.build import build
from svg2_assets.traser.samples.counting import Counts, Reason
from svg2_assets.traser.samples.publishing import Published, publish_samples
from svg2_assets.traser.samples.rows import TABLE, to_row
from svg2_assets.traser.samples.settings import BuildSettings, GraphSampleSettings
from svg2_assets.traser.sampling import frames_of
from svg2_assets.traser.supply import ImportedGraphs, Open, OwnGraphs, Supply

CODE_VERSION = "1"
"""To be raised whenever the same graph and settings give another sample."""
EXAMPLES = 5
"""Videos that are named beside each reason why there is no sample of them; the others are counted."""
PREFIX = "traser-"
"""How tags of training data begin where nobody names them."""

Heard = Callable[[str, int, int], None]
"""The video that is worked on, how many were done, how many there are."""


class SampleStore(ImportStore, Protocol):
    """The store as collecting uses it."""

    def replace(
        self,
        table: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        video_ids: Sequence[str],
        within: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make `rows` the only ones of these videos that have the values of `within`, in one commit."""
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

    `without`: videos that no sample is made of, by reason; `examples` names some of each, with what was found.
    """

    written: int = 0
    kept: int = 0
    gone: tuple[str, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    without: Counts = field(default_factory=Counts)
    examples: Mapping[Reason, Sequence[str]] = field(default_factory=dict)

    @property
    def totals(self) -> str:
        """One line."""
        left = self.without.by_reason.total()
        return (
            f"{self.written} samples written, {self.kept} up to date, {len(self.gone)} taken away, "
            f"{len(self.blocked)} videos blocked, {len(self.failed)} failed" + (f", {left} without sample" * (left > 0))
        )

    def left_out(self) -> list[tuple[Reason, str, int]]:
        """Reason, in words, and how many videos no sample is made of for it."""
        return [(r, r.value.partition(": ")[2], n) for r in Reason if (n := self.without[r])]

    def summary(self) -> str:
        """One line, and what filters took away."""
        told = (self.counts + self.without).rows()
        filters = ", ".join(f"{what}: {why} {count}" for what, why, count in told)
        return self.totals + (f" ({filters})" if filters else "")


def collect(
    store: SampleStore,
    settings: GraphSampleSettings | None = None,
    *,
    open_video: Open,
    footage: Footage | None = None,
    run_id: str = "",
    commit: int = 16,
    heard: Heard = lambda *_: None,
) -> Collected:
    """Bring the samples of `settings.dataset` up to date with the graphs of `settings.source`: with the phases' whose
    checks passed, read by `open_video`, or with those of an import, read by `footage`.

    What one video's failure costs is its sample alone; what it had before stays. Raises `NothingImported`.
    """
    how = settings or GraphSampleSettings()
    supply = _supply(store, how, open_video=open_video, footage=footage)
    version, within = digest(how.to_json(), CODE_VERSION), {"sample_id": supply.sample_id}
    columns, ours = ("video_id", "input_version", "config_hash"), {"dataset": how.dataset, **within}
    known = store.read(TABLE, columns=columns, where=ours).rows_by_key("video_id", unique=True)
    wanted = [v for v, graph in supply.versions.items() if known.get(v) != (graph, version)]
    gone = tuple(sorted(set(known) - set(supply.versions)))
    if gone:
        store.replace(TABLE, [], video_ids=gone, within=within)
    made = {"config_hash": version, "run_id": run_id, "code_version": CODE_VERSION}
    tally = _Tally()
    for begin in range(0, len(wanted), commit):
        rows: list[dict[str, Any]] = []
        done: list[str] = []
        for number, video_id in enumerate(wanted[begin : begin + commit], begin):
            heard(supply.name(video_id), number, len(wanted))
            try:
                row, found = _drawn(supply, video_id, how)
            except Unfit as error:
                tally.leave_out(video_id, error.reason, error.detail)
                continue
            except (VideoError, PhaseError, InvalidSceneValue) as error:
                tally.failed[video_id] = str(error)
                continue
            done.append(video_id)
            if row is None:
                tally.leave_out(video_id, Reason.NONE_LEFT if Reason.NONE_LEFT in found.by_reason else Reason.NO_OBJECT)
                continue
            tally.counts += found
            rows.append(row | made | {"input_version": supply.versions[video_id], "created_at": _now()})
        if done:
            store.replace(TABLE, rows, video_ids=done, within=within)
            tally.written += len(rows)
    kept = len(supply.versions) - len(wanted)
    return Collected(
        tally.written, kept, gone, blocked=supply.blocked, failed=tally.failed, counts=tally.counts,
        without=tally.without, examples=tally.examples,
    )  # fmt: skip


@dataclass(slots=True)
class _Tally:
    """What happened so far."""

    written: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    without: Counts = field(default_factory=Counts)
    examples: dict[Reason, list[str]] = field(default_factory=dict)

    def leave_out(self, video_id: str, reason: Reason, detail: str = "") -> None:
        """Count a video that no sample is made of."""
        self.without.note(reason)
        named = self.examples.setdefault(reason, [])
        if len(named) < EXAMPLES:
            named.append(printable(video_id) + (f" ({detail})" if detail else ""))


def _supply(store: SampleStore, settings: GraphSampleSettings, *, open_video: Open, footage: Footage | None) -> Supply:
    if settings.imported is None:
        return OwnGraphs(store, open_video)
    if footage is None:
        raise ValueError(f"{settings.source}: samples of an import need the files of its videos")
    return ImportedGraphs(store, settings.imported, footage)


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


def _drawn(supply: Supply, video_id: str, settings: BuildSettings) -> tuple[dict[str, Any] | None, Counts]:
    """The row of one video, None where nothing can be learned from it, and what its filters did."""
    drawn = supply.draw(video_id)
    built = build(drawn.draft, settings, look=partial(frames_of, drawn.frames))
    for reason in drawn.notes:
        built.counts.note(reason)
    row = None if built.sample is None else to_row(replace(built.sample, sample_id=supply.sample_id), built.counts)
    return (None if row is None else row | dict(drawn.facts)), built.counts


def _now() -> datetime:
    return datetime.now(UTC)

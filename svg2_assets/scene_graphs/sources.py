"""What data sets a store holds, and the figures of each: the phases' own, imported ones, what models predicted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import polars as pl

from svg2_assets.scene.errors import Svg2Error, printable
from svg2_assets.scene.taxonomy import AttributeType, Verdict
from svg2_assets.scene_graphs.statistics import Statistics
from svg2_assets.scene_graphs.tallying import Tally

OWN = "pipeline"
"""The name of the data set that the phases make."""
GRAPHS = 512
"""Whole graphs read at once; an imported one brings the frames of its objects along."""
_RELATION = ("subject", "predicate", "object", "category", "spans")


class NoSuchDataset(Svg2Error):
    """A name that no data set of the store has."""


class Kind(StrEnum):
    """Where the graphs of a data set come from."""

    OWN = "own"
    IMPORTED = "imported"
    PREDICTED = "predicted"


TABLES = {Kind.IMPORTED: "imported_graphs", Kind.PREDICTED: "predictions"}
"""Tables whose rows are whole graphs, by `source`."""
PREFIXES = {Kind.IMPORTED: "imported", Kind.PREDICTED: "predictions"}
"""What stands before the name of a data set where its kind has to be said."""
ALL = "all"


@dataclass(frozen=True, slots=True)
class Dataset:
    """Graphs of one origin. An import and a model may have the same name; they are two."""

    kind: Kind
    name: str

    @property
    def spec(self) -> str:
        """How a user names it: `pipeline`, `imported:NAME`, `predictions:NAME`."""
        return self.name if self.kind is Kind.OWN else f"{PREFIXES[self.kind]}:{self.name}"


@dataclass(frozen=True, slots=True)
class Figures:
    """A data set with its statistics and who annotated it: models, or what it was imported from."""

    dataset: Dataset
    annotators: tuple[str, ...]
    statistics: Statistics

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON types."""
        told = {"source": self.dataset.name, "kind": self.dataset.kind.value, "annotators": list(self.annotators)}
        return told | self.statistics.to_json()


class StatisticsStore(Protocol):
    """The store as counting uses it."""

    def scan(
        self, table: str, columns: Sequence[str], *, where: Mapping[str, Any] | None = None, rows: int = ...
    ) -> Iterator[pl.DataFrame]:
        """Rows of a table, a frame of at most `rows` at a time."""
        ...

    def count(self, table: str, *, where: Mapping[str, Any] | None = None) -> int:
        """How many rows of a table satisfy `where`."""
        ...


def datasets_of(store: StatisticsStore, *, named: str | None = None) -> list[Dataset]:
    """All data sets, the phases' own first; with `named` those of that name. Raises `NoSuchDataset` for an unknown one.

    The phases' own is there where the catalog has a video, or nothing else is.
    """
    found = []
    for kind, table in TABLES.items():
        names = {name for frame in store.scan(table, ["source"]) for name in frame["source"].unique()}
        found += [Dataset(kind, name) for name in sorted(names)]
    if store.count("videos") or not found:
        found.insert(0, Dataset(Kind.OWN, OWN))
    wanted = [d for d in found if named is None or named in {d.name, d.spec}]
    if not wanted:
        there = ", ".join(dict.fromkeys(printable(d.name) for d in found))
        raise NoSuchDataset(f"--source {printable(named or '')}: no data set has this name. There are {there}.")
    return wanted


def chosen(store: StatisticsStore, given: Sequence[str]) -> list[Dataset]:
    """The data sets that `given` names, each once: by `Dataset.spec`, by a name that only one has, or `all` of them.

    The phases' own where nothing is given. Raises `NoSuchDataset`.
    """
    found = (d for text in given or (OWN,) for d in _meant(store, text.removeprefix("store:")))
    return list(dict.fromkeys(found))


def one_of(store: StatisticsStore, given: str) -> Dataset:
    """The data set that `given` names; the phases' own where it is empty. Raises `NoSuchDataset`."""
    found = chosen(store, [given] if given else [])
    if len(found) > 1:
        raise NoSuchDataset(f"--source {printable(given)}: expected one data set, found {_listed(found)}.")
    return found[0]


def _meant(store: StatisticsStore, text: str) -> list[Dataset]:
    if text == OWN:
        return [Dataset(Kind.OWN, OWN)]
    prefix, _, name = text.partition(":")
    kind = next((k for k, p in PREFIXES.items() if p == prefix and name), None)
    if kind is not None and store.count(TABLES[kind], where={"source": name}):
        return [Dataset(kind, name)]  # known without a look at all there are
    there = datasets_of(store)
    found = [d for d in there if text in {ALL, d.name, d.spec}]
    if not found:
        raise NoSuchDataset(f"--source {printable(text)}: there is no such data set. There are {_listed(there)}.")
    if text != ALL and len(found) > 1:
        raise NoSuchDataset(f"--source {printable(text)}: several have this name. Say which: {_listed(found)}.")
    return found


def _listed(found: Sequence[Dataset]) -> str:
    return ", ".join(printable(d.spec) for d in found)


def figures_of(store: StatisticsStore, dataset: Dataset) -> Figures:
    """The figures of one data set, read piece by piece. A table that is written meanwhile is read as of its version."""
    count = {Kind.OWN: _own, Kind.IMPORTED: _imported, Kind.PREDICTED: _predicted}[dataset.kind]
    tally = count(store, dataset.name)
    return Figures(dataset, tuple(sorted(tally.annotators)), tally.statistics())


def _own(store: StatisticsStore, _: str) -> Tally:
    tally = Tally.of_catalog(_catalog(store))
    for rows in store.scan("trajectories", ["video_id", "object_id", "model_id"]):
        tally.add_objects(rows)
    columns = ["video_id", "name", "verdict", "attributes", "model_id"]
    for rows in store.scan("labels", columns, where={"stage": "verified"}):
        tally.add_labels(rows)
    for rows in store.scan("relations", ["video_id", "predicate", "category", "spans", "model_id"]):
        tally.add_relations(rows)
    return tally


def _imported(store: StatisticsStore, source: str) -> Tally:
    where, told = {"source": source}, ["format", "dataset"]
    videos = _together(store.scan(TABLES[Kind.IMPORTED], ["video_id", "num_frames", "duration", *told], where=where))
    tally = Tally(videos)
    for row in videos.select(told).unique().iter_rows(named=True):
        tally.annotators.add(f"{row['dataset'] or 'unknown'} ({row['format']})")
    for graphs in store.scan(TABLES[Kind.IMPORTED], ["video_id", "objects", "relations"], where=where, rows=GRAPHS):
        objects = each(graphs, "objects", ("id", "name", "verdict", "attributes")).rename({"id": "object_id"})
        _add(tally, objects, graphs)
    return tally


def _predicted(store: StatisticsStore, source: str) -> Tally:
    """Of the videos that are current and decode; attributes of predictions have no type, names no verdict."""
    table, where = TABLES[Kind.PREDICTED], {"source": source}
    asked = _together(store.scan(table, ["video_id", "model_id"], where=where))
    tally = Tally.of_catalog(_catalog(store).join(asked, on="video_id", how="semi"))
    tally.annotators.update(asked["model_id"].drop_nulls().unique())
    other = pl.struct(value=pl.element(), type=pl.lit(AttributeType.OTHER.value))
    for graphs in store.scan(table, ["video_id", "objects", "relations"], where=where, rows=GRAPHS):
        objects = each(graphs, "objects", ("id", "name", "attributes")).rename({"id": "object_id"})
        typed = pl.col("attributes").list.eval(other)
        _add(tally, objects.with_columns(typed, verdict=pl.lit(Verdict.UNVERIFIED.value)), graphs)
    return tally


def _add(tally: Tally, objects: pl.DataFrame, graphs: pl.DataFrame) -> None:
    tally.add_objects(objects)
    tally.add_labels(objects)
    tally.add_relations(each(graphs, "relations", _RELATION))


def each(graphs: pl.DataFrame, column: str, fields: Iterable[str]) -> pl.DataFrame:
    """A row for each struct in the lists of `column`, with its `fields` and its video."""
    rows = graphs.select("video_id", column).explode(column, empty_as_null=False, keep_nulls=False)
    return rows.select("video_id", *(pl.col(column).struct.field(name) for name in fields))


def _catalog(store: StatisticsStore) -> pl.DataFrame:
    return _together(store.scan("videos", ["video_id", "status", "superseded_by", "num_frames", "duration"]))


def _together(frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames)

"""Finds relations in imported and predicted graphs, by an index that answers itself for what was not written since.

Such a graph is one row of its table, so it changes as a whole. Table `graph_statements` holds every relation of all of
them with names, times and ids, as of the last time it was made (`refresh`). Its answers count for the videos whose row
is still there and was not written since. Those that were are read as they are now. So what was imported or told again,
dropped or superseded meanwhile never shows, and nothing is missed; names of `statements` may change beside their
relations, these may not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import partial

import polars as pl

from svg2_assets.scene_graphs.query import RELATION, Match, Question, find_named, in_order, with_names
from svg2_assets.scene_graphs.sources import GRAPHS, TABLES, Dataset, Kind, datasets_of, each
from svg2_assets.scene_graphs.statements import HEAD, MOST, QueryStore, conditions, find_stored, first_row

TABLE = "graph_statements"
_SAID = ("subject", "predicate", "object", "category", "spans", "confidence")
_NAMED = (*RELATION, "subject_name", "object_name")
_CURRENT = pl.lit(None, pl.String).alias("superseded_by")
"""No import supersedes a video of another."""


def find_in(store: QueryStore, question: Question, dataset: Dataset) -> list[Match]:
    """The relations of one data set that answer `question`, as `query.find_relations` finds and orders them."""
    if dataset.kind is Kind.OWN:
        return find_stored(store, question)
    head = store.read(TABLE, video_ids=[HEAD], where={"source": dataset.spec}).to_dicts()
    if not head:
        return _found(store, question, dataset, _graphs(store, dataset))
    marked = tuple(json.loads(head[0]["marks"]))
    lately = store.written_since(TABLES[dataset.kind], marked, where={"source": dataset.name})
    if len(lately) > MOST:
        return _found(store, question, dataset, _graphs(store, dataset))
    asked = conditions(question, head[0]["names"], head[0]["predicates"])
    frames = [store.read(TABLE, columns=_NAMED, where={"source": dataset.spec, **where}) for where in asked]
    told = pl.concat(frames).unique(["video_id", "relation_id"])
    told = told.filter(~pl.col("video_id").is_in([HEAD, *lately]))
    videos = _videos(store, dataset, told["video_id"].unique().sort().to_list())
    known = find_named(question, told, videos=videos, source=dataset.spec)
    return sorted(known + _found(store, question, dataset, _graphs_of(store, dataset, sorted(lately))), key=in_order)


def refresh(store: QueryStore) -> int:
    """Make the index anew where graphs were written since the last time; returns how many relations it has.

    What an unchanged table holds is taken from the index as it was. Takes the memory of all relations at once, graphs
    are read `GRAPHS` at a time. One process at a time.
    """
    marks = {kind: json.dumps(store.mark(table)) for kind, table in TABLES.items()}
    wanted = {d: marks[d.kind] for d in datasets_of(store) if d.kind is not Kind.OWN}
    heads = dict(store.read(TABLE, video_ids=[HEAD], columns=["source", "marks"]).iter_rows())
    if heads == {d.spec: mark for d, mark in wanted.items()}:
        return store.count(TABLE) - len(heads)
    made = [_kept(store, d) if heads.get(d.spec) == mark else _made(store, d, mark) for d, mark in wanted.items()]
    return store.rewrite(TABLE, pl.concat(made, how="diagonal") if made else pl.DataFrame()) - len(made)


def _kept(store: QueryStore, dataset: Dataset) -> pl.DataFrame:
    columns = ("source", *_NAMED, "marks", "names", "predicates")
    return pl.concat(store.scan(TABLE, columns, where={"source": dataset.spec}))


def _made(store: QueryStore, dataset: Dataset, marks: str) -> pl.DataFrame:
    frames = [_named(graphs) for graphs in _graphs(store, dataset)]
    made = pl.concat(frames)
    rows = pl.concat([first_row(made, marks), made], how="diagonal")
    return rows.with_columns(source=pl.lit(dataset.spec))


def _found(store: QueryStore, question: Question, dataset: Dataset, graphs: Iterator[pl.DataFrame]) -> list[Match]:
    """What `graphs` say, read as they are now, a frame of whole graphs at a time."""
    found: list[Match] = []
    videos = partial(_videos, store, dataset)
    for frame in graphs:
        if frame.height:
            there = videos(frame["video_id"].to_list())
            found += find_named(question, _named(frame), videos=there, source=dataset.spec)
    return sorted(found, key=in_order)


def _named(graphs: pl.DataFrame) -> pl.DataFrame:
    """A row for each relation of `graphs`, which are of one data set, with the names of its ends."""
    told = each(graphs, "relations", _SAID).with_columns(
        relation_id=pl.int_range(pl.len(), dtype=pl.Int32).over("video_id")
    )
    names = each(graphs, "objects", ("id", "name")).rename({"id": "object_id"})
    return with_names(told.lazy(), names.lazy()).select(_NAMED).collect()


def _graphs(store: QueryStore, dataset: Dataset) -> Iterator[pl.DataFrame]:
    columns = ("video_id", "objects", "relations")
    return store.scan(TABLES[dataset.kind], columns, where={"source": dataset.name}, rows=GRAPHS)


def _graphs_of(store: QueryStore, dataset: Dataset, video_ids: list[str]) -> Iterator[pl.DataFrame]:
    columns, where = ("video_id", "objects", "relations"), {"source": dataset.name}
    for begin in range(0, len(video_ids), GRAPHS):
        some = video_ids[begin : begin + GRAPHS]
        yield store.read(TABLES[dataset.kind], video_ids=some, columns=columns, where=where)


def _videos(store: QueryStore, dataset: Dataset, video_ids: Collection[str]) -> pl.DataFrame:
    """Those of `video_ids` of which the data set has a graph now: `video_id`, `uri`, `superseded_by`."""
    table, where = TABLES[dataset.kind], {"source": dataset.name}
    if dataset.kind is Kind.IMPORTED:
        return _narrow(store, table, ("video_id", "uri"), video_ids, where=where).with_columns(_CURRENT)
    told = _narrow(store, table, ("video_id",), video_ids, where=where)
    catalog = _narrow(store, "videos", ("video_id", "uri", "superseded_by"), video_ids)
    return catalog.join(told, on="video_id", how="semi")


def _narrow(
    store: QueryStore,
    table: str,
    columns: tuple[str, ...],
    video_ids: Collection[str],
    *,
    where: dict[str, str] | None = None,
) -> pl.DataFrame:
    """Rows by id, or where there are very many ids, all rows."""
    if len(video_ids) > MOST:
        return pl.concat(store.scan(table, columns, where=where))
    return store.read(table, video_ids=video_ids, columns=columns, where=where)

"""Finds relations in a large store without reading all of it: an index that may be behind, and is never believed alone.

Table `statements` holds every relation by the names of its ends, as of the last time it was made (`refresh`). It is
asked for the videos that may have an answer. To these come all videos of which names or relations were written since.
The answers are then found in what the store holds of those videos now, the same way as without the index. So what was
rewritten, superseded or dropped meanwhile never shows, and nothing is missed.

One thing escapes: a label that was deleted and not written again, by which its thing becomes an `object`. Questions
for an `object` are therefore answered without the index, and so are those that would find very many.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import polars as pl

from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene_graphs.query import (
    RELATION,
    Match,
    Question,
    find_relations,
    matching_names,
    matching_predicates,
    with_names,
)

TABLE = "statements"
MOST = 20_000
"""Relations, and videos written lately, up to which the index is used; reading everything is faster from there on."""
HEAD = ""
"""The video of the row that says what the index was made of."""
_VERIFIED = {"stage": "verified"}
_FACTS: dict[str, tuple[Sequence[str], Mapping[str, Any] | None]] = {
    "videos": (["video_id", "uri", "superseded_by"], None),
    "labels": (["video_id", "stage", "object_id", "name"], _VERIFIED),
    "relations": (RELATION, None),
}
"""Table to the columns that an answer is made of, and the rows that count."""


class QueryStore(Protocol):
    """The store as asking uses it."""

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

    def scan(
        self, table: str, columns: Sequence[str], *, where: Mapping[str, Any] | None = None, rows: int = ...
    ) -> Iterator[pl.DataFrame]:
        """All rows of a table, a frame of at most `rows` at a time."""
        ...

    def count(self, table: str, *, where: Mapping[str, Any] | None = None) -> int:
        """How many rows there are."""
        ...

    def mark(self, table: str) -> tuple[int, int]:
        """How far a table is written."""
        ...

    def written_since(self, table: str, marked: tuple[int, int], *, where: Mapping[str, Any] | None = None) -> set[str]:
        """Ids of the videos with rows written after a mark."""
        ...

    def rewrite(self, table: str, rows: pl.DataFrame) -> int:
        """Make these all rows of a table."""
        ...


def find_stored(store: QueryStore, question: Question) -> list[Match]:
    """The relations in the store that answer `question`, as `find_relations` finds and orders them."""
    ids = candidates(store, question)
    if ids is None:
        tables = {name: pl.concat(store.scan(name, columns, where=w)) for name, (columns, w) in _FACTS.items()}
    else:
        found = sorted(ids)
        tables = {
            name: store.read(name, video_ids=found, columns=columns, where=w) for name, (columns, w) in _FACTS.items()
        }
    return find_relations(question, **tables)


def candidates(store: QueryStore, question: Question) -> set[str] | None:
    """Ids of the videos that can have an answer, others among them; None where that may be any."""
    head = store.read(TABLE, video_ids=[HEAD]).to_dicts()
    if not head or question.anything or _asks_for_nameless(question):
        return None
    asked = conditions(question, head[0]["names"], head[0]["predicates"])
    if sum(store.count(TABLE, where=where) for where in asked) > MOST:
        return None
    marks = {table: tuple(mark) for table, mark in json.loads(head[0]["marks"]).items()}
    lately = _lately(store, marks)
    if len(lately) > MOST:
        return None
    found = (store.read(TABLE, columns=["video_id"], where=where)["video_id"] for where in asked)
    return lately.union(*found)


def refresh(store: QueryStore) -> int:
    """Make the index anew where names or relations were written since the last time; returns how many rows it has.

    Takes the memory of all names and relations at once: 2 GB for 7 million of each. One process at a time.
    """
    marks = {name: list(store.mark(name)) for name in ("labels", "relations")}
    head = store.read(TABLE, video_ids=[HEAD], columns=["marks"])
    if head["marks"].to_list() == [json.dumps(marks)]:
        return store.count(TABLE) - 1
    names = pl.concat(store.scan("labels", ["video_id", "object_id", "name"], where=_VERIFIED))
    told = pl.concat(store.scan("relations", ["video_id", "relation_id", "subject", "predicate", "object"]))
    made = with_names(told.lazy(), names.lazy()).drop("subject", "object").collect()
    store.rewrite(TABLE, pl.concat([first_row(made, json.dumps(marks)), made], how="diagonal"))
    return made.height


def first_row(made: pl.DataFrame, marks: str) -> pl.DataFrame:
    """The row that says of what an index was `made`, and all names and predicates that it has."""
    ends = pl.concat([made["subject_name"], made["object_name"]]).unique().sort()
    first = {
        "video_id": [HEAD],
        "relation_id": [0],
        "marks": [marks],
        "names": [ends.to_list()],
        "predicates": [made["predicate"].drop_nulls().unique().sort().to_list()],
    }
    return pl.DataFrame(first, schema_overrides={"relation_id": pl.Int32})


def conditions(question: Question, names: Sequence[str], predicates: Sequence[str]) -> list[dict[str, list[str]]]:
    """Which rows of an index answer that has these `names` and `predicates`: as stored and from the other end."""
    asked = {
        end: name for end, name in (("subject", question.subject), ("object", question.object)) if name is not None
    }
    found = dict(zip(asked, matching_names(names, *asked.values()), strict=True))
    ends = {end: found.get(end) for end in ("subject", "object")}
    stored, turned = matching_predicates(predicates, question.predicate)
    ways = [("subject", "object", None if question.predicate is None else stored), ("object", "subject", turned)]
    return [
        {column: list(values) for column, values in wanted.items() if values is not None}
        for first, second, said in ways
        for wanted in [{"subject_name": ends[first], "predicate": said, "object_name": ends[second]}]
    ]


def _asks_for_nameless(question: Question) -> bool:
    """Whether things answer whose label is gone, of which the index knows the name that they had."""
    ends = (question.subject, question.object)
    return any(matching_names([UNKNOWN_NAME], *(asked for asked in ends if asked is not None)))


def _lately(store: QueryStore, marks: Mapping[str, tuple[int, int]]) -> set[str]:
    """Ids of the videos of which the index may be wrong."""
    labelled = store.written_since("labels", marks["labels"], where=_VERIFIED)
    return labelled | store.written_since("relations", marks["relations"])

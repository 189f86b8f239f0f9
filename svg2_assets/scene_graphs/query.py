"""Finds relations in the store: who does what to whom, for how long, in which video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from svg2_assets.labels.canonical import canonical_column, canonical_name
from svg2_assets.scene.taxonomy import CAMERA_ID, INVERSES, SYMMETRIC, SYNONYMS, UNKNOWN_NAME, inverse_of

Frame = pl.DataFrame | pl.LazyFrame
"""A table of the store, read or to be read."""

RELATION = ("video_id", "relation_id", "subject", "predicate", "object", "category", "spans", "confidence")
"""Columns of a relation that an answer is made of."""
_CAMERA_NAME = "camera"
_TURNED = {p: inverse_of(p) or p for p in (*SYMMETRIC, *INVERSES, *INVERSES.values())}
"""Predicates that can be told from the other end, and what they are called then."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for; None means anything. Case and surrounding space are ignored.

    A name matches the whole name or its head noun: `mug` finds `coffee mug`, not the other way round. It also finds
    what is called otherwise and means the same: `sofas` finds `couch` (`labels.canonical`). `camera` is the camera.
    A predicate also finds what the store calls otherwise: `next to` finds `near` (`taxonomy.SYNONYMS`).
    `min_seconds` is the time in all that the relation holds.
    """

    subject: str | None = None
    predicate: str | None = None
    object: str | None = None
    min_seconds: float = 0.0

    @property
    def anything(self) -> bool:
        """Whether it says nothing of names and predicates."""
        return all(asked is None for asked in (self.subject, self.predicate, self.object))


@dataclass(frozen=True, slots=True)
class Match:
    """A relation that answers the question, told the way it was asked; spans are [start, end) in seconds.

    `source`: the data set that says so, as `sources.Dataset.spec` names it. `uri` is empty where nobody knows the file.
    """

    video_id: str
    uri: str
    subject_id: int
    subject: str
    predicate: str
    object_id: int
    object: str
    category: str
    spans: tuple[tuple[float, float], ...]
    seconds: float
    confidence: float
    source: str = "pipeline"

    def to_json(self) -> dict[str, Any]:
        """The match as JSON types."""
        return asdict(self) | {"spans": [list(span) for span in self.spans]}


def find_relations(question: Question, *, videos: Frame, labels: Frame, relations: Frame) -> list[Match]:
    """The relations that answer `question`, by video address, first instant and ids.

    `labels` are those of the stage `verified`; others are skipped. Each stored relation is found at most once, also
    told from the other end: `right of` finds what is stored as `left of`, and `near` is symmetric. Superseded videos
    are left out.
    """
    names = labels.lazy().filter(pl.col("stage") == "verified").select("video_id", "object_id", "name")
    return find_named(question, with_names(relations.lazy().select(RELATION), names), videos=videos)


def find_named(question: Question, named: Frame, *, videos: Frame, source: str = "pipeline") -> list[Match]:
    """`find_relations` of relations that have the names of their ends (`with_names`); `source` is who says so."""
    told = _timed(named.lazy()).filter(pl.col("seconds") >= question.min_seconds)
    both = pl.concat([told, _from_the_other_end(told)])
    for condition in _conditions(question):
        both = both.filter(condition)
    # The way it is stored comes first, so a relation that answers both ways is told as it is stored.
    once = both.sort("turned").unique(["video_id", "relation_id"], keep="first", maintain_order=True)
    current = videos.lazy().filter(pl.col("superseded_by").is_null()).select("video_id", "uri")
    found = once.join(current, on="video_id", how="inner").collect()
    return sorted((_match(row, source) for row in found.iter_rows(named=True)), key=in_order)


def with_names(relations: pl.LazyFrame, names: pl.LazyFrame) -> pl.LazyFrame:
    """Relations with `subject_name` and `object_name`: as in `names` (`video_id`, `object_id`, `name`), `camera`, or
    `object` where there is none."""
    told = relations
    for end in ("subject", "object"):
        ends = names.select("video_id", pl.col("object_id").alias(end), pl.col("name").alias(f"{end}_name"))
        named = pl.when(pl.col(end) == CAMERA_ID).then(pl.lit(_CAMERA_NAME)).otherwise(pl.col(f"{end}_name"))
        told = told.join(ends, on=["video_id", end], how="left").with_columns(
            named.fill_null(UNKNOWN_NAME).alias(f"{end}_name")
        )
    return told


def matching_names(names: Iterable[str], *asked: str) -> list[list[str]]:
    """For each of `asked`, those of `names` that somebody means who asks for it, as `Question` says."""
    known = pl.DataFrame({"name": list(names)}, schema={"name": pl.String}).with_columns(
        plain=_plain(pl.col("name")), meant=_meant(pl.col("name"))
    )
    called = (_is_called(pl.col("plain"), pl.col("meant"), words) for words in asked)
    return [known.filter(condition)["name"].to_list() for condition in called]


def matching_predicates(predicates: Iterable[str], asked: str | None) -> tuple[list[str], list[str]]:
    """Those of `predicates` that answer as they are stored, and those that do told from the other end."""
    wanted = None if asked is None else _accepted(asked)
    stored = [p for p in predicates if wanted is None or _words(p) in wanted]
    turned = [p for p in predicates if p in _TURNED and (wanted is None or _words(_TURNED[p]) in wanted)]
    return stored, turned


def _timed(named: pl.LazyFrame) -> pl.LazyFrame:
    """Relations with their time in all, and `turned` (False)."""
    lengths = pl.element().struct.field("end") - pl.element().struct.field("start")
    return named.with_columns(seconds=pl.col("spans").list.eval(lengths).list.sum(), turned=pl.lit(value=False))


def _from_the_other_end(told: pl.LazyFrame) -> pl.LazyFrame:
    """The relations that have an inverse, with their ends exchanged and told by it."""
    columns = told.collect_schema().names()
    exchanged = {"subject": "object", "object": "subject", "subject_name": "object_name", "object_name": "subject_name"}
    return (
        told.filter(pl.col("predicate").is_in(list(_TURNED)))
        .with_columns(pl.col("predicate").replace(_TURNED), turned=pl.lit(value=True))
        .rename(exchanged)
        .select(columns)
    )


def _conditions(question: Question) -> Iterator[pl.Expr]:
    if question.subject is not None:
        yield _called(pl.col("subject_name"), question.subject)
    if question.object is not None:
        yield _called(pl.col("object_name"), question.object)
    if question.predicate is not None:
        yield _plain(pl.col("predicate")).is_in(list(_accepted(question.predicate)))


def _accepted(predicate: str) -> set[str]:
    asked = _words(predicate)
    return {asked, SYNONYMS.get(asked, asked)}


def _called(name: pl.Expr, asked: str) -> pl.Expr:
    return _is_called(_plain(name), _meant(name), asked)


def _meant(name: pl.Expr) -> pl.Expr:
    return name.map_batches(canonical_column, return_dtype=pl.String)


def _is_called(plain: pl.Expr, meant: pl.Expr, asked: str) -> pl.Expr:
    """Whether a name, in plain words and as it is meant, answers to `asked`."""
    words, canonical = _words(asked), canonical_name(asked)
    as_said = (plain == words) | plain.str.ends_with(" " + words)
    return as_said | (meant == canonical) | meant.str.ends_with(" " + canonical)


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all(r"[\s_]+", " ").str.strip_chars()


def _words(text: str) -> str:
    return " ".join(text.replace("_", " ").lower().split())


def _match(row: dict[str, Any], source: str) -> Match:
    return Match(
        video_id=row["video_id"],
        uri=row["uri"] or "",
        subject_id=row["subject"],
        subject=row["subject_name"],
        predicate=row["predicate"],
        object_id=row["object"],
        object=row["object_name"],
        category=row["category"],
        spans=tuple((span["start"], span["end"]) for span in row["spans"] or ()),
        seconds=round(row["seconds"], 6),
        confidence=row["confidence"],
        source=source,
    )


def in_order(match: Match) -> tuple[Any, ...]:
    """What matches of one data set are sorted by: address and id of the video, first instant, ids."""
    start = match.spans[0][0] if match.spans else 0.0
    said = match.subject_id, match.object_id, match.predicate, match.spans
    return match.uri, match.video_id, start, *said, match.category, match.confidence

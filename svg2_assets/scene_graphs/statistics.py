"""How large and how varied a data set is: figures over all videos of the store.

The figures are those by which Synthetic Visual Genome 2 describes itself (arXiv 2602.23543, table 1), and what tells
whether the labels can be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from svg2_assets.labels.canonical import canonical_column
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Category, Verdict

Frame = pl.DataFrame | pl.LazyFrame
"""A table of the store, read or to be read."""

TOP = 20
"""How many names and predicates a table shows; the values hold them all."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, median and extremes of something counted or measured; zeros where there is nothing."""

    mean: float = 0.0
    median: float = 0.0
    least: float = 0.0
    most: float = 0.0

    def __str__(self) -> str:
        return f"{self.mean:.4g} (median {self.median:.4g}, {self.least:.4g} to {self.most:.4g})"


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of a data set. Counts by value are ordered, most frequent first; durations are seconds.

    `names` are canonical: what means the same is counted together. `unreadable` videos are known and do not decode;
    nothing else counts them. `verified_share` is the share of objects whose name independent evidence supports,
    `unnamed_share` of those only called `object`.
    """

    videos: int = 0
    unreadable: int = 0
    seconds: float = 0.0
    frames: int = 0
    frames_per_video: Spread = Spread()
    objects: int = 0
    objects_per_video: Spread = Spread()
    object_classes: int = 0
    names: Mapping[str, int] = field(default_factory=dict)
    attributes: int = 0
    attributes_per_object: Spread = Spread()
    attribute_types: Mapping[str, int] = field(default_factory=dict)
    relations: int = 0
    relations_per_video: Spread = Spread()
    relation_classes: int = 0
    predicates: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=lambda: {c.value: 0 for c in Category})
    spans: int = 0
    span_seconds: Spread = Spread()
    verdicts: Mapping[str, int] = field(default_factory=lambda: {v.value: 0 for v in Verdict})
    verified_share: float = 0.0
    unnamed_share: float = 0.0

    def as_rows(self) -> list[tuple[str, str]]:
        """(figure, value) pairs to print."""
        rows = [(name.replace("_", " "), _text(name, value)) for name, value in self.to_json().items()]
        return [*rows[:2], ("hours", f"{self.seconds / 3600:.3g}"), *rows[2:]]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON types."""
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in asdict(self).items()}


def statistics_of(*, videos: Frame, trajectories: Frame, labels: Frame, relations: Frame) -> Statistics:
    """The figures of tables `videos`, `trajectories`, `labels` (stage `verified`; others are skipped) and `relations`.

    Rows of unreadable and superseded videos are not counted, nor the row -1 of `trajectories` (the camera). Works on
    lazy frames without reading columns that no figure needs, and on tables without a row.
    """
    known = videos.lazy()
    current = known.filter(pl.col("superseded_by").is_null())
    readable = current.filter(pl.col("status") == "ok")
    ids = readable.select("video_id")
    objects = trajectories.lazy().filter(pl.col("object_id") >= 0).join(ids, on="video_id", how="semi")
    verified = labels.lazy().filter(pl.col("stage") == "verified").join(ids, on="video_id", how="semi")
    stated = relations.lazy().join(ids, on="video_id", how="semi")
    unreadable = current.filter(~pl.col("status").is_in(["ok", "registered"])).select(pl.len())
    return Statistics(
        unreadable=int(unreadable.collect().item()),
        **_of_videos(readable),
        **_of_objects(objects, ids),
        **_of_labels(verified),
        **_of_relations(stated, ids),
    )


def _of_videos(videos: pl.LazyFrame) -> dict[str, Any]:
    table = videos.select("num_frames", "duration").collect(engine="streaming")
    return {
        "videos": table.height,
        "seconds": round(float(table["duration"].sum()), 3),
        "frames": int(table["num_frames"].sum()),
        "frames_per_video": _spread(table["num_frames"]),
    }


def _of_objects(objects: pl.LazyFrame, ids: pl.LazyFrame) -> dict[str, Any]:
    per_video = _per_video(objects, ids)
    return {"objects": int(per_video.sum()), "objects_per_video": _spread(per_video)}


def _of_labels(labels: pl.LazyFrame) -> dict[str, Any]:
    table = labels.select(
        "name", "verdict", count=pl.col("attributes").list.len().fill_null(0), types=_types("attributes")
    ).collect(engine="streaming")
    names, verdicts = _counts(canonical_column(table["name"])), _counts(table["verdict"])
    attribute_types = _counts(table["types"].explode().drop_nulls())
    total = max(1, table.height)
    return {
        "object_classes": len(names.keys() - {UNKNOWN_NAME}),
        "names": names,
        "attributes": int(table["count"].sum()),
        "attributes_per_object": _spread(table["count"]),
        "attribute_types": attribute_types,
        "verdicts": {v.value: verdicts.get(v.value, 0) for v in Verdict},
        "verified_share": round(verdicts.get(Verdict.SUPPORTED.value, 0) / total, 4),
        "unnamed_share": round(names.get(UNKNOWN_NAME, 0) / total, 4),
    }


def _of_relations(relations: pl.LazyFrame, ids: pl.LazyFrame) -> dict[str, Any]:
    table = relations.select("predicate", "category").collect(engine="streaming")
    lengths = relations.select(pl.col("spans").explode(empty_as_null=False)).select(
        seconds=pl.col("spans").struct.field("end") - pl.col("spans").struct.field("start")
    )
    spans = lengths.collect(engine="streaming")["seconds"].drop_nulls()
    predicates, categories = _counts(table["predicate"]), _counts(table["category"])
    return {
        "relations": table.height,
        "relations_per_video": _spread(_per_video(relations, ids)),
        "relation_classes": len(predicates),
        "predicates": predicates,
        "categories": {c.value: categories.get(c.value, 0) for c in Category},
        "spans": spans.len(),
        "span_seconds": _spread(spans),
    }


def _types(column: str) -> pl.Expr:
    return pl.col(column).list.eval(pl.element().struct.field("type"))


def _per_video(rows: pl.LazyFrame, ids: pl.LazyFrame) -> pl.Series:
    """How many of `rows` each video has, zero included."""
    counted = rows.group_by("video_id").agg(count=pl.len())
    joined = ids.join(counted, on="video_id", how="left").select(pl.col("count").fill_null(0))
    return joined.collect(engine="streaming")["count"]


def _counts(values: pl.Series) -> dict[str, int]:
    """How often each value occurs, most frequent first, then by name."""
    frame = pl.DataFrame({"value": values.cast(pl.String)}).drop_nulls()
    counted = frame.group_by("value").agg(count=pl.len()).sort(["count", "value"], descending=[True, False])
    return dict(counted.iter_rows())


def _spread(values: pl.Series) -> Spread:
    if values.is_empty():
        return Spread()
    figures = (values.mean(), values.median(), values.min(), values.max())
    return Spread(*(round(float(str(figure)), 4) for figure in figures))


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"mean", "median", "least", "most"}:
        return str(Spread(**value))
    if isinstance(value, dict):
        shown = ", ".join(f"{key} {count}" for key, count in list(value.items())[:TOP])
        return shown + (f" and {len(value) - TOP} more" if len(value) > TOP else "") or "none"
    if name.endswith("_share"):
        return f"{value:.1%}"
    return f"{value:,}"

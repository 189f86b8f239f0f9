"""Counts a data set piece by piece: the same figures whatever the pieces, in memory for its videos and vocabularies.

What is added up are counts by value (`Counts`), never rows. Means, medians and distributions follow from them exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from svg2_assets.labels.canonical import canonical_names
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Category, Verdict
from svg2_assets.scene_graphs.statistics import Spread, Statistics

Numbers = npt.NDArray[Any]

LEAST = -3
"""Exponent of the lowest bin of what is measured: 1/8 second."""
_WAITING = 1 << 20
"""Rows of counts that may wait before they are added up, as many again as there are."""


class Counts:
    """How often each value occurs; nulls are not counted."""

    def __init__(self) -> None:
        self._pieces: list[pl.DataFrame] = []
        self._waiting, self._known = 0, 0

    def add(self, values: pl.Series, weights: pl.Series | None = None) -> None:
        """Count every one of `values`, or as often as its weight says."""
        piece = pl.DataFrame([values.alias("value")]).with_columns(count=pl.lit(1, pl.Int64))
        if weights is not None:
            piece = piece.with_columns(weights.cast(pl.Int64).alias("count"))
        self._pieces.append(_added_up(piece.drop_nulls("value")))
        self._waiting += self._pieces[-1].height
        if self._waiting > self._known + _WAITING:
            self.frame()

    def frame(self) -> pl.DataFrame:
        """Columns `value` and `count`, a row a value, in no order; no row where nothing was added."""
        if not self._pieces:
            return pl.DataFrame(schema={"value": pl.Null, "count": pl.Int64})
        if len(self._pieces) > 1:
            self._pieces = [_added_up(pl.concat(self._pieces))]
        self._waiting, self._known = 0, self._pieces[0].height
        return self._pieces[0]

    def total(self) -> int:
        """How many values there were."""
        return int(self.frame()["count"].sum())

    def by_value(self) -> dict[str, int]:
        """Value to count, most frequent first, then by name."""
        return dict(self.frame().sort(["count", "value"], descending=[True, False]).iter_rows())

    def spread(self) -> Spread:
        """Mean, median, extremes and distribution of the values, which are numbers."""
        counted = self.frame().filter(pl.col("count") > 0).sort("value")
        if counted.is_empty():
            return Spread()
        values, counts = counted["value"].to_numpy().astype(np.float64), counted["count"].to_numpy()
        reached = np.cumsum(counts)
        halves = ((reached[-1] - 1) // 2, reached[-1] // 2)
        middle = values[np.searchsorted(reached, halves, side="right")]
        figures = (values @ counts / reached[-1], middle.mean(), values[0], values[-1])
        mean, median, least, most = (round(float(figure), 4) for figure in figures)
        bins = _bins(values, counts, whole=counted["value"].dtype.is_integer())
        return Spread(mean, median, least, most, bins)


class Tally:
    """The figures of the videos in `videos` (columns `video_id`, `num_frames`, `duration`), a row each.

    Rows of other videos are skipped wherever they are added, so a table may be handed over whole. `unreadable` is
    passed on. `annotators` are the models that the added rows name.
    """

    def __init__(self, videos: pl.DataFrame, *, unreadable: int = 0) -> None:
        self._videos, self._ids, self._unreadable = videos, videos.select("video_id"), unreadable
        self.annotators: set[str] = set()
        self._objects, self._attributes, self._relations = Counts(), Counts(), Counts()  # by video
        self._names, self._verdicts, self._types, self._each = Counts(), Counts(), Counts(), Counts()
        self._predicates, self._categories, self._lengths = Counts(), Counts(), Counts()

    @staticmethod
    def of_catalog(videos: pl.DataFrame) -> Tally:
        """Of the videos in `videos` (rows of the catalog) that decode and that no newer version supersedes."""
        current = videos.filter(pl.col("superseded_by").is_null())
        unreadable = current.filter(~pl.col("status").is_in(["ok", "registered"])).height
        return Tally(current.filter(pl.col("status") == "ok"), unreadable=unreadable)

    def add_objects(self, rows: pl.DataFrame) -> None:
        """Rows of objects: `video_id`, `object_id`; the row -1 of a video is none."""
        self._objects.add(self._ours(rows.filter(pl.col("object_id") >= 0))["video_id"])

    def add_labels(self, rows: pl.DataFrame) -> None:
        """Rows of the names that stand: `video_id`, `name`, `verdict`, `attributes`."""
        ours = self._ours(rows)
        sizes = ours["attributes"].list.len().fill_null(0)
        self._names.add(ours["name"])
        self._verdicts.add(ours["verdict"])
        self._each.add(sizes)
        self._attributes.add(ours["video_id"], sizes)
        types = pl.col("attributes").explode(empty_as_null=False, keep_nulls=False).struct.field("type")
        self._types.add(ours.select(types)["type"])

    def add_relations(self, rows: pl.DataFrame) -> None:
        """Rows of relations: `video_id`, `predicate`, `category`, `spans`."""
        ours = self._ours(rows)
        self._relations.add(ours["video_id"])
        self._predicates.add(ours["predicate"])
        self._categories.add(ours["category"])
        span = pl.col("spans").explode(empty_as_null=False, keep_nulls=False).struct
        self._lengths.add(ours.select(seconds=span.field("end") - span.field("start"))["seconds"])

    def statistics(self) -> Statistics:
        """The figures of all that was added."""
        frames, videos = Counts(), self._videos
        frames.add(videos["num_frames"])
        names, verdicts = _canonical(self._names.by_value()), self._verdicts.by_value()
        categories = self._categories.by_value()
        labels = max(1, self._each.total())
        return Statistics(
            videos=videos.height,
            unreadable=self._unreadable,
            seconds=round(float(videos["duration"].sum()), 3),
            frames=int(videos["num_frames"].cast(pl.Int64).sum()),
            frames_per_video=frames.spread(),
            objects=self._objects.total(),
            objects_per_video=self._per_video(self._objects),
            object_classes=len(names.keys() - {UNKNOWN_NAME}),
            names=names,
            attributes=self._attributes.total(),
            attributes_per_object=self._each.spread(),
            attributes_per_video=self._per_video(self._attributes),
            attribute_types=self._types.by_value(),
            relations=self._relations.total(),
            relations_per_video=self._per_video(self._relations),
            relation_classes=self._predicates.frame().height,
            predicates=self._predicates.by_value(),
            categories={c.value: categories.get(c.value, 0) for c in Category},
            spans=self._lengths.total(),
            span_seconds=self._lengths.spread(),
            verdicts={v.value: verdicts.get(v.value, 0) for v in Verdict},
            verified_share=round(verdicts.get(Verdict.SUPPORTED.value, 0) / labels, 4),
            unnamed_share=round(names.get(UNKNOWN_NAME, 0) / labels, 4),
        )

    def _ours(self, rows: pl.DataFrame) -> pl.DataFrame:
        ours = rows.join(self._ids, on="video_id", how="semi")
        if "model_id" in ours.columns:
            self.annotators.update(ours["model_id"].drop_nulls().unique())
        return ours

    def _per_video(self, counted: Counts) -> Spread:
        """Of the videos without a row, too: they have 0."""
        found = counted.frame().rename({"value": "video_id"}).cast({"video_id": pl.String})
        sizes = self._ids.join(found, on="video_id", how="left")["count"].fill_null(0)
        spread = Counts()
        spread.add(sizes)
        return spread.spread()


def statistics_of(
    *, videos: pl.DataFrame, trajectories: pl.DataFrame, labels: pl.DataFrame, relations: pl.DataFrame
) -> Statistics:
    """The figures of whole tables: `videos`, `trajectories`, `labels` (stage `verified`; others are skipped) and
    `relations`. Rows of unreadable and superseded videos are not counted.
    """
    tally = Tally.of_catalog(videos)
    tally.add_objects(trajectories)
    tally.add_labels(labels.filter(pl.col("stage") == "verified"))
    tally.add_relations(relations)
    return tally.statistics()


def _added_up(counted: pl.DataFrame) -> pl.DataFrame:
    return counted.group_by("value").agg(pl.col("count").sum())


def _canonical(names: Mapping[str, int]) -> dict[str, int]:
    meant = canonical_names(names)
    counted: dict[str, int] = {}
    for name, count in names.items():
        counted[meant[name]] = counted.get(meant[name], 0) + count
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _bins(values: Numbers, counts: Numbers, *, whole: bool) -> dict[str, int]:
    """Counts by powers of two, from the first bin that is not empty to the last; what is less than `LEAST` is one bin.

    `whole` numbers begin with 0, and their bins are named by the numbers in them.
    """
    least = 0 if whole else LEAST
    places = np.maximum(np.frexp(values)[1] - 1, least - 1)  # of the power of two that is not above the value
    places = np.where(values < 2.0**least, least - 1, places)
    summed = np.bincount(places - (least - 1), weights=counts).astype(np.int64)
    used = np.flatnonzero(summed)
    return {_bin(least - 1 + i, least, whole): int(summed[i]) for i in range(int(used[0]), int(used[-1]) + 1)}


def _bin(exponent: int, least: int, whole: bool) -> str:
    if exponent < least:
        return "0" if whole else f"<{2.0**least:g}"
    low, high = 2.0**exponent, 2.0 ** (exponent + 1)
    if not whole:
        return f"{low:g}–{high:g}"
    return f"{low:.0f}" if exponent == 0 else f"{low:.0f}–{high - 1:.0f}"

"""Check of the assembled graphs: they hold what the tables hold."""

from __future__ import annotations

from collections import Counter

import polars as pl

from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Outcome, Problem, check


@check("counts_agree", phase="scene_graphs")
def counts_agree(tables: PhaseTables) -> Outcome:
    """The graph of every video counts as many objects, attributes and relations as the tables it was assembled from."""
    labels = tables.labels("verified")
    attributes = labels.select("video_id", pl.col("attributes").list.len().fill_null(0).alias("n"))
    expected = {
        "num_objects": Counter(tables.trajectories["video_id"]),
        "num_relations": Counter(tables.relations["video_id"]),
        "num_attributes": Counter(dict(attributes.group_by("video_id").sum().iter_rows())),
    }
    rows = {row["video_id"]: row for row in tables.scene_graphs.iter_rows(named=True)}
    problems = [
        Problem(video_id, message, {"column": column, "counted": counts[video_id]})
        for video_id in tables.video_ids
        for column, counts in expected.items()
        for found in (rows.get(video_id, {}).get(column),)
        if (message := _disagreement(column, found, counts[video_id], there=video_id in rows))
    ]
    return Outcome(problems)


def _disagreement(column: str, found: int | None, counted: int, *, there: bool) -> str:
    if not there:
        return "no scene graph was assembled" if column == "num_objects" else ""
    return "" if found == counted else f"the graph says {column} = {found}, the tables hold {counted}"


CHECKS = (counts_agree,)

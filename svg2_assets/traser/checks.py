"""Checks of the asset `traser_predictions`: answers that came to their end, triplets told once, times of the clip."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from resources.store.resource import SceneGraphStoreResource
from svg2_assets.catalog.lookup import CatalogEntry, entries
from svg2_assets.partitions import VIDEO_BATCHES
from svg2_assets.traser.predicting import TABLE

ASSET = "traser_predictions"
LEAST_VALID = 0.95
TOLERANCE = 1e-6  # seconds
REPEATED, OUTSIDE, HARMLESS = "repeated relation", "outside the clip", "uncertain"  # as `answers.Flaw` has them
MOST_ROWS = 100

Row = Mapping[str, Any]
Fault = tuple[str, bool]
"""What is wrong with a row, and whether it is with the graph itself, not with the text that it was read from."""


def invalid(row: Row, duration: float) -> list[Fault]:  # noqa: ARG001 - rules have one signature
    """An answer that was cut, or of which something had to be left out."""
    told = [r for r in row["remarks"] if not r.startswith(HARMLESS)]
    cut = [] if row["complete"] else [("the answer did not come to its end", False)]
    return [*cut, *((r, False) for r in told)]


def repeats(row: Row, duration: float) -> list[Fault]:  # noqa: ARG001
    """A (subject, predicate, object) that is told more than once."""
    keys = Counter((r["subject"], r["predicate"], r["object"]) for r in row["relations"])
    stored = [(f"{list(key)} stands {n} times", True) for key, n in keys.items() if n > 1]
    return [*stored, *((r, False) for r in row["remarks"] if r.startswith(REPEATED))]


def outside(row: Row, duration: float) -> list[Fault]:
    """A time before the clip begins or after it ends."""
    stored = [
        (f"[{r['subject']}, {r['predicate']!r}, {r['object']}] from {s['start']:g} to {s['end']:g} s", True)
        for r in row["relations"]
        for s in r["spans"]
        if s["start"] < 0 or s["end"] > duration + TOLERANCE
    ]
    return [*stored, *((r, False) for r in row["remarks"] if r.startswith(OUTSIDE))]


RULES: Mapping[str, tuple[str, Callable[[Row, float], list[Fault]]]] = {
    "answers_are_valid": (f"At least {LEAST_VALID:.0%} of the answers were whole and without a flaw.", invalid),
    "triplets_are_told_once": ("No subject, predicate and object stand together twice.", repeats),
    "spans_are_inside": ("No relation holds at a time that the video does not have.", outside),
}
SPECS = [
    dg.AssetCheckSpec(name, asset=ASSET, description=text, partitions_def=VIDEO_BATCHES)
    for name, (text, _) in RULES.items()
]


@dg.multi_asset_check(name="traser_predictions_checks", specs=SPECS, can_subset=True)
def prediction_checks(
    context: dg.AssetCheckExecutionContext, store: SceneGraphStoreResource
) -> Iterator[dg.AssetCheckResult]:
    """Judge the rows of the run's partitions, and show each check key by key."""
    opened = store.open()
    operation = context.op_execution_context
    catalog = entries(opened, partitions=operation.partition_keys)
    lengths = opened.read("videos", video_ids=list(catalog), columns=("video_id", "duration"))
    durations = dict(lengths.iter_rows())
    rows = opened.read(TABLE, video_ids=list(catalog)).to_dicts()
    for spec in SPECS:
        if dg.AssetCheckKey(dg.AssetKey(ASSET), spec.name) in context.selected_asset_check_keys:
            rule = RULES[spec.name][1]
            faults = [(row, fault) for row in rows for fault in rule(row, durations[row["video_id"]] or 0.0)]
            yield _result(operation, spec.name, rows, faults, catalog=catalog)


def passes(name: str, rows: Sequence[Row], faults: Sequence[tuple[Row, Fault]]) -> bool:
    """Whether `rows` with these `faults` pass: some flawed answers do where the check is of their share."""
    if name != "answers_are_valid":
        return not faults
    flawed = {(row["video_id"], row["source"]) for row, _ in faults}
    return len(flawed) <= (1 - LEAST_VALID) * len(rows)


def _result(
    context: dg.OpExecutionContext,
    name: str,
    rows: Sequence[Row],
    faults: Sequence[tuple[Row, Fault]],
    *,
    catalog: Mapping[str, CatalogEntry],
) -> dg.AssetCheckResult:
    """The check over all rows; in a run of several keys, one evaluation a key is logged beside it."""
    keys = list(context.partition_keys)
    for key in keys if len(keys) > 1 else ():
        mine = [r for r in rows if catalog[r["video_id"]].partition == key]
        of_key = [(r, f) for r, f in faults if catalog[r["video_id"]].partition == key]
        context.log_event(
            dg.AssetCheckEvaluation(  # type: ignore[arg-type]  # Dagster takes it, its annotation does not say so
                asset_key=dg.AssetKey(ASSET),
                check_name=name,
                passed=passes(name, mine, of_key),
                partition=key,
                severity=_severity(of_key),
                metadata=_metadata(mine, of_key),
                blocking=False,
            )
        )
    return dg.AssetCheckResult(
        passed=passes(name, rows, faults),
        asset_key=dg.AssetKey(ASSET),
        check_name=name,
        severity=_severity(faults),
        metadata=_metadata(rows, faults),
    )


def _severity(faults: Sequence[tuple[Row, Fault]]) -> dg.AssetCheckSeverity:
    """An error where the graph itself is wrong."""
    wrong = any(stored for _, (_, stored) in faults)
    return dg.AssetCheckSeverity.ERROR if wrong else dg.AssetCheckSeverity.WARN


def _metadata(rows: Sequence[Row], faults: Sequence[tuple[Row, Fault]]) -> dict[str, Any]:
    flawed = {(row["video_id"], row["source"]) for row, _ in faults}
    shown: dict[str, Any] = {"answers": len(rows), "flawed_answers": len(flawed)}
    if rows:
        shown["share_without_flaw"] = 1 - len(flawed) / len(rows)
    if faults:
        table = [
            dg.TableRecord(
                {"video": row["video_id"], "source": row["source"], "why": why, "texts": json.dumps(row["texts"])[:300]}
            )
            for row, (why, _) in faults[:MOST_ROWS]
        ]
        shown["rows"] = dg.MetadataValue.table(table)
    return shown


CHECKS = (prediction_checks,)

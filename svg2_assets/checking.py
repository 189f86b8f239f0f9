"""Checks under Dagster: a phase's rules judge its rows, the verdicts open and close gates, and Dagster shows them.

A gate is per video. Dagster evaluates a blocking check once a run and stops every key with it, so in a run of several
videos the gate is ours: the check says `warn` for the run and logs one evaluation a key.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.catalog.lookup import CatalogEntry, entries, states
from svg2_assets.partitions import VIDEO_BATCHES
from svg2_assets.quality.corpus import Corpus
from svg2_assets.quality.run import run_checks
from svg2_assets.quality.suites import SUITES, Suite
from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Severity, reason, verdicts_by_video
from svg2_assets.run_steps import checks_step, failure_text, is_last_step, problems_by_video, steps_of

MOST_ROWS = 100  # failing rows that one check's table shows


def judge(store: SceneGraphStore, phase: str, video_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Run the checks of `phase` over the rows of `video_ids`: video id -> {"gate", "checks" (JSON), "reason"}."""
    tables = PhaseTables(
        read=lambda table, ids: store.read(table, video_ids=ids),
        video_ids=tuple(video_ids),
        corpus=_corpus(store, phase),
    )
    verdicts = verdicts_by_video(run_checks(phase, tables))
    return {
        video_id: {
            "gate": "open" if verdict["open"] else "closed",
            "checks": json.dumps(verdict["checks"]),
            "reason": reason(verdict),
        }
        for video_id, verdict in verdicts.items()
    }


def record_gates(store: SceneGraphStore, phase: str, verdicts: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the verdicts into `phase_state`."""
    known = store.read("phase_state", video_ids=list(verdicts), where={"phase": phase})
    rows = [
        {**row, "gate": verdicts[row["video_id"]]["gate"], "checks": verdicts[row["video_id"]]["checks"]}
        for row in known.iter_rows(named=True)
    ]
    if rows:
        store.upsert("phase_state", rows)


def phase_checks(name: str) -> dg.AssetChecksDefinition:
    """The partitioned checks of one phase as one step that shows the stored verdicts, key by key.

    A gate is per video, so a check may only block (Dagster's word) where a run holds a single video.
    """
    suites = {suite.name: suite for suite in SUITES[name]}
    specs = [
        dg.AssetCheckSpec(
            suite.name,
            asset=name,
            description=suite.description(name),
            blocking=suite.blocking(name),
            partitions_def=VIDEO_BATCHES,
        )
        for suite in suites.values()
    ]

    @dg.multi_asset_check(name=checks_step(name), specs=specs, can_subset=True)
    def checks(context: dg.AssetCheckExecutionContext, store: SceneGraphStoreResource) -> Iterator[dg.AssetCheckResult]:
        opened = store.open()
        catalog = entries(opened, partitions=context.op_execution_context.partition_keys)
        if catalog and name not in steps_of(context.op_execution_context):
            done = [v for v, s in states(opened, list(catalog)).items() if name in s and s[name].status == "done"]
            if done:
                record_gates(opened, name, judge(opened, name, done))
        verdicts = _stored_verdicts(opened, name, list(catalog))
        for spec in specs:
            if dg.AssetCheckKey(dg.AssetKey(name), spec.name) in context.selected_asset_check_keys:
                yield _show(context.op_execution_context, spec, suites[spec.name], catalog=catalog, verdicts=verdicts)
        problems = problems_by_video(states(opened, list(catalog)), catalog, upto=name)
        if problems and len(catalog) > 1 and is_last_step(context.op_execution_context, checks_step(name)):
            raise dg.Failure(description=failure_text(name, problems, catalog))

    return checks


def _corpus(store: SceneGraphStore, phase: str) -> Corpus:
    """Names over the whole store, for the check that compares with it; only where a check asks for it."""
    if phase != "verified_labels":
        return Corpus()
    labels = store.read("labels", columns=["name"], where={"stage": "verified"})
    return Corpus.of(labels["name"].to_list())


def _stored_verdicts(store: SceneGraphStore, phase: str, video_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = store.read(
        "phase_state", video_ids=video_ids, columns=["video_id", "status", "error", "checks"], where={"phase": phase}
    )
    return {row["video_id"]: row for row in rows.iter_rows(named=True)}


def _show(
    context: dg.OpExecutionContext,
    spec: dg.AssetCheckSpec,
    suite: Suite,
    *,
    catalog: Mapping[str, CatalogEntry],
    verdicts: Mapping[str, Mapping[str, Any]],
) -> dg.AssetCheckResult:
    """One check's result for the run; in a run of several keys, one evaluation a key is logged beside it."""
    results = {v: _one_result(suite, verdicts.get(v)) for v in catalog}
    failed: dict[str, dict[str, Any]] = {v: r for v, r in results.items() if not r["passed"]}
    keys = list(context.partition_keys)
    if len(keys) > 1:
        for key in keys:
            mine = {v: r for v, r in failed.items() if catalog[v].partition == key}
            context.log_event(
                dg.AssetCheckEvaluation(  # type: ignore[arg-type]  # Dagster takes it, its annotation does not say so
                    asset_key=spec.asset_key,
                    check_name=spec.name,
                    passed=not mine,
                    partition=key,
                    severity=_severity(mine),
                    metadata=_check_metadata(mine, catalog),
                    blocking=False,
                )
            )
    stops = len(catalog) <= 1
    return dg.AssetCheckResult(
        passed=not failed,
        asset_key=spec.asset_key,
        check_name=spec.name,
        severity=_severity(failed) if stops else dg.AssetCheckSeverity.WARN,
        metadata={**_check_metadata(failed, catalog), "videos": len(catalog), "failing_videos": len(failed)},
    )


def _one_result(suite: Suite, verdict: Mapping[str, Any] | None) -> dict[str, Any]:
    """Whether one video passed every rule of `suite`, and the rows that failed, each with its rule."""
    if verdict is None:
        missing = {"rule": "", "message": "the phase has not run for this video", "severity": "warn", "row": {}}
        return {"passed": False, "failed": 1, "rows": [missing]}
    if verdict["status"] != "done":
        error = verdict["error"] or "the phase failed"
        broken: dict[str, Any] = {"rule": "", "message": error, "severity": "error", "row": {}}
        return {"passed": False, "failed": 1, "rows": [broken]}
    stored: dict[str, Any] = json.loads(verdict["checks"] or "{}")
    results = {rule: stored[rule] for rule in suite.rules if rule in stored}
    return {
        "passed": all(r["passed"] for r in results.values()),
        "failed": sum(r["failed"] for r in results.values()),
        "rows": [{"rule": rule, **row} for rule, r in results.items() for row in r["rows"]],
    }


def _severity(results: Mapping[str, Mapping[str, Any]]) -> dg.AssetCheckSeverity:
    rows = [row for result in results.values() for row in result["rows"]]
    if any(row["severity"] == Severity.ERROR for row in rows):
        return dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckSeverity.WARN


def _check_metadata(failed: Mapping[str, Mapping[str, Any]], catalog: Mapping[str, CatalogEntry]) -> dict[str, Any]:
    if not failed:
        return {}
    rows = [
        dg.TableRecord(
            {
                "video": v,
                "file": catalog[v].uri,
                "rule": row["rule"],
                "severity": row["severity"],
                "why": row["message"],
                "row": json.dumps(row["row"])[:500],
            }
        )
        for v, result in failed.items()
        for row in result["rows"]
    ]
    total = sum(int(r["failed"]) for r in failed.values())
    return {"failing_rows": total, "rows": dg.MetadataValue.table(rows[:MOST_ROWS])}

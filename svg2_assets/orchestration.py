"""Where phases meet Dagster: common arguments of assets, one run of a phase over a partition range, its events.

Dagster emits one materialization a key when an asset returns. When some videos of a range did not come through, the
events of the others are logged here instead, the run goes on with them, and the last phase of the run fails with one
`Failure` that names the rest. So one video never takes another's work with it, and no run is green by omission.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from resources import progress
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.catalog.lookup import CatalogEntry, entries, states
from svg2_assets.partitions import VIDEO_BATCHES, backfill_policy
from svg2_assets.phases import PHASES, Recipe, State
from svg2_assets.quality.corpus import Corpus
from svg2_assets.quality.run import run_checks
from svg2_assets.quality.suites import SUITES, Suite
from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Severity, reason, verdicts_by_video
from svg2_assets.runner import Outcome, PhaseRun, run_phase
from svg2_assets.scene.errors import printable
from svg2_assets.settings import from_environment

OWNERS = ["team:annotation"]
NO_EVENTS_FROM_DAGSTER = "__source_asset_observation__"
"""Output metadata under which Dagster 1.13 leaves an asset's events to the asset; a test holds it to that."""

MOST_NAMED = 20  # videos that one error text names


def phase_arguments(
    name: str, *, group: str, kinds: set[str], description: str, pool: str | None = None
) -> dict[str, Any]:
    """The arguments that every phase asset gives to `@dg.asset`."""
    phase = PHASES[name]
    return {
        "name": name,
        "deps": list(phase.upstream),
        "partitions_def": VIDEO_BATCHES,
        "backfill_policy": backfill_policy(from_environment().partitions_per_run),
        "code_version": phase.code_version,
        "group_name": group,
        "kinds": kinds,
        "owners": OWNERS,
        "description": description,
        "pool": pool,
    }


def materialize_phase(
    context: dg.AssetExecutionContext,
    recipe: Recipe,
    *,
    store: SceneGraphStoreResource,
    work: Callable[[SceneGraphStore, CatalogEntry], Outcome],
) -> PhaseRun:
    """Bring the videos of the run's partitions up to date in one phase and tell Dagster, key by key."""
    opened = store.open()
    catalog = entries(opened, partitions=context.partition_keys)
    settings = from_environment()
    name = recipe.phase.name
    run = run_phase(
        recipe,
        list(catalog),
        states=states(opened, list(catalog)),
        contents={v: e.content for v, e in catalog.items()},
        partitions={v: e.partition for v, e in catalog.items()},
        work=lambda video_id: work(opened, catalog[video_id]),
        writer=lambda: opened.writer(
            run_id=context.run_id, flush_videos=settings.flush_videos, flush_seconds=settings.flush_seconds
        ),
        judge=lambda video_ids: judge(opened, name, video_ids),
        record_gates=lambda verdicts: record_gates(opened, name, verdicts),
        run_id=context.run_id,
        started=lambda video_id, i, n: progress.started(name, catalog[video_id].uri, i, n),
    )
    context.log.info(run.summary())
    _report(context, run, recipe=recipe, catalog=catalog)
    return run


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
        if catalog and name not in _steps(context.op_execution_context):
            done = [v for v, s in states(opened, list(catalog)).items() if name in s and s[name].status == "done"]
            if done:
                record_gates(opened, name, judge(opened, name, done))
        verdicts = _stored_verdicts(opened, name, list(catalog))
        for spec in specs:
            if dg.AssetCheckKey(dg.AssetKey(name), spec.name) in context.selected_asset_check_keys:
                yield _show(context.op_execution_context, spec, suites[spec.name], catalog=catalog, verdicts=verdicts)
        problems = problems_by_video(states(opened, list(catalog)), catalog, upto=name)
        if problems and len(catalog) > 1 and _is_last_step(context.op_execution_context, checks_step(name)):
            raise dg.Failure(description=_failure_text(name, problems, catalog))

    return checks


def checks_step(phase: str) -> str:
    """The name of the step that shows the checks of `phase`."""
    return f"{phase}_checks"


def problems_by_video(
    known: Mapping[str, Mapping[str, State]], video_ids: Iterable[str], *, upto: str
) -> dict[str, str]:
    """video id -> why it did not come through the phases up to `upto`; videos that did are left out."""
    problems: dict[str, str] = {}
    for video_id in video_ids:
        for name in list(PHASES)[: list(PHASES).index(upto) + 1]:
            text = _problem(name, known.get(video_id, {}).get(name))
            if text:
                problems[video_id] = text
                break
    return problems


def _problem(phase: str, state: State | None) -> str:
    if state is None:
        return f"{phase} has not run"
    if state.status == "failed":
        return state.error or f"{phase} failed"
    return f"a check of {phase} closed the gate" if state.gate == "closed" else ""


def _report(
    context: dg.AssetExecutionContext, run: PhaseRun, *, recipe: Recipe, catalog: Mapping[str, CatalogEntry]
) -> None:
    """Tell Dagster which keys came through, and raise where the run can or must not go on."""
    by_key: dict[str, list[str]] = {key: [] for key in context.partition_keys}
    for video_id, entry in catalog.items():
        by_key[entry.partition].append(video_id)
    missing = {**run.plan.blocked, **run.failed}
    came_through = [
        key for key, ids in by_key.items() if not set(ids) & set(run.failed) and set(ids) - set(run.plan.blocked)
    ]
    context.add_output_metadata({"summary": run.summary()})
    key_metadata = {key: _metadata(run, recipe=recipe, videos=by_key[key]) for key in came_through}
    if len(came_through) == len(by_key):
        for key, metadata in key_metadata.items():
            context.add_asset_metadata(metadata, asset_key=context.asset_key, partition_key=key)
    else:
        for key, metadata in key_metadata.items():
            context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
        context.add_output_metadata({NO_EVENTS_FROM_DAGSTER: True})
    if (missing or not catalog) and (len(catalog) <= 1 or _is_last_step(context, recipe.phase.name)):
        raise dg.Failure(description=_failure_text(recipe.phase.name, missing, catalog))


def _metadata(run: PhaseRun, *, recipe: Recipe, videos: Sequence[str]) -> dict[str, Any]:
    """What a partition's event shows: counts, seconds, model, links."""
    shown: dict[str, Any] = {"videos": len(videos), "code_version": recipe.phase.code_version}
    if recipe.model_id:
        shown["model"] = recipe.model_id
    fresh = set(run.plan.fresh) & set(videos)
    if fresh:
        shown["fresh"] = len(fresh)
    measured = [run.measures[v] for v in videos if v in run.measures]
    for key in dict.fromkeys(k for m in measured for k in m):
        values = [m[key] for m in measured if key in m]
        if isinstance(values[0], int | float):
            shown[key] = round(sum(values), 3)
        elif len(measured) == 1:
            shown[key] = values[0]
    problems = {v: run.problems[v] for v in videos if v in run.problems}
    if problems:
        shown["problems"] = _problem_table(problems)
    return shown


def _problem_table(problems: Mapping[str, str]) -> dg.TableMetadataValue:
    rows = [dg.TableRecord({"video": v, "reason": text}) for v, text in list(problems.items())[:MOST_NAMED]]
    return dg.MetadataValue.table(rows)


def _failure_text(phase: str, problems: Mapping[str, str], catalog: Mapping[str, CatalogEntry]) -> str:
    if not catalog:
        return f"{phase}: no video is registered under these partitions; add videos with `svg2 annotate` or a drop"
    lines = [f"{printable(catalog[v].uri)} ({v}): {text}" for v, text in list(problems.items())[:MOST_NAMED]]
    more = len(problems) - len(lines)
    if more > 0:
        lines.append(f"and {more} more; `svg2 status` lists them all")
    return f"{len(problems)} of {len(catalog)} videos did not come through {phase}:\n" + "\n".join(lines)


def _is_last_step(context: dg.AssetExecutionContext | dg.OpExecutionContext, step: str) -> bool:
    """Whether no later phase or check follows in this run: then problems must turn the run red here."""
    steps = _steps(context)
    ran = [s for name in PHASES for s in (name, checks_step(name)) if s in steps]
    return not ran or ran[-1] == step


def _steps(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> frozenset[str]:
    """The step keys of this run's plan; empty outside a real run."""
    plan_id = context.run.execution_plan_snapshot_id
    if plan_id is None:
        return frozenset()
    return frozenset(context.instance.get_execution_plan_snapshot(plan_id).step_keys_to_execute)


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
    failed = {v: r for v, r in results.items() if not r["passed"]}
    keys = list(context.partition_keys)
    if len(keys) > 1:
        for key in keys:
            mine = {v: r for v, r in failed.items() if catalog[v].partition == key}
            context.log_event(
                dg.AssetCheckEvaluation(
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
        failed = {"rule": "", "message": error, "severity": "error", "row": {}}
        return {"passed": False, "failed": 1, "rows": [failed]}
    stored = json.loads(verdict["checks"] or "{}")
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
    return {"failing_rows": total, "rows": dg.MetadataValue.table(rows[:100])}

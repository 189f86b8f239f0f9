"""Where phases meet Dagster: common arguments of assets, one run of a phase over a partition range, its events.

Dagster emits one materialization a key when an asset returns. When some videos of a range did not come through, the
events of the others are logged here instead, the run goes on with them, and the last phase of the run fails with one
`Failure` that names the rest. So one video never takes another's work with it, and no run is green by omission. Only a
backend that can work for no video ends the run at once, with what is wrong with it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from resources import progress
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets import memory
from svg2_assets.catalog.lookup import CatalogEntry, entries, states
from svg2_assets.checking import judge, record_gates
from svg2_assets.partitions import VIDEO_BATCHES, backfill_policy
from svg2_assets.phases import PHASES, Recipe, plan
from svg2_assets.quality.expectations import load_ahead
from svg2_assets.run_steps import MOST_NAMED, failure_text, is_last_step, steps_of
from svg2_assets.runner import Outcome, PhaseRun, Rate, run_phase
from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.settings import from_environment

OWNERS = ["team:annotation"]
NO_EVENTS_FROM_DAGSTER = "__source_asset_observation__"
"""Output metadata under which Dagster 1.13 leaves an asset's events to the asset; a test holds it to that."""


def phase_asset(
    name: str, *, group: str, kinds: set[str], description: str, pool: str | None = None
) -> Callable[[Callable[..., None]], dg.AssetsDefinition]:
    """`@dg.asset` with what all phase assets have in common: partitions, lineage, backfill policy, code version."""
    phase = PHASES[name]
    return dg.asset(
        name=name,
        deps=list(phase.upstream),
        partitions_def=VIDEO_BATCHES,
        backfill_policy=backfill_policy(from_environment().partitions_per_run),
        code_version=phase.code_version,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        description=description,
        pool=pool,
    )


def materialize_phase(
    context: dg.AssetExecutionContext,
    recipe: Recipe,
    *,
    store: SceneGraphStoreResource,
    work: Callable[[SceneGraphStore, CatalogEntry], Outcome],
    before: Callable[[SceneGraphStore, Sequence[CatalogEntry]], None] | None = None,
) -> PhaseRun:
    """Bring the videos of the run's partitions up to date in one phase and tell Dagster, key by key.

    `before` hears which videos there is work for before it begins.
    """
    memory.give_back()  # what the phase before has let go of
    opened = store.open()
    catalog = entries(opened, partitions=context.partition_keys)
    settings = from_environment()
    name = recipe.phase.name

    def started(video_id: str, number: int, total: int) -> None:
        progress.started(name, catalog[video_id].uri, number, total)
        # Not beside tracking, which takes the most memory: what it needs is released before this comes.
        if name == "descriptions" and "parsed_labels" in steps_of(context):
            load_ahead()

    def worked(video_id: str) -> Outcome:
        try:
            return work(opened, catalog[video_id])
        finally:
            memory.give_back()

    memory.few_arenas()
    known = states(opened, list(catalog))
    contents = {v: e.content for v, e in catalog.items()}
    todo = plan(recipe, list(catalog), known, contents=contents).todo if before is not None else ()
    if before is not None and todo and not recipe.unusable:
        before(opened, [catalog[v] for v in todo])
    run = run_phase(
        recipe,
        list(catalog),
        states=known,
        contents=contents,
        partitions={v: e.partition for v, e in catalog.items()},
        work=worked,
        writer=lambda: opened.writer(
            run_id=context.run_id, flush_videos=settings.flush_videos, flush_seconds=settings.flush_seconds
        ),
        judge=lambda video_ids: judge(opened, name, video_ids),
        record_gates=lambda verdicts: record_gates(opened, name, verdicts),
        run_id=context.run_id,
        started=started,
    )
    context.log.info(run.summary())
    _report(context, run, recipe=recipe, catalog=catalog)
    return run


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
    if run.unusable and run.failed:
        raise UnusableBackend(run.unusable)
    if (missing or not catalog) and (len(catalog) <= 1 or is_last_step(context, recipe.phase.name)):
        raise dg.Failure(description=failure_text(recipe.phase.name, missing, catalog))


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
        elif isinstance(values[0], Rate):
            shown[key] = Rate(sum(v.count for v in values), sum(v.of for v in values)).share
        elif len(measured) == 1:
            shown[key] = values[0]
    problems = {v: run.problems[v] for v in videos if v in run.problems}
    if problems:
        shown["problems"] = _problem_table(problems)
    return shown


def _problem_table(problems: Mapping[str, str]) -> dg.TableMetadataValue:
    rows = [dg.TableRecord({"video": v, "reason": text}) for v, text in list(problems.items())[:MOST_NAMED]]
    return dg.MetadataValue.table(rows)

"""Assets `traser_samples` (graphs to tagged training samples), `traser_checkpoint` and `traser_predictions`.

torch is imported within the steps that need it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from resources import progress
from resources.media.resource import MediaResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.traser_data import TaggedSamples
from svg2_assets.catalog.lookup import CatalogEntry, entries
from svg2_assets.orchestration import OWNERS
from svg2_assets.partitions import VIDEO_BATCHES, backfill_policy
from svg2_assets.phases import digest
from svg2_assets.run_steps import failure_text
from svg2_assets.settings import from_environment
from svg2_assets.traser.collecting import collect, publish
from svg2_assets.traser.footage import footage_in
from svg2_assets.traser.forms import read_form
from svg2_assets.traser.predicting import Predicted, Predicting, predict
from svg2_assets.traser.samples.settings import GraphSampleSettings, Stored
from svg2_assets.traser.text import Task
from svg2_assets.traser.training.settings import Setup, read_setup

GROUP = "traser"
RELEASED = "UWGZQ/TRASER"
FILE = (".yaml", ".yml")
CURVE_ROWS = 20


class SamplesConfig(dg.Config):
    """How graphs become samples."""

    config: str = Field(default="", description="YAML of what is sampled, filtered and capped, or the path of a file.")
    changes: list[str] = Field(default=[], description="key=value over it, such as objects.most=20.")
    tag: str = Field(default="", description="Name of the tagged version; made from the time when empty.")


class TrainingConfig(dg.Config):
    """A training setup; the released checkpoint is where it begins if it does not say."""

    config: str = Field(default="", description="YAML of the setup, or the path of a file such as configs/tiny.yaml.")
    changes: list[str] = Field(default=[], description="key=value over it, such as steps=500.")


class PredictionsConfig(dg.Config):
    """Who is asked."""

    checkpoint: str = Field(default="", description="Folder or Hub id; that of traser_checkpoint when empty.")
    source: str = Field(default="traser", description="Name under which the graphs are kept.")
    preset: str = Field(default="", description="paper, release, hub or default; as it was trained when empty.")
    task: str = Field(default="scene_graph", description="scene_graph, relationships, attributes or objects.")
    batch: int = Field(default=8, ge=1, description="Videos asked about together; fewer where they are long.")


@dg.asset(
    deps=["scene_graphs"],
    group_name=GROUP,
    kinds={"lancedb"},
    owners=OWNERS,
    code_version="1",
    description="Training samples of all scene graphs whose checks passed, kept under a tag of the store.",
)
def traser_samples(
    context: dg.AssetExecutionContext, config: SamplesConfig, store: SceneGraphStoreResource, media: MediaResource
) -> dg.MaterializeResult[None]:
    """Collect and tag."""
    opened = store.open()
    how = read_form(GraphSampleSettings, *_file(config.config), text=_text(config.config), changes=config.changes)
    whole, opening = how.pictures.stored is Stored.NONE, media.frames_of_samples().open
    with footage_in(how.videos, glance=media.glance, opening=opening, whole=whole) as footage:
        done = collect(
            opened,
            how,
            open_video=lambda video_id: media.source(opened, video_id),
            footage=footage,
            run_id=context.run_id,
            heard=lambda uri, number, total: progress.started("traser_samples", uri, number, total),
        )
    context.log.info(done.summary())
    published = publish(opened, config.tag, unchanged=not done.written and not done.gone)
    by_split = [dg.TableRecord({"dataset": d, "split": s, "samples": n}) for (d, s), n in published.samples.items()]
    counts = [dg.TableRecord({"of": w, "reason": y, "count": n}) for w, y, n in published.counts.rows()]
    metadata: dict[str, Any] = {
        "tag": published.tag,
        "samples": sum(published.samples.values()),
        "summary": done.summary(),
        "by_split": dg.MetadataValue.table(by_split),
        "filters": dg.MetadataValue.table(counts),
    }
    origins = [
        dg.TableRecord({"dataset": d, "source": s, "licence": x, "samples": n})
        for (d, s, x), n in published.origins.items()
    ]
    metadata["origins"] = dg.MetadataValue.table(origins)
    problems = {**done.blocked, **done.failed}
    problems |= {f"{n} videos: {why}": ", ".join(done.examples[r]) for r, why, n in done.left_out()}
    if problems:
        metadata["without_sample"] = _problems(problems)
    return dg.MaterializeResult(metadata=metadata)


@dg.asset(
    deps=["traser_samples"],
    group_name=GROUP,
    kinds={"pytorch"},
    owners=OWNERS,
    code_version="1",
    pool="gpu",
    description="A trained TRASER. A run that was interrupted goes on where its last checkpoint is.",
)
def traser_checkpoint(
    context: dg.AssetExecutionContext, config: TrainingConfig, store: SceneGraphStoreResource, media: MediaResource
) -> dg.MaterializeResult[None]:
    """Train."""
    from svg2_assets.traser.training.running import Watcher, run_training

    setup = _setup(config)
    given = setup.data.store
    opened = SceneGraphStoreResource(uri=given).open() if given else store.open()
    data = TaggedSamples(opened, setup.data.tag)
    if "folder" not in setup.model_fields_set:
        setup = setup.model_copy(update={"folder": _folder(setup, data.tag)})

    def measured(record: Mapping[str, Any]) -> None:
        if record["kind"] != "train" or record["step"] % setup.logging == 0:
            context.log.info("step %d: %s loss %.4f", record["step"], record["kind"], record["loss"])

    trained = run_training(
        setup, data, library=media.frames_of_samples(), watcher=Watcher(began=context.log.info, measured=measured)
    )
    return dg.MaterializeResult(metadata=_shown_run(trained, data, setup))


@dg.asset(
    deps=["traser_checkpoint", "trajectories"],
    partitions_def=VIDEO_BATCHES,
    backfill_policy=backfill_policy(from_environment().partitions_per_run),
    group_name=GROUP,
    kinds={"pytorch", "lancedb"},
    owners=OWNERS,
    code_version="1",
    pool="gpu",
    description="Scene graphs that TRASER tells of the store's trajectories, kept beside the annotated ones by source.",
)
def traser_predictions(
    context: dg.AssetExecutionContext, config: PredictionsConfig, store: SceneGraphStoreResource, media: MediaResource
) -> None:
    """Ask."""
    from svg2_assets.traser.generation.telling import Teller, identity_of

    opened = store.open()
    checkpoint = config.checkpoint or last_checkpoint(context.instance)
    catalog = entries(opened, partitions=context.partition_keys)
    done = predict(
        opened,
        [v for v, e in catalog.items() if e.superseded_by is None],
        Predicting(config.source, identity_of(checkpoint), Task(config.task), {"preset": config.preset}),
        teller=lambda: Teller.open(checkpoint, preset=config.preset),
        open_video=lambda video_id: media.source(opened, video_id),
        batch=config.batch,
        run_id=context.run_id,
        heard=lambda uri, number, total: progress.started("traser_predictions", uri, number, total),
    )
    context.log.info(done.summary())
    _report(context, done, catalog=catalog, source=config.source)


def last_checkpoint(instance: dg.DagsterInstance) -> str:
    """The folder of the checkpoint that `traser_checkpoint` made last. Raises `dg.Failure` where it made none."""
    event = instance.get_latest_materialization_event(dg.AssetKey("traser_checkpoint"))
    made = event.asset_materialization if event is not None else None
    if made is None or "checkpoint" not in made.metadata:
        raise dg.Failure(
            f"traser_predictions: no checkpoint yet. Materialize traser_checkpoint, or name one: checkpoint: {RELEASED}"
        )
    return str(made.metadata["checkpoint"].value)


def _report(
    context: dg.AssetExecutionContext, done: Predicted, *, catalog: Mapping[str, CatalogEntry], source: str
) -> None:
    """One event a key that came through; raises for the videos that did not."""
    missing = {**done.blocked, **done.failed}
    by_key: dict[str, list[str]] = {key: [] for key in context.partition_keys}
    for video_id, entry in catalog.items():
        if entry.superseded_by is None:
            by_key[entry.partition].append(video_id)
    through = [key for key, ids in by_key.items() if ids and not set(ids) & set(missing)]
    for key in through:
        measures = [done.measures[v] for v in by_key[key] if v in done.measures]
        figures = {k: sum(m[k] for m in measures) for k in ("objects", "relations", "tokens", "seconds")}
        metadata: dict[str, Any] = {"source": source, "videos": len(by_key[key]), **(figures if measures else {})}
        if missing:
            context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
        else:
            context.add_asset_metadata(metadata, asset_key=context.asset_key, partition_key=key)
    if missing or not catalog:
        raise dg.Failure(description=failure_text("traser_predictions", missing, catalog))


def _setup(config: TrainingConfig) -> Setup:
    """The setup; the released checkpoint where it names no model."""
    changes = list(config.changes)
    whole = config.config.strip()
    if not whole and not any(c.startswith("model") for c in changes):
        whole = f"model: {{source: {RELEASED}}}"
    return read_setup(*_file(whole), text=_text(whole), changes=changes)


def _folder(setup: Setup, tag: str) -> Path:
    """Where a run is that names no folder: the same for the same setup and samples, so that it can be resumed."""
    decisive = setup.model_dump(mode="json", exclude={"folder", "evaluating", "saving", "logging"})
    return from_environment().home.absolute() / "traser" / f"run-{digest(decisive, tag)}"


def _shown_run(trained: Any, data: TaggedSamples, setup: Setup) -> dict[str, Any]:
    """Where the checkpoint is, its curve as a picture and a table, and some answers."""
    from svg2_assets.traser.training.metrics import HELD_OUT, curve, smoothed
    from svg2_assets.traser.training.plotting import write_curve

    learned, held_out = curve(trained.records), curve(trained.records, kind=HELD_OUT)
    picture = write_curve(trained.folder / "curve.png", learned, held_out)
    shown: dict[str, Any] = {
        "checkpoint": dg.MetadataValue.path(str(trained.kept.folder)),
        "step": trained.kept.step,
        "tag": data.tag,
        "samples": trained.samples,
        "preset": setup.preset,
        "curve": dg.MetadataValue.path(str(picture)),
        "loss_by_step": dg.MetadataValue.md(_markdown(smoothed(learned, most=CURVE_ROWS), held_out)),
    }
    if learned:
        shown["loss"] = learned[-1][1]
    if held_out:
        shown["held_out_loss"] = held_out[-1][1]
    if trained.skipped:
        shown["samples_not_used"] = dict(trained.skipped)
    answers = _answers(trained, data, setup)
    if answers:
        shown["answers"] = dg.MetadataValue.md(answers)
    return shown


def _answers(trained: Any, data: TaggedSamples, setup: Setup) -> str:
    from svg2_assets.traser.generation.telling import Teller
    from svg2_assets.traser.training.evaluating import score_samples

    if not setup.evaluating.answers or not trained.held_out:
        return ""
    teller = Teller(trained.model, trained.tokenizer, trained.preset)
    found = score_samples(teller, data.source, setup.data.measuring(), most=setup.evaluating.answers)
    return "\n\n".join(f"**{a.video_id}**\n\ntruth\n```\n{a.truth}\n```\ntold\n```\n{a.answer}\n```" for a in found)


def _markdown(learned: Sequence[tuple[int, float]], held_out: Sequence[tuple[int, float]]) -> str:
    rows = [(step, f"{value:.4f}", "") for step, value in learned]
    rows += [(step, "", f"{value:.4f}") for step, value in held_out]
    lines = [f"| {step} | {a} | {b} |" for step, a, b in sorted(rows)]
    return "\n".join(["| step | learned from | held out |", "| ---: | ---: | ---: |", *lines])


def _problems(problems: Mapping[str, str]) -> dg.TableMetadataValue:
    rows = [dg.TableRecord({"video": v, "reason": text}) for v, text in list(problems.items())[:100]]
    return dg.MetadataValue.table(rows)


def _file(given: str) -> tuple[Path, ...]:
    """The path that `given` is, if it is one."""
    one = given.strip()
    return (Path(one),) if one.endswith(FILE) and "\n" not in one else ()


def _text(given: str) -> str:
    return "" if _file(given) else given

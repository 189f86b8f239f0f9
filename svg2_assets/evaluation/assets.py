"""Asset `graph_scores`: the store's predictions, and the graphs of its phases, against a truth of the store."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from resources import progress
from resources.store.resource import SceneGraphStoreResource
from svg2_assets.charts import write_lines
from svg2_assets.evaluation.graphs.settings import MAIN, THRESHOLDS, Settings
from svg2_assets.evaluation.graphs.tallies import Cell, Measure
from svg2_assets.evaluation.harness.choosing import Choice, choose
from svg2_assets.evaluation.harness.evaluating import Evaluation, Wanted, evaluate
from svg2_assets.evaluation.harness.sources import UnusableGraphs
from svg2_assets.evaluation.harness.tables import SHOWN, Block, blocks
from svg2_assets.evaluation.harness.views import View, compared
from svg2_assets.orchestration import OWNERS
from svg2_assets.settings import from_environment

NAME = "graph_scores"
COVERAGE = "all_truth_videos_are_scored"
MOST_NAMED = 100


class ScoresConfig(dg.Config):
    """What is compared with what."""

    truth: str = Field(
        default="",
        description="store:pipeline or store:imported:NAME. When empty, the one import that has videos of the catalog; "
        "without one the graphs of the phases, which predictions are compared with.",
    )
    systems: list[str] = Field(
        default=[], description="store:pipeline, store:predictions:NAME; all that there are when empty."
    )
    match: str = Field(
        default="",
        description="id (object k is object k) or viou (by place). When empty: by place against an import, whose "
        "trajectories are not the store's; else by id.",
    )
    tiou: float = Field(default=MAIN, ge=0, lt=1, description="tIoU that a relation must exceed.")
    criterion: str = Field(default="lenient", description="Whose sweep is drawn: strict or lenient.")


@dg.asset(
    deps=["scene_graphs", "traser_predictions"],
    check_specs=[
        dg.AssetCheckSpec(
            COVERAGE,
            asset=NAME,
            description="Every video of the truth could be read and has a usable prediction of every system.",
        )
    ],
    group_name="dataset",
    kinds={"polars"},
    owners=OWNERS,
    code_version="1",
    description="How right scene graphs are: names, attributes, relations and triplets against a truth in the store.",
)
def graph_scores(  # with a check beside it, Dagster takes no subscript on the result's type
    config: ScoresConfig, store: SceneGraphStoreResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Compare."""
    if config.criterion not in {"strict", "lenient"}:
        raise dg.Failure(f"{NAME}: criterion {config.criterion!r}: expected strict or lenient.")
    try:
        chosen = choose(store.open(), truth=config.truth, systems=config.systems, match=config.match)
        settings = Settings(thresholds=tuple(sorted({*THRESHOLDS, config.tiou})), main=config.tiou)
        found = evaluate(
            chosen.truth,
            [(source.name, source) for source in chosen.systems],
            Wanted(settings, chosen.match),
            heard=lambda name, done, all_: progress.started(NAME, name, done, all_),
        )
    except UnusableGraphs as error:
        raise dg.Failure(f"{NAME}: {error}") from error
    return dg.MaterializeResult(metadata=_metadata(found, chosen, config), check_results=[coverage(found)])


def coverage(found: Evaluation) -> dg.AssetCheckResult:
    """Whether every true video was scored for every system; those that were not are named."""
    missing = [(found.truth, v, why) for v, why in {**found.unreadable, **found.rejected}.items()]
    for s in found.systems:
        missing += [(s.name, v, s.unreadable.get(v, "no prediction")) for v in s.report.unpredicted]
    metadata: dict[str, Any] = {
        "true_videos": len(found.videos) + len(found.unreadable),
        "missing": len(missing),
    }
    if missing:
        rows = [dg.TableRecord({"of": of, "video": v, "why": why}) for of, v, why in missing[:MOST_NAMED]]
        metadata["videos"] = dg.MetadataValue.table(rows)
    return dg.AssetCheckResult(
        passed=not missing,
        check_name=COVERAGE,
        asset_key=dg.AssetKey(NAME),
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _metadata(found: Evaluation, chosen: Choice, config: ScoresConfig) -> dict[str, Any]:
    view = View(sweep=True, by=("category",))
    shown: Sequence[Block] = list(blocks(found, view, compared(found, view)))
    picture = write_lines(
        from_environment().home / "evaluation" / "graph_scores_sweep.png",
        {
            s.name: [
                (at, 100 * share)
                for at, share in s.report.curve(Cell(Measure.RELATIONS, config.criterion)).items()
                if at is not None and share is not None
            ]
            for s in found.systems
        },
        ticks="{:.2f}",
    )
    judges = {c.name: f"{c.judge.name} {c.judge.version}" for c in found.wanted.settings.criteria}
    metadata: dict[str, Any] = {
        "truth": found.truth,
        "systems": [s.name for s in found.systems],
        "videos": len(found.videos),
        "match": chosen.match.value,
        "why": chosen.why,
        "judges": judges,
        "scores": dg.MetadataValue.table(_records(shown)),
        "tables": dg.MetadataValue.md("\n".join(block.markdown() for block in shown)),
        "sweep": dg.MetadataValue.path(str(picture)),
    }
    main = found.wanted.settings.main
    for s in found.systems[:SHOWN]:
        recall = s.report.ratio(Cell(Measure.RELATIONS, config.criterion, main)).share
        if recall is not None:  # a number of its own is plotted over runs
            metadata[f"relation_recall_{s.name.removeprefix('store:')}".replace(":", "_")] = recall
    return metadata


def _records(shown: Sequence[Block]) -> list[dg.TableRecord]:
    figures = next(block for block in shown if block.title.startswith("Figures"))
    return [dg.TableRecord(dict(zip(figures.columns, row, strict=True))) for row in figures.rows]

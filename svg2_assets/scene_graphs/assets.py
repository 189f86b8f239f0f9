"""Assets `scene_graphs` (per video, with previews) and `dataset_statistics` (every data set of the store)."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from resources.media.resource import MediaResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.orchestration import OWNERS, materialize_phase, phase_asset
from svg2_assets.phases import PHASES, Recipe
from svg2_assets.runner import Outcome
from svg2_assets.scene.video import FrameSource
from svg2_assets.scene_graphs.assemble import assemble, summary
from svg2_assets.scene_graphs.charts import write_charts
from svg2_assets.scene_graphs.comparison import as_markdown, compared
from svg2_assets.scene_graphs.preview import write_previews
from svg2_assets.scene_graphs.sources import Figures, Kind, datasets_of, figures_of
from svg2_assets.scene_graphs.stored import read_relations, read_tracks, read_verified
from svg2_assets.settings import from_environment


@phase_asset(
    "scene_graphs",
    group="annotation",
    kinds={"python", "lancedb"},
    description="The assembled, validated scene graph of each video, with pictures to look at.",
)
def scene_graphs(context: dg.AssetExecutionContext, store: SceneGraphStoreResource, media: MediaResource) -> None:
    """Assemble."""
    previews = from_environment().previews

    def work(opened: SceneGraphStore, entry: CatalogEntry) -> Outcome:
        return graph_with_previews(opened, media.source(opened, entry.video_id), previews / entry.video_id)

    materialize_phase(context, Recipe(PHASES["scene_graphs"]), store=store, work=work)


@dg.asset(
    deps=["scene_graphs"],
    group_name="dataset",
    kinds={"polars"},
    owners=OWNERS,
    code_version="2",
    description="How large and how varied the data sets in the store are, beside others as published.",
)
def dataset_statistics(store: SceneGraphStoreResource) -> dg.MaterializeResult[None]:
    """Count."""
    opened, folder = store.open(), from_environment().home.absolute() / "statistics"
    found = [figures_of(opened, dataset) for dataset in datasets_of(opened)]
    shown: dict[str, dg.MetadataValue[Any]] = {"comparison": dg.MetadataValue.md(as_markdown(compared(found)))}
    for figures in found:
        shown |= _shown(figures, folder)
    return dg.MaterializeResult(metadata=shown)


def _shown(figures: Figures, folder: Path) -> dict[str, dg.MetadataValue[Any]]:
    """A data set as Dagster shows it: every figure, pictures of distributions, and numbers that are plotted by run."""
    name, told = figures.dataset.name, figures.statistics
    prefix = "" if figures.dataset.kind is Kind.OWN else f"{figures.dataset.kind.value} {name}: "
    rows = [dg.TableRecord({"figure": figure, "value": value}) for figure, value in told.as_rows()]
    picture = write_charts(folder / f"{figures.dataset.kind.value}-{name}.png", told.distributions())
    shown: dict[str, dg.MetadataValue[Any]] = {
        f"{prefix}statistics": dg.MetadataValue.table(rows),
        f"{prefix}distributions": dg.MetadataValue.path(str(picture)),
    }
    for figure in ("videos", "objects", "attributes", "relations", "object_classes", "relation_classes"):
        shown[f"{prefix}{figure}"] = dg.MetadataValue.int(getattr(told, figure))
    return shown | {f"{prefix}verified_share": dg.MetadataValue.float(told.verified_share)}


def graph_with_previews(store: SceneGraphStore, source: FrameSource, folder: Path) -> Outcome:
    """The row of one video's scene graph; writes its previews into `folder`."""
    video = source.video
    graph = assemble(
        video,
        read_tracks(store, video.id),
        labels=read_verified(store, video.id),
        relations=read_relations(store, video.id),
    )
    pictures = {kind.value: str(path) for kind, path in write_previews(source, graph, folder).items()}
    figures = summary(graph)
    row = {
        "video_id": video.id,
        "num_objects": figures["objects"],
        "num_relations": figures["relations"],
        "num_attributes": figures["attributes"],
        "object_names": sorted({o.name for o in graph.objects}),
        "predicates": sorted({r.predicate for r in graph.relations}),
        "previews": json.dumps(pictures),
        "summary": json.dumps(figures),
    }
    measures = {key: figures[key] for key in ("objects", "attributes", "relations")}
    links = {f"preview_{kind}": dg.MetadataValue.path(path) for kind, path in pictures.items()}
    return Outcome({"scene_graphs": [row]}, {**measures, **links})

"""Asset `relations`: Phase 3 of every video of a partition."""

from collections import Counter

import dagster as dg

from resources.media.resource import MediaResource
from resources.profiles import BackendsResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.beforehand import answered_by_batch
from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.orchestration import materialize_phase, phase_asset
from svg2_assets.recipes import recipe_of
from svg2_assets.relations.protocols import RelationExtractor
from svg2_assets.relations.rows import measures_of, to_rows
from svg2_assets.runner import Outcome
from svg2_assets.scene.video import FrameSource
from svg2_assets.scene_graphs.stored import read_tracks, read_verified


@phase_asset(
    "relations",
    group="annotation",
    kinds={"python", "lancedb"},
    description="Timed relations between objects, in seven categories.",
    pool="openai",
)
def relations(
    context: dg.AssetExecutionContext,
    store: SceneGraphStoreResource,
    media: MediaResource,
    backends: BackendsResource,
) -> None:
    """Relate."""

    def work(opened: SceneGraphStore, entry: CatalogEntry) -> Outcome:
        return relate(opened, media.source(opened, entry.video_id), backends.relator)

    recipe = recipe_of("relations", backends)
    before = answered_by_batch(context, "relations", backends, media)
    materialize_phase(context, recipe, store=store, work=work, before=before)


def relate(store: SceneGraphStore, source: FrameSource, relator: RelationExtractor) -> Outcome:
    """The relations of one video as rows."""
    video_id = source.video.id
    found = relator.extract(source, read_tracks(store, video_id), read_verified(store, video_id))
    categories = Counter(r.category.value for r in found.relations)
    measures = {"relations": len(found.relations), **categories, **measures_of(found)}
    return Outcome({"relations": to_rows(video_id, found.relations)}, measures)

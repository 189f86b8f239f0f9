"""Asset `descriptions`: Phase 2a of every video of a partition."""

import dagster as dg

from resources.media.resource import MediaResource
from resources.profiles import BackendsResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.beforehand import answered_by_batch
from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.descriptions.protocols import Describer
from svg2_assets.descriptions.rows import to_rows
from svg2_assets.orchestration import materialize_phase, phase_asset
from svg2_assets.recipes import recipe_of
from svg2_assets.runner import Outcome
from svg2_assets.scene.video import FrameSource
from svg2_assets.scene_graphs.stored import read_tracks
from svg2_assets.trajectories.protocols import TrackingResult


@phase_asset(
    "descriptions",
    group="annotation",
    kinds={"opencv", "lancedb"},
    description="What each trajectory looks like, in words and facts.",
    pool="gpu",
)
def descriptions(
    context: dg.AssetExecutionContext,
    store: SceneGraphStoreResource,
    media: MediaResource,
    backends: BackendsResource,
) -> None:
    """Describe."""

    def work(opened: SceneGraphStore, entry: CatalogEntry) -> Outcome:
        return describe(media.source(opened, entry.video_id), read_tracks(opened, entry.video_id), backends.describer)

    recipe = recipe_of("descriptions", backends)
    before = answered_by_batch(context, "descriptions", backends, media)
    materialize_phase(context, recipe, store=store, work=work, before=before)


def describe(source: FrameSource, tracks: TrackingResult, describer: Describer) -> Outcome:
    """The descriptions of one video as rows; what has none is counted and named by id."""
    made = describer.describe(source, tracks)
    looked_at = len({f for d in made for f in d.frames})
    silent = [d.object_id for d in made if not d.text]
    measures = {"descriptions": len(made) - len(silent), "frames_looked_at": looked_at, "not_described": len(silent)}
    named = {"not_described_ids": ", ".join(map(str, silent))} if silent else {}
    return Outcome({"descriptions": to_rows(source.video.id, made)}, {**measures, **named})

"""Asset `trajectories`: Phase 1 of every video of a partition."""

import dagster as dg

from resources import progress
from resources.media.resource import MediaResource
from resources.profiles import BackendsResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.orchestration import materialize_phase, phase_asset
from svg2_assets.quality.expectations import are_loaded
from svg2_assets.recipes import recipe_of
from svg2_assets.runner import Outcome
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import VideoTracker
from svg2_assets.trajectories.rows import to_rows


@phase_asset(
    "trajectories",
    group="annotation",
    kinds={"opencv", "lancedb"},
    description="A mask per object per frame: everything that can be segmented and tracked.",
    pool="gpu",
)
def trajectories(
    context: dg.AssetExecutionContext,
    store: SceneGraphStoreResource,
    media: MediaResource,
    backends: BackendsResource,
) -> None:
    """Track."""
    tracker = backends.tracker

    def work(opened: SceneGraphStore, entry: CatalogEntry) -> Outcome:
        return track(media.source(opened, entry.video_id), tracker)

    recipe = recipe_of("trajectories", backends)
    try:
        materialize_phase(context, recipe, store=store, work=work)
    finally:
        # The checks of labels load a large library; a process that has it can keep the weights for its next run too.
        if not are_loaded():
            backends.release("tracker")


def track(source: FrameSource, tracker: VideoTracker) -> Outcome:
    """The trajectories of one video as rows."""
    result = tracker.track(source, progress=progress.frames)
    origins = [o.origin.value for o in result.objects]
    measures = {"objects": len(result.objects), "frames": source.video.num_frames, "cuts": len(result.cuts)}
    measures |= {f"{origin}_objects": origins.count(origin) for origin in sorted(set(origins))}
    if "coverage" in result.statistics:
        measures["coverage"] = result.statistics["coverage"]
    return Outcome(to_rows(source.video, result), measures)

"""Asset `trajectories`: Phase 1 of every video of a partition."""

import dagster as dg

from resources import progress
from resources.media.resource import MediaResource
from resources.profiles import BackendsResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets import memory
from svg2_assets.beforehand import later_phases_ready
from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.orchestration import materialize_phase, phase_asset
from svg2_assets.quality.expectations import are_loaded
from svg2_assets.recipes import recipe_of
from svg2_assets.runner import Outcome
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import VideoTracker
from svg2_assets.trajectories.rows import to_rows

SHOWN = {
    "coverage": "coverage",
    "parts": "parts",
    "checks": "looks_for_new_objects",
    "looks": "looks_for_new_objects",
    "image_encoder_passes": "image_encoder_passes",
    "seconds_per_frame": "seconds_per_frame",
    "left out by the cap": "left_out_by_cap",
    "joined": "joined_objects",
    "masks from going back": "masks_from_going_back",
}
"""Statistic of a tracking run -> its name in the metadata of a materialization."""


@phase_asset(
    "trajectories",
    group="annotation",
    kinds={"opencv", "pytorch", "lancedb"},
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

    def work(opened: SceneGraphStore, entry: CatalogEntry) -> Outcome:
        return track(media.source(opened, entry.video_id), backends.tracker)

    recipe = recipe_of("trajectories", backends)
    try:
        before = later_phases_ready(context, backends)
        materialize_phase(context, recipe, store=store, work=work, before=before)
    finally:
        # The checks of labels load a large library; a process that has it can keep the weights for its next run too.
        if not are_loaded():
            backends.release("tracker")


def track(source: FrameSource, tracker: VideoTracker) -> Outcome:
    """The trajectories of one video as rows."""
    result = tracker.track(source, progress=progress.frames)
    origins = [o.origin.value for o in result.objects]
    measures: dict[str, float] = {"objects": len(result.objects), "frames": source.video.num_frames}
    measures["cuts"] = len(result.cuts)
    measures |= {f"{origin}_objects": origins.count(origin) for origin in sorted(set(origins))}
    measures |= {shown: result.statistics[name] for name, shown in SHOWN.items() if name in result.statistics}
    measures["peak_memory_mb"] = memory.peak_megabytes()
    return Outcome(to_rows(source.video, result), measures)

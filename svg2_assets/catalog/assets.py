"""Asset `videos`: decodes every registered video once and records what it is."""

from typing import Any

import dagster as dg

from resources.media.resource import MediaResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.catalog.protocols import ProbedVideo, Prober
from svg2_assets.orchestration import materialize_phase, phase_asset
from svg2_assets.phases import PHASES, Recipe
from svg2_assets.runner import Outcome
from svg2_assets.scene.errors import VideoError

REMEDY_CHANGED = "Register it again, under its new content, with `svg2 annotate` or a new drop."


@phase_asset(
    "videos",
    group="catalog",
    kinds={"lancedb", "python"},
    description="Every registered video: decoded once to its end, with its size, clock, codec and content hash.",
)
def videos(context: dg.AssetExecutionContext, store: SceneGraphStoreResource, media: MediaResource) -> None:
    """Probe."""
    prober = media.prober()

    def work(opened: SceneGraphStore, entry: CatalogEntry) -> Outcome:
        return probe(opened, entry, prober)

    materialize_phase(context, Recipe(PHASES["videos"]), store=store, work=work)


def probe(store: SceneGraphStore, entry: CatalogEntry, prober: Prober) -> Outcome:
    """The completed catalog row of one video. Raises `VideoError`, after noting the reason in the row."""
    row = store.read("videos", video_ids=[entry.video_id]).to_dicts()[0]
    try:
        probed = _probed(entry, row, prober)
    except VideoError as error:
        store.upsert("videos", [{**row, "status": "unreadable", "reason": error.reason, "error": str(error)}])
        raise
    done = {**row, **_facts(probed), "status": "ok", "reason": None, "error": None}
    return Outcome({"videos": [done]}, {"frames": probed.video.num_frames, "video_seconds": probed.video.duration})


def _probed(entry: CatalogEntry, row: dict[str, Any], prober: Prober) -> ProbedVideo:
    if not entry.sha256:
        raise VideoError(video=entry.uri, reason=row["reason"] or "unreadable", detail=row["error"] or "not readable.")
    probed = prober.probe(entry.uri)
    if probed.video.sha256 != entry.sha256:
        raise VideoError(
            video=entry.uri, reason="changed", detail="its content is not what was registered.", remedy=REMEDY_CHANGED
        )
    return probed


def _facts(probed: ProbedVideo) -> dict[str, Any]:
    video = probed.video
    return {
        "size_bytes": probed.size_bytes,
        "width": video.width,
        "height": video.height,
        "rotation": probed.rotation,
        "fps": video.fps,
        "variable_rate": video.frame_times is not None,
        "num_frames": video.num_frames,
        "duration": video.duration,
        "frame_times": list(video.frame_times) if video.frame_times is not None else None,
        "codec": probed.codec,
        "pixel_format": probed.pixel_format,
        "container": probed.container,
    }

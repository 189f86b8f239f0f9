"""Jobs that sensors and schedules launch, and that can be launched by hand."""

from __future__ import annotations

import dagster as dg

from svg2_assets.phases import PHASES

annotate_videos = dg.define_asset_job(
    "annotate_videos",
    selection=dg.AssetSelection.assets(*PHASES),
    description="All phases, from the file to the scene graph, for a batch of videos.",
)
refresh_statistics = dg.define_asset_job(
    "refresh_statistics",
    selection=dg.AssetSelection.assets("dataset_statistics"),
    description="Count the data set anew.",
)
maintain_store = dg.define_asset_job(
    "maintain_store",
    selection=dg.AssetSelection.assets("store_maintenance"),
    description="Compact the store and drop what nothing refers to.",
)
train_traser = dg.define_asset_job(
    "train_traser",
    selection=dg.AssetSelection.assets("traser_samples", "traser_checkpoint"),
    description="Samples of all scene graphs under a new tag, and a TRASER trained on them.",
)
predict_with_traser = dg.define_asset_job(
    "predict_with_traser",
    selection=dg.AssetSelection.assets("traser_predictions"),
    description="Scene graphs that TRASER tells of a batch of videos.",
)

JOBS = (annotate_videos, refresh_statistics, maintain_store, train_traser, predict_with_traser)

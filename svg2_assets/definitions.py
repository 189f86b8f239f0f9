"""The only place where assets, checks, jobs, sensors and resources meet."""

from __future__ import annotations

import dagster as dg

from resources.media.resource import MediaResource
from resources.profiles import BackendsResource
from resources.store.resource import SceneGraphStoreResource
from sensors.definitions import SCHEDULES, SENSORS
from sensors.jobs import JOBS
from svg2_assets.catalog.assets import videos
from svg2_assets.catalog.checks import CHECKS as VIDEO_CHECKS
from svg2_assets.descriptions.assets import descriptions
from svg2_assets.descriptions.checks import CHECKS as DESCRIPTION_CHECKS
from svg2_assets.evaluation.assets import graph_scores
from svg2_assets.labels.assets import parsed_labels, verified_labels
from svg2_assets.labels.checks import CHECKS as LABEL_CHECKS
from svg2_assets.maintenance import store_maintenance
from svg2_assets.relations.assets import relations
from svg2_assets.relations.checks import CHECKS as RELATION_CHECKS
from svg2_assets.scene_graphs.assets import dataset_statistics, scene_graphs
from svg2_assets.scene_graphs.checks import CHECKS as GRAPH_CHECKS
from svg2_assets.settings import Settings, from_environment
from svg2_assets.trajectories.assets import trajectories
from svg2_assets.trajectories.checks import CHECKS as TRAJECTORY_CHECKS
from svg2_assets.traser.assets import traser_checkpoint, traser_predictions, traser_samples
from svg2_assets.traser.checks import CHECKS as TRASER_CHECKS

PHASE_ASSETS = (videos, trajectories, descriptions, parsed_labels, verified_labels, relations, scene_graphs)
PHASE_CHECKS = (
    *VIDEO_CHECKS,
    *TRAJECTORY_CHECKS,
    *DESCRIPTION_CHECKS,
    *LABEL_CHECKS,
    *RELATION_CHECKS,
    *GRAPH_CHECKS,
)
TRASER_ASSETS = (traser_samples, traser_checkpoint, traser_predictions)


def resources_of(settings: Settings) -> dict[str, dg.ConfigurableResource]:  # type: ignore[type-arg]
    """The resources of one installation."""
    return {
        "store": SceneGraphStoreResource(uri=settings.store_uri),
        "media": MediaResource(cache=str(settings.cache)),
        "backends": BackendsResource.of(settings),
    }


@dg.definitions
def defs() -> dg.Definitions:
    """Everything, for Dagster's UI, daemon and command line."""
    return dg.Definitions(
        assets=[*PHASE_ASSETS, dataset_statistics, graph_scores, store_maintenance, *TRASER_ASSETS],
        asset_checks=[*PHASE_CHECKS, *TRASER_CHECKS],
        jobs=JOBS,
        sensors=SENSORS,
        schedules=SCHEDULES,
        resources=resources_of(from_environment()),
        executor=dg.in_process_executor,
    )

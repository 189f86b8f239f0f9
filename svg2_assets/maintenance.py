"""Asset `store_maintenance`: compaction, indices, clean-up of old versions and of orphans. Alone in its pool."""

from dataclasses import asdict

import dagster as dg

from resources.store.resource import SceneGraphStoreResource
from svg2_assets.catalog.lookup import entries, states
from svg2_assets.orchestration import OWNERS
from svg2_assets.phases import orphaned
from svg2_assets.scene_graphs import graph_statements, statements


@dg.asset(
    group_name="store",
    kinds={"lancedb"},
    owners=OWNERS,
    code_version="1",
    pool="lancedb_maintenance",
    description="Merges small fragments, brings indices up to date, drops old untagged versions and orphaned rows.",
)
def store_maintenance(context: dg.AssetExecutionContext, store: SceneGraphStoreResource) -> dg.MaterializeResult[None]:
    """Tidy up."""
    opened = store.open()
    orphans = orphaned(states(opened), entries(opened))
    for video_id in orphans:
        opened.drop_video(video_id)
    report = opened.compact()
    opened.ensure_indices()
    statements.refresh(opened)
    graph_statements.refresh(opened)
    opened.ensure_indices()
    context.log.info("compacted %d tables, dropped %d orphaned videos", len(report), len(orphans))
    rows = [
        dg.TableRecord({"table": table, **{k: str(v) for k, v in asdict(figures).items()}})
        for table, figures in report.items()
    ]
    return dg.MaterializeResult(metadata={"orphans": len(orphans), "tables": dg.MetadataValue.table(rows)})

"""The sensors and schedules of a code location.

A tick registers what was dropped (content hash, catalog, partition) and asks for one run per new partition. The run key
carries the time of registration, so the same content can come again after it was removed; a key that is asked for twice
runs once. What was registered but never started (a tick that died half-way) is asked for again.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from resources.media.resource import MediaResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from sensors.drops import DropError, Limits, Tick, scan_folder, scan_s3
from sensors.jobs import annotate_videos, maintain_store, refresh_statistics
from svg2_assets.catalog.intake import Intake, register
from svg2_assets.partitions import add_partitions
from svg2_assets.scene.errors import printable
from svg2_assets.settings import Settings, from_environment

ALONE = 8  # new videos in one tick that get a partition each; more become batches
STUCK_AFTER = timedelta(minutes=2)
SECONDS_BETWEEN_TICKS = 15


def tick_drop(
    instance: dg.DagsterInstance,
    store: SceneGraphStore,
    media: MediaResource,
    *,
    cursor: str | None,
    scan: Callable[..., Tick],
    settings: Settings,
) -> dg.SensorResult:
    """One look at a drop: `scan` takes (cursor, known=, limits=)."""
    held = {f for prints in store.read("videos", columns=["fingerprints"])["fingerprints"] for f in prints}
    tick = scan(cursor, known=held.intersection, limits=Limits(files=settings.sensor_files))
    intake = register(
        store,
        [f.uri for f in tick.ready],
        media.prober(),
        batch_size=lambda n: 1 if n <= ALONE else settings.batch_size,
        corpus="drop",
        fingerprints={f.uri: f.fingerprint for f in tick.ready},
    )
    requests = list(run_requests(store, intake, most=settings.sensor_files))
    add_partitions(instance, [r.partition_key for r in requests if r.partition_key])
    return dg.SensorResult(run_requests=requests, cursor=tick.cursor, skip_reason=_why_nothing(requests, tick, intake))


def run_requests(store: SceneGraphStore, intake: Intake, *, most: int) -> Iterator[dg.RunRequest]:
    """One request per partition that holds a registered video nobody has looked at yet."""
    rows = store.read(
        "videos", columns=["video_id", "partition", "uri", "created_at"], where={"status": "registered"}
    ).to_dicts()
    now = datetime.now(UTC)
    due = [r for r in rows if r["video_id"] in set(intake.new) or now - r["created_at"] > STUCK_AFTER]
    by_partition: dict[str, list[dict[str, Any]]] = {}
    for row in due:
        by_partition.setdefault(row["partition"], []).append(row)
    for key, members in list(by_partition.items())[:most]:
        registered = max(m["created_at"] for m in members).isoformat(timespec="milliseconds")
        yield dg.RunRequest(
            run_key=f"{key}@{registered}",
            partition_key=key,
            tags={"svg2/videos": str(len(members)), "svg2/file": printable(members[0]["uri"], limit=150)},
        )


def _why_nothing(requests: Sequence[dg.RunRequest], tick: Tick, intake: Intake) -> dg.SkipReason | None:
    if requests:
        return None
    if tick.waiting:
        return dg.SkipReason(f"{tick.waiting} files are not complete yet")
    if intake.video_ids:
        return dg.SkipReason(f"{len(intake.video_ids)} files hold videos that are known already")
    notes = "; ".join(tick.notes[:3])
    return dg.SkipReason("nothing new" + (f" ({notes})" if notes else ""))


@dg.sensor(
    job=annotate_videos,
    minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="New complete videos in the drop folder ($SVG2_DROP) are registered and annotated.",
)
def video_drop_folder(
    context: dg.SensorEvaluationContext, store: SceneGraphStoreResource, media: MediaResource
) -> dg.SensorResult | dg.SkipReason:
    """Look into the folder."""
    settings = from_environment()
    folder = settings.drop_folder
    if not folder.is_dir():
        return dg.SkipReason(f"{folder} does not exist; make it, or set SVG2_DROP")
    return tick_drop(
        context.instance,
        store.open(),
        media,
        cursor=context.cursor,
        scan=lambda cursor, **given: scan_folder(folder, cursor, **given),
        settings=settings,
    )


@dg.sensor(
    job=annotate_videos,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="New videos under the S3 prefix $SVG2_DROP_S3 are registered and annotated.",
)
def video_drop_s3(
    context: dg.SensorEvaluationContext, store: SceneGraphStoreResource, media: MediaResource
) -> dg.SensorResult | dg.SkipReason:
    """Look into the bucket."""
    settings = from_environment()
    if not settings.drop_s3:
        return dg.SkipReason("SVG2_DROP_S3 is not set")
    bucket, prefix = _bucket_and_prefix(settings.drop_s3)
    client = _s3_client()
    return tick_drop(
        context.instance,
        store.open(),
        media,
        cursor=context.cursor,
        scan=lambda cursor, **given: scan_s3(client, bucket, prefix, cursor, **given),
        settings=settings,
    )


def _bucket_and_prefix(uri: str) -> tuple[str, str]:
    if not uri.startswith("s3://") or not uri.removeprefix("s3://").strip("/"):
        raise DropError(f"SVG2_DROP_S3: expected s3://bucket/prefix, found {printable(uri)!r}.")
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    return bucket, prefix


def _s3_client() -> Any:
    try:
        import boto3
    except ImportError as error:
        raise DropError("SVG2_DROP_S3 needs the extra `aws`: pip install 'svg2-assets[aws]'.") from error
    return boto3.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL") or None)


SENSORS = (video_drop_folder, video_drop_s3)
SCHEDULES = (
    dg.ScheduleDefinition(
        name="nightly_maintenance",
        job=maintain_store,
        cron_schedule="30 3 * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Compacts the store at half past three.",
    ),
    dg.ScheduleDefinition(
        name="hourly_statistics",
        job=refresh_statistics,
        cron_schedule="15 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Counts the data set every hour.",
    ),
)

"""The sensors and schedules of a code location."""

from __future__ import annotations

import dagster as dg

from sensors.jobs import maintain_store, refresh_statistics

SENSORS: tuple[dg.SensorDefinition, ...] = ()
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

"""Dagster's instance of one installation: made from the shipped configuration where there is none yet."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import dagster as dg

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.settings import Settings

_SHIPPED = (
    Path(__file__).parent / "_infra" / "dagster.yaml",  # in an installed wheel
    Path(__file__).parent.parent / "infra" / "local" / "dagster.yaml",  # in a checkout
)
PROCESS_TAG = "svg2/process"
_SERVER_TAG = ".dagster/grpc_info"  # what Dagster's default launcher notes: the code server that holds the run
_IN_PROGRESS = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


class InstanceError(Svg2Error):
    """Dagster's instance folder cannot be made or used."""


def prepare(settings: Settings) -> Path:
    """Make `$SVG2_HOME/dagster` with its `dagster.yaml` unless it is there, and point Dagster at it."""
    home = settings.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists():
            shutil.copyfile(next(p for p in _SHIPPED if p.exists()), home / "dagster.yaml")
    except OSError as error:
        raise InstanceError(
            f"{home}: cannot be written ({error.strerror}). Set SVG2_HOME to a folder of yours."
        ) from error
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return home


def instance_of(settings: Settings) -> dg.DagsterInstance:
    """The persistent instance under `$SVG2_HOME`."""
    return dg.DagsterInstance.from_config(str(prepare(settings)))


def process_tags() -> dict[str, str]:
    """Tags of a run that this process does itself, by which others can tell whether it is still at it."""
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"}


def fail_abandoned_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs in progress whose process on this machine is gone as failed, empty their pools; returns their ids.

    Nothing else does: Dagster watches the runs of a code server from that server. Left as they are, killed runs would
    count among the runs at once and hold up the queue, and steps would wait for their places in a pool for good.
    """
    unfinished = instance.get_runs(filters=dg.RunsFilter(statuses=_IN_PROGRESS))
    gone = [run for run in unfinished if _is_gone(run)]
    for run in gone:
        instance.report_run_failed(run, "The process of this run is gone. What it finished is kept; launch it again.")
    _empty_pools(instance)
    return [run.run_id for run in gone]


def _empty_pools(instance: dg.DagsterInstance) -> None:
    """Give back the places in pools that ended runs still hold. A run that is killed leaves them taken.

    Dagster's daemon does so a while after the end, but commands work without a daemon.
    """
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return
    for run_id in storage.get_concurrency_run_ids():
        run = instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            storage.free_concurrency_slots_for_run(run_id)


def _is_gone(run: dg.DagsterRun) -> bool:
    if PROCESS_TAG in run.tags:
        host, _, pid = run.tags[PROCESS_TAG].rpartition(":")
        return host == socket.gethostname() and not _is_alive(int(pid))
    server = json.loads(run.tags.get(_SERVER_TAG, "{}")).get("socket")
    return server is not None and not _answers(server)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(path)
        except OSError:
            return False
    return True

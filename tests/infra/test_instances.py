"""Each shipped dagster.yaml makes an instance with pools, monitoring, a queue, and no telemetry."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from svg2_assets.commands.dev import LOCATION

ROOT = Path(__file__).parents[2]
INSTANCES = ("local", "compose")


@pytest.fixture(params=INSTANCES)
def configured(request: pytest.FixtureRequest) -> dict[str, Any]:
    return yaml.safe_load((ROOT / "infra" / request.param / "dagster.yaml").read_text())


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    shutil.copyfile(ROOT / "infra" / "local" / "dagster.yaml", tmp_path / "dagster.yaml")
    return dg.DagsterInstance.from_config(str(tmp_path))


def test_storage_asks_for_a_folder_where_none_is_named(local: dg.DagsterInstance, tmp_path: Path) -> None:
    assert (tmp_path / "history" / "runs.db").is_file()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME")
        with pytest.raises(dg.DagsterInvariantViolationError, match="DAGSTER_HOME"):
            dg.DagsterInstance.from_config(str(tmp_path))


def test_telemetry_is_off(local: dg.DagsterInstance, configured: dict[str, Any]) -> None:
    assert not local.telemetry_enabled
    assert configured["telemetry"] == {"enabled": False}


def test_a_pool_takes_one_step_at_a_time_unless_told_otherwise(local: dg.DagsterInstance) -> None:
    pools = local.get_concurrency_config().pool_config
    assert pools.default_pool_limit == 1
    assert pools.pool_granularity is not None
    assert pools.pool_granularity.value == "op"


def test_runs_are_monitored_and_give_their_slots_back(local: dg.DagsterInstance) -> None:
    assert local.run_monitoring_enabled
    assert local.run_monitoring_settings["free_slots_after_run_end_seconds"] == 60


def test_runs_wait_in_a_queue_of_two(local: dg.DagsterInstance) -> None:
    queue = local.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 2


def test_only_crashed_runs_are_tried_again(local: dg.DagsterInstance) -> None:
    assert local.run_retries_enabled
    assert local.run_retries_max_retries == 1
    assert not local.run_retries_retry_on_asset_or_op_failure


def test_both_deployments_differ_in_their_storage_only() -> None:
    one, team = (yaml.safe_load((ROOT / "infra" / name / "dagster.yaml").read_text()) for name in INSTANCES)
    assert {key for key in {*one, *team} if one.get(key) != team.get(key)} == {"storage", "run_launcher"}


def test_the_command_and_the_workspace_name_the_same_location() -> None:
    """Sensors keep their cursors under the location's name."""
    assert yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"] == [LOCATION]

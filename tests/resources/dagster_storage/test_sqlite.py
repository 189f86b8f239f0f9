"""Dagster's storage with kept connections holds what Dagster's own holds, for every process that looks."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterEventType

from resources.dagster_storage.engines import Engines
from resources.dagster_storage.sqlite import KeptEventLog, KeptRuns
from svg2_assets.instance import instance_of
from svg2_assets.settings import Settings

PARTITION = dg.DynamicPartitionsDefinition(name="numbers")


@dg.asset(partitions_def=PARTITION)
def doubled(context: dg.AssetExecutionContext) -> None:
    context.add_output_metadata({"key": context.partition_key})


@dg.asset_check(asset=doubled)
def is_even() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


JOB = dg.Definitions(
    assets=[doubled], asset_checks=[is_even], jobs=[dg.define_asset_job("job", [doubled], partitions_def=PARTITION)]
).resolve_job_def("job")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with instance_of(settings) as opened:
        yield opened


def run(instance: dg.DagsterInstance, key: str) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions("numbers", [key])
    return JOB.execute_in_process(instance=instance, partition_key=key)


def materialized(storage_holder: dg.DagsterInstance) -> set[str | None]:
    return storage_holder.get_materialized_partitions(doubled.key)


def test_an_installation_uses_it(instance: dg.DagsterInstance, settings: Settings) -> None:
    assert isinstance(instance.event_log_storage, KeptEventLog)
    assert isinstance(instance.run_storage, KeptRuns)
    run(instance, "one")
    assert (settings.dagster_home / "history" / "runs.db").is_file()


def test_dagsters_own_storage_reads_what_it_wrote_and_writes_what_it_reads(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    done = run(instance, "one")
    instance.dispose()
    (settings.dagster_home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as own:
        assert not isinstance(own.event_log_storage, KeptEventLog)
        assert materialized(own) == {"one"}
        assert own.get_run_by_id(done.run_id).status is dg.DagsterRunStatus.SUCCESS
        events = [e.dagster_event.event_type for e in own.all_logs(done.run_id) if e.dagster_event]
        assert events[-1] is DagsterEventType.RUN_SUCCESS
        run(own, "two")
    assert materialized(instance) == {"one", "two"}


def test_a_deleted_run_is_gone_and_the_next_one_is_written(instance: dg.DagsterInstance) -> None:
    first = run(instance, "one")
    instance.delete_run(first.run_id)
    assert instance.get_run_by_id(first.run_id) is None
    second = run(instance, "one")
    assert len(instance.all_logs(second.run_id)) > 5


def test_a_file_that_vanished_is_made_anew(instance: dg.DagsterInstance, settings: Settings) -> None:
    first = run(instance, "one")
    for file in (settings.dagster_home / "history" / "runs").glob(f"{first.run_id}.db*"):
        file.unlink()
    assert instance.all_logs(first.run_id) == []
    instance.report_engine_event("after", dagster_run=instance.get_run_by_id(first.run_id))
    assert len(instance.all_logs(first.run_id)) == 1


def write_runs(home: Path, name: str) -> None:
    with instance_of(Settings(home=home)) as opened:
        for i in range(3):
            run(opened, f"{name}-{i}")


def test_processes_that_write_at_once_lose_nothing(instance: dg.DagsterInstance, settings: Settings) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write_runs, args=(settings.home, n)) for n in ("a", "b", "c")]
    for writer in writers:
        writer.start()
    run(instance, "mine")
    for writer in writers:
        writer.join(120)
    assert [w.exitcode for w in writers] == [0, 0, 0]
    assert materialized(instance) == {"mine", *(f"{n}-{i}" for n in "abc" for i in range(3))}
    assert len(instance.fetch_materializations(doubled.key, limit=100).records) == 10


def test_only_so_many_files_stay_open(tmp_path: Path) -> None:
    engines = Engines(most=2)
    kept = [engines.of(f"sqlite:///{tmp_path / name}.db") for name in "abc"]
    assert engines.of(f"sqlite:///{tmp_path / 'c'}.db") is kept[2]
    assert engines.of(f"sqlite:///{tmp_path / 'a'}.db") is not kept[0]


def test_commits_go_to_the_log_without_waiting_for_the_disk(tmp_path: Path) -> None:
    with Engines().of(f"sqlite:///{tmp_path / 'a'}.db").connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        assert raw.execute("PRAGMA synchronous").fetchone() == (1,)

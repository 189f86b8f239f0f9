"""`svg2 dev` as a user has it: files dropped into a folder, a backfill from the UI, Ctrl-C."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from resources.media.resource import MediaResource
from resources.store.resource import SceneGraphStoreResource
from svg2_assets.catalog.intake import register
from svg2_assets.definitions import defs
from svg2_assets.instance import PROCESS_TAG, fail_abandoned_runs, instance_of, prepare, process_tags
from svg2_assets.partitions import add_partitions
from svg2_assets.phases import PHASES
from svg2_assets.settings import Settings
from tests.media_factory import write_video
from tests.platform_tests.dagster_ui import SVG2, Dev, start, stop, until

ROOT = Path(__file__).parents[2]
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    folder = tmp_path_factory.mktemp("dev")
    started = start(folder / "home", folder / "output.txt")
    try:
        until(started.answers, seconds=200, what="the UI answers")
        yield started
    finally:
        stop(started)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_dropped_video_is_annotated_and_a_broken_one_fails_with_its_reason(dev: Dev) -> None:
    drop = dev.home / "drop"
    (drop / "broken.mp4").write_bytes(b"not a video at all" * 100)
    write_video(drop / "good.mp4")

    def ended() -> dict[str, tuple[str, str]]:
        runs = dev.runs()
        done = {"good.mp4", "broken.mp4"} <= set(runs) and all(status in ENDED for _, status in runs.values())
        return runs if done else {}

    runs = until(ended, seconds=400, what="both runs end")
    assert runs["good.mp4"][1] == "SUCCESS"
    assert runs["broken.mp4"][1] == "FAILURE"
    rows = dev.status()
    assert set(rows["good.mp4"]["phases"].values()) == {"fresh"}
    assert rows["broken.mp4"]["phases"]["videos"] == "failed"
    assert "broken.mp4" in rows["broken.mp4"]["why"]
    shown = dev.failure_of(runs["broken.mp4"][0])
    assert "broken.mp4" in shown
    assert "it is text" in shown
    assert "it is text" in rows["broken.mp4"]["why"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_backfill_over_a_range_completes(dev: Dev, tmp_path: Path) -> None:
    store = SceneGraphStoreResource(uri=str(dev.home / "store")).open()
    clips = [str(write_video(tmp_path / f"{i}.mp4", frames=5 + i)) for i in range(3)]
    intake = register(store, clips, MediaResource(cache=str(tmp_path)).prober())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(dev.home / "dagster"))
        with dg.DagsterInstance.get() as instance:
            add_partitions(instance, intake.partitions)
    backfill = dev.backfill([*PHASES], intake.partitions)

    def ended() -> str:
        status = dev.backfill_status(backfill)
        return status if "COMPLETED" in status or "FAIL" in status else ""

    assert until(ended, seconds=400, what="the backfill ends") == "COMPLETED_SUCCESS"
    rows = dev.status()
    assert all(set(rows[f"{i}.mp4"]["phases"].values()) == {"fresh"} for i in range(3))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_ends_every_process(dev: Dev) -> None:
    assert len(dev.group()) > 3
    assert stop(dev) == []
    assert dev.process.returncode == 0


OWN_SERVERS = {"dagster": ["dev"], "dagster-webserver": ["-w", "workspace.yaml"]}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", OWN_SERVERS)
def test_dagsters_own_servers_load_the_location_from_the_root(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # `prepare` sets it; put back with the end of the test
    prepare(Settings(home=tmp_path / "home"))
    tool = str(Path(sys.executable).parent / name)
    server = start(tmp_path / "home", tmp_path / "output.txt", [tool, *OWN_SERVERS[name]], folder=ROOT)
    try:
        until(server.answers, seconds=200, what="the UI answers")
        assert until(server.locations, seconds=100, what="the location loads") == {"svg2_assets": "RepositoryLocation"}
    finally:
        stop(server)


@pytest.mark.slow
def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [SVG2, "dev", "--port", str(taken.getsockname()[1])]
        environment = {**os.environ, "SVG2_HOME": str(tmp_path)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "svg2 dev --port" in done.stderr
    assert "Traceback" not in done.stderr


def run_in_progress(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    job = defs().resolve_job_def("refresh_statistics")
    return instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED).run_id


def test_runs_whose_process_is_gone_do_not_hold_up_the_queue(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with dg.DagsterInstance.ephemeral() as instance:
        dead = run_in_progress(instance, {PROCESS_TAG: f"{socket.gethostname()}:{gone.pid}"})
        orphan = run_in_progress(
            instance, {".dagster/grpc_info": f'{{"host": "localhost", "socket": "{tmp_path}/no"}}'}
        )
        alive = run_in_progress(instance, process_tags())
        elsewhere = run_in_progress(instance, {PROCESS_TAG: "another-machine:1"})
        assert set(fail_abandoned_runs(instance)) == {dead, orphan}
        status = {i: instance.get_run_by_id(i).status.value for i in (dead, orphan, alive, elsewhere)}  # type: ignore[union-attr]
    assert status == {dead: "FAILURE", orphan: "FAILURE", alive: "STARTED", elsewhere: "STARTED"}


def test_a_killed_run_holds_no_place_in_a_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its steps took them, and nothing else gives them back where no daemon runs: the next run would wait for ever."""
    monkeypatch.setenv("DAGSTER_HOME", "")  # `instance_of` sets it; put back with the end of the test
    gone = subprocess.Popen(["true"])
    gone.wait()
    with instance_of(Settings(home=tmp_path)) as instance:
        pools = instance.event_log_storage
        dead = run_in_progress(instance, {PROCESS_TAG: f"{socket.gethostname()}:{gone.pid}"})
        alive = run_in_progress(instance, process_tags())
        for pool in ("gpu", "openai"):
            pools.initialize_concurrency_limit_to_default(pool)
        assert pools.claim_concurrency_slot("gpu", dead, "trajectories").is_claimed
        assert pools.claim_concurrency_slot("openai", alive, "parsed_labels").is_claimed
        assert not pools.claim_concurrency_slot("gpu", alive, "trajectories").is_claimed
        fail_abandoned_runs(instance)
        assert pools.claim_concurrency_slot("gpu", alive, "trajectories").is_claimed
        assert pools.get_concurrency_info("openai").active_run_ids == {alive}

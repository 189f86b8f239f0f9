"""The compose deployment's storage: the phases of two videos on a real PostgreSQL server."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from resources.store.resource import SceneGraphStoreResource
from svg2_assets.phases import PHASES
from tests.platform_tests.conftest import Platform

ROOT = Path(__file__).parents[2]
PASSWORD = "pa55-of-the-test"
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _program(name: str) -> str:
    found = next((str(p / name) for p in PROGRAMS if (p / name).exists()), shutil.which(name))
    return found or pytest.skip(f"no PostgreSQL server on this machine ({name})")


def _unprivileged(folder: Path) -> dict[str, int]:
    """Whom to run the server as: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


@pytest.fixture
def postgres() -> Iterator[int]:
    """The port of a server of its own on 127.0.0.1, ended with the test."""
    pytest.importorskip("dagster_postgres")
    initdb, server = _program("initdb"), _program("postgres")
    folder = Path(tempfile.mkdtemp(prefix="svg2-postgres-"))
    data = folder / "data"
    (folder / "password").write_text(PASSWORD)
    who = _unprivileged(folder)
    process = None
    try:
        made = [
            initdb,
            "-D",
            str(data),
            "-U",
            "dagster",
            "-A",
            "scram-sha-256",
            f"--pwfile={folder / 'password'}",
            "-N",
        ]
        subprocess.run(made, check=True, capture_output=True, timeout=120, cwd=folder, env={"LC_ALL": "C"}, **who)  # type: ignore[call-overload]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [server, "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-F"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=folder, env={"LC_ALL": "C"}, **who)  # type: ignore[call-overload]
        yield port
    finally:
        if process is not None:
            process.terminate()  # a smart shutdown would wait for clients, so an interrupt follows
            process.send_signal(2)
            process.wait(30)
        shutil.rmtree(folder)


@pytest.fixture
def on_postgres(postgres: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    given = {"HOST": "127.0.0.1", "PORT": str(postgres), "DB": "postgres", "USER": "dagster", "PASSWORD": PASSWORD}
    for name, value in given.items():
        monkeypatch.setenv(f"DAGSTER_POSTGRES_{name}", value)
    monkeypatch.setenv("SVG2_HOME", str(tmp_path / "home"))
    shutil.copyfile(ROOT / "infra" / "compose" / "dagster.yaml", tmp_path / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:  # retries until the server is up
        yield instance


@pytest.mark.slow
def test_the_phases_of_two_videos_run_on_postgresql(on_postgres: dg.DagsterInstance, tmp_path: Path) -> None:
    store = SceneGraphStoreResource(uri=str(tmp_path / "store")).open()
    platform = Platform(tmp_path, on_postgres, store)
    keys = platform.add("a.mp4", "b.mp4").partitions
    assert platform.run(keys[0], keys[-1]).success
    assert type(on_postgres.event_log_storage).__name__ == "PostgresEventLogStorage"
    for phase in PHASES:
        assert platform.materialized(phase) == set(keys)
    assert set(platform.gates("scene_graphs").values()) == {("done", "open")}
    assert not on_postgres.telemetry_enabled
    assert on_postgres.run_monitoring_enabled
    assert PASSWORD not in str(on_postgres.get_ref())

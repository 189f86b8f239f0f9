"""What survives the end of a server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.devserver import ROOT, DevServer, dev_server


def ask(server: DevServer, key: str = ""):
    return server.client().chat.completions.create(
        model="gpt-5",
        messages=[{"role": "user", "content": "hello"}],
        extra_headers={"Idempotency-Key": key} if key else {},
    )


def test_the_log_the_files_and_stored_answers_outlive_the_server(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite")
    with dev_server("--state", state) as server:
        first = ask(server, "again")
        file = server.client().files.create(file=("a.jsonl", b"{}"), purpose="batch")
        log, count = server.log(), server.count()
    with dev_server("--state", state) as server:
        assert server.log() == log
        assert server.count() == count
        assert server.client().files.content(file.id).read() == b"{}"
        assert ask(server, "again").id == first.id
        assert ask(server).id != first.id
        assert [e["n"] for e in server.log()] == [1, 2, 3]


def test_a_file_that_can_hold_no_state(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, by any means" * 100)
    ended = subprocess.run(
        [sys.executable, "-m", "resources.devserver", "--state", str(tmp_path / "text")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.PIPE,
        check=False,
    )
    assert ended.returncode == 1
    assert "Name another file" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_ends_when_whoever_started_it_is_gone() -> None:
    with dev_server() as server:
        assert ask(server).choices
        server.process.stdin.close()
        assert server.process.wait(20) == 0
        server.process.stdin = None
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{server.base_url}/models")


def test_it_ends_by_a_signal_though_calls_are_under_way() -> None:
    with dev_server() as server:
        server.script({"fault": {"kind": "stall", "seconds": 600}})
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(
                f"{server.base_url}/chat/completions",
                json={"model": "gpt-5", "messages": [{"role": "user", "content": "x"}]},
                headers={"authorization": "Bearer k"},
                timeout=0.3,
            )
        server.process.terminate()
        assert server.process.wait(20) is not None


def test_a_port_that_is_taken_is_named() -> None:
    with dev_server() as server:
        port = server.root.rsplit(":", 1)[1]
        ended = subprocess.run(
            [sys.executable, "-m", "resources.devserver", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            stdin=subprocess.PIPE,
            check=False,
        )
    assert ended.returncode == 1
    assert f"127.0.0.1:{port}: cannot be used" in ended.stderr


def test_it_listens_on_the_local_address_alone() -> None:
    with dev_server() as server:
        assert server.base_url.startswith("http://127.0.0.1:")
        headers = {"authorization": "Bearer k"}
        assert httpx2.get(f"{server.base_url}/models", headers={**headers, "host": "evil.example"}).status_code == 400
    with dev_server("--host", "0.0.0.0") as server:
        url = server.base_url.replace("0.0.0.0", "127.0.0.1")
        assert httpx2.get(f"{url}/models", headers={**headers, "host": "gpu-box:8321"}).status_code == 200

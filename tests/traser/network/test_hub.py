"""Fetching from the Hub with its real client, from a server that answers as the Hub does."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from svg2_assets.traser.network.loading import load_traser  # noqa: E402
from tests.traser.network.test_checkpoint import released_weights, stored  # noqa: E402

ROOT = Path(__file__).parents[3]
COMMIT = "0123456789" * 4
NAME = "UWGZQ/TRASER"

ASK = """
import sys, torch
from svg2_assets.traser.network.loading import load_traser
try:
    model = load_traser(sys.argv[1], preset="release", revision=sys.argv[2] or None)
    print("loaded", float(sum(p.double().abs().sum() for p in model.parameters())))
except Exception as error:
    print(type(error).__name__, error)
"""


@contextmanager
def hub(folder: Path | None, *, status: int = 404, code: str = "RepoNotFound") -> Iterator[tuple[str, list[str]]]:
    """A Hub with one model in it, or one that refuses everyone; its address and what it was asked for."""
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            asked.append(self.path)
            path = self.path.split("?")[0]
            if folder is None:
                return self.reply(status, {"X-Error-Code": code, "X-Error-Message": "no"}, b"", body=body)
            files = sorted(p.name for p in folder.iterdir())
            if path.startswith(f"/api/models/{NAME}/tree/"):
                tree = [
                    {"type": "file", "path": f, "size": (folder / f).stat().st_size, "oid": digest(folder / f)}
                    for f in files
                ]
                return self.reply(200, {"Content-Type": "application/json"}, json.dumps(tree).encode(), body=body)
            if path.startswith(f"/api/models/{NAME}"):
                told = {"id": NAME, "sha": COMMIT, "siblings": [{"rfilename": f} for f in files]}
                return self.reply(200, {"Content-Type": "application/json"}, json.dumps(told).encode(), body=body)
            file = folder / path.rsplit("/", 1)[1]
            if not file.is_file():
                return self.reply(404, {"X-Error-Code": "EntryNotFound"}, b"", body=body)
            headers = {"ETag": f'"{digest(file)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
            return self.reply(200, headers, file.read_bytes(), body=body)

        def reply(self, with_status: int, headers: dict[str, str], content: bytes, *, body: bool) -> None:
            self.send_response(with_status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def digest(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()


def asked_of(endpoint: str, home: Path, *, revision: str = "") -> str:
    """What loading says, with the Hub at `endpoint`: its client reads the address when it is imported."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DOWNLOAD_TIMEOUT": "5",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK, NAME, revision],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.stdout or done.stderr


@pytest.mark.slow
def test_a_hub_id_is_fetched_once_and_nothing_pickled_with_it(tmp_path: Path) -> None:
    folder = stored(tmp_path / "traser", released_weights())
    (folder / "training_args.bin").write_bytes(b"pickle")
    model = load_traser(folder, preset="release")
    expected = f"loaded {float(sum(p.detach().double().abs().sum() for p in model.parameters()))}\n"
    with hub(folder) as (at, asked):
        assert asked_of(at, tmp_path / "home") == expected
        assert any("model-00002-of-00002.safetensors" in path for path in asked)
        assert not any("training_args.bin" in path for path in asked)
        fetched = len(asked)
        assert asked_of(at, tmp_path / "home") == expected
        assert not any("safetensors" in path for path in asked[fetched:])
    assert asked_of("http://127.0.0.1:9", tmp_path / "home") == expected  # the Hub is out of reach: what is there does


@pytest.mark.slow
def test_what_cannot_be_fetched_says_how_to_get_it(tmp_path: Path) -> None:
    with hub(None) as (at, _):
        said = asked_of(at, tmp_path)
    assert said.startswith(f"CheckpointError TRASER: {NAME} is no folder here and cannot be fetched from the Hub")
    assert f"hf download {NAME} --local-dir traser" in said
    with hub(None, status=403, code="GatedRepo") as (at, _):
        said = asked_of(at, tmp_path, revision="main")
    assert "was not granted to you yet" in said
    assert "hf auth login" in said

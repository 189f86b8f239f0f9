"""Fetching from the Hub with its real client, from a server that answers as the Hub does."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from svg2_assets.traser.network.loading import load_traser  # noqa: E402
from tests.forking import forks  # noqa: E402
from tests.traser.network.test_checkpoint import released_weights, stored  # noqa: E402

COMMIT = "0123456789" * 4
NAME = "UWGZQ/TRASER"


def ask(revision: str) -> None:
    """In a process of its own: say what loading from the Hub says."""
    try:
        model = load_traser(NAME, preset="release", revision=revision or None)
        sys.stdout.write(f"loaded {float(sum(p.double().abs().sum() for p in model.parameters()))}\n")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the test asks for
        sys.stdout.write(f"{type(error).__name__} {error}\n")


@contextmanager
def hub(folder: Path | None, refusal: Mapping[str, Any] | None = None) -> Iterator[tuple[str, list[str]]]:
    """A Hub with one model in it, or one that refuses everyone; its address and what it was asked for.

    `refusal` holds `status` and `code`, and may change meanwhile.
    """
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
                assert refusal is not None
                told = {"X-Error-Code": refusal["code"], "X-Error-Message": "no"}
                return self.reply(refusal["status"], told, b"", body=body)
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


@contextmanager
def client(endpoint: str, home: Path) -> Iterator[Callable[..., str]]:
    """What loading says, in a process each time, with the Hub at `endpoint`: its client reads that on import."""
    environment = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DOWNLOAD_TIMEOUT": "5",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    with forks("tests.traser.network.test_hub", environment) as started:

        def said(revision: str = "") -> str:
            done = started.call("tests.traser.network.test_hub:ask", revision)
            return done.stdout or done.stderr

        yield said


@pytest.mark.slow
def test_a_hub_id_is_fetched_once_and_nothing_pickled_with_it(tmp_path: Path) -> None:
    folder = stored(tmp_path / "traser", released_weights())
    (folder / "training_args.bin").write_bytes(b"pickle")
    model = load_traser(folder, preset="release")
    expected = f"loaded {float(sum(p.detach().double().abs().sum() for p in model.parameters()))}\n"
    with ExitStack() as reachable, ExitStack() as stack:
        at, asked = reachable.enter_context(hub(folder))
        said = stack.enter_context(client(at, tmp_path / "home"))
        assert said() == expected
        assert any("model-00002-of-00002.safetensors" in path for path in asked)
        assert not any("training_args.bin" in path for path in asked)
        fetched = len(asked)
        assert said() == expected
        assert not any("safetensors" in path for path in asked[fetched:])
        reachable.close()
        assert said() == expected, "the Hub is out of reach: what is there does"


@pytest.mark.slow
def test_what_cannot_be_fetched_says_how_to_get_it(tmp_path: Path) -> None:
    refusal = {"status": 404, "code": "RepoNotFound"}
    with hub(None, refusal) as (at, _), client(at, tmp_path) as said:
        text = said()
        assert text.startswith(f"CheckpointError TRASER: {NAME} is no folder here and cannot be fetched from the Hub")
        assert f"hf download {NAME} --local-dir traser" in text
        refusal |= {"status": 403, "code": "GatedRepo"}
        text = said(revision="main")
        assert "was not granted to you yet" in text
        assert "hf auth login" in text

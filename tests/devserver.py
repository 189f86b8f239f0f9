"""The development server as a process of its own, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class DevServer:
    """A running server. `base_url` ends in /v1, as an OpenAI client wants it."""

    base_url: str
    process: subprocess.Popen[str]

    @property
    def root(self) -> str:
        """Address without /v1: DAM's route and the admin API."""
        return self.base_url.removesuffix("/v1")

    def client(self, key: str = "sk-test", *, retries: int = 0, timeout: float = 30.0, **options: Any) -> Any:
        """The real OpenAI client on this server; it does not retry unless told."""
        from openai import OpenAI

        return OpenAI(base_url=self.base_url, api_key=key, max_retries=retries, timeout=timeout, **options)

    def script(self, *rules: dict[str, Any], append: bool = False) -> None:
        """Put `rules` in force; see resources/devserver/script.py."""
        self._post("script", {"rules": rules, "append": append})

    def faults(self, probability: float, *faults: dict[str, Any], seed: int = 0) -> None:
        """Random faults from now on; probability 0 ends them."""
        self._post("faults", {"probability": probability, "faults": faults, "seed": seed})

    def accept_keys(self, *keys: str) -> None:
        """Accept these keys alone from now on."""
        self._post("keys", {"accepted": keys})

    def log(self) -> list[dict[str, Any]]:
        """Every request as it was counted, oldest first."""
        return self._get("log")["entries"]

    def count(self) -> dict[str, Any]:
        """Totals."""
        return self._get("count")

    def _get(self, name: str) -> Any:
        with urllib.request.urlopen(f"{self.root}/_svg2/{name}", timeout=30) as answer:
            return json.load(answer)

    def _post(self, name: str, value: Any) -> None:
        request = urllib.request.Request(f"{self.root}/_svg2/{name}", data=json.dumps(value).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()


@contextmanager
def dev_server(*arguments: str) -> Iterator[DevServer]:
    """A server on a free local port, started with `arguments`; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "resources.devserver", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield DevServer(json.loads(process.stdout.readline())["base_url"], process)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

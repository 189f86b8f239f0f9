"""A client as a process of its own: asks calls, prints what came. For tests that kill it or run two at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from resources.llm.gateway import LlmGateway
from resources.llm.settings import GatewaySettings
from svg2_assets.llm.calls import Call

ROOT = Path(__file__).parents[3]


def start(settings: GatewaySettings, calls: list[Call]) -> subprocess.Popen[str]:
    """A process that asks `calls`; its first line is `ready`, its second the answers."""
    given = {"settings": settings.model_dump(mode="json"), "calls": [_plain(call) for call in calls]}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.resources.llm.asking"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(given) + "\n")
    process.stdin.flush()
    return process


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    """Return when its gateway is there and asks."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def answers(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """What it was answered, when it has ended."""
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    found: list[dict[str, Any]] = json.loads(printed.splitlines()[-1])
    return found


def _plain(call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in Call.__dataclass_fields__}


def main() -> None:
    given = json.loads(sys.stdin.readline())
    with LlmGateway(GatewaySettings(**given["settings"])) as gateway:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        found = gateway.ask([Call(**call) for call in given["calls"]])
    sys.stdout.write(json.dumps([{"outcome": a.outcome, "value": a.value, "cached": a.from_cache} for a in found]))


if __name__ == "__main__":
    main()

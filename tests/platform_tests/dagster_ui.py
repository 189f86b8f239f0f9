"""`svg2 dev` in a process of its own, and Dagster's GraphQL, for tests."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SVG2 = str(Path(sys.executable).parent / "svg2")

_RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"
_FAILURES = """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
  ... on ExecutionStepFailureEvent { error { message causes { message } } failureMetadata { description } } } } } }"""
_LAUNCH = """mutation($given: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $given) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
  name locationOrLoadError { __typename } } } } }"""
_BACKFILL = "query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"


def until(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first true value of `condition`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")


@dataclass
class Dev:
    """A running `svg2 dev`."""

    process: subprocess.Popen[str]
    environment: Mapping[str, str]
    home: Path
    port: int

    def graphql(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        url = f"http://127.0.0.1:{self.port}/graphql"
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = json.load(answer)
        assert "errors" not in content, content
        return content["data"]

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log()
        with suppress(OSError):
            return bool(self.graphql("{ version }"))
        return False

    def locations(self) -> dict[str, str]:
        """code location -> what came of loading it; empty while it loads"""
        found = self.graphql(_LOCATIONS)["workspaceOrError"]["locationEntries"]
        return {e["name"]: e["locationOrLoadError"]["__typename"] for e in found if e["locationOrLoadError"]}

    def log(self) -> str:
        path = self.home / "dagster" / "dev.log"
        return path.read_text() if path.exists() else ""

    def runs(self) -> dict[str, tuple[str, str]]:
        """file name that made a sensor ask for the run -> (run id, status)"""
        found = {}
        for run in self.graphql(_RUNS)["runsOrError"]["results"]:
            tags = {t["key"]: t["value"] for t in run["tags"]}
            found[Path(tags.get("svg2/file", "")).name] = (run["runId"], run["status"])
        return found

    def failure_of(self, run_id: str) -> str:
        return json.dumps(self.graphql(_FAILURES, id=run_id))

    def backfill(self, assets: list[str], partitions: list[str]) -> str:
        given = {"assetSelection": [{"path": [a]} for a in assets], "partitionNames": partitions}
        answer = self.graphql(_LAUNCH, given=given)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def backfill_status(self, backfill: str) -> str:
        return str(self.graphql(_BACKFILL, id=backfill)["partitionBackfillOrError"]["status"])

    def status(self) -> dict[str, dict[str, Any]]:
        """file name -> what `svg2 status --json` says of it"""
        done = subprocess.run(
            [SVG2, "status", "--json"], env=self.environment, capture_output=True, text=True, check=True, timeout=120
        )
        return {Path(row["file"]).name: row for row in json.loads(done.stdout)}

    def group(self) -> list[int]:
        """Processes that belong to it: itself and what it started, whoever their parent is now."""
        return [self.process.pid, *_members(sessions=_descendants(self.process.pid))]


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _processes() -> Iterator[int]:
    return (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit())


def _descendants(pid: int) -> set[int]:
    return {p for p in _processes() if (fields := _stat(p)) and int(fields[1]) == pid}


def _members(sessions: set[int]) -> list[int]:
    return [p for p in _processes() if (fields := _stat(p)) and fields[0] != "Z" and int(fields[3]) in sessions]


def start(home: Path, output: Path, command: Sequence[str] = (SVG2, "dev"), folder: Path | None = None) -> Dev:
    """Start `command` with fake backends under `home` on a free port, in a session of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SVG2_HOME": str(home), "SVG2_PROFILE": "fake", "DAGSTER_HOME": str(home / "dagster")}
    with output.open("w") as written:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env=environment,
            cwd=folder or output.parent,
            stdout=written,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # A suite that runs in the background ignores Ctrl-C; what it starts must not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    return Dev(process, environment, home, port)


def stop(dev: Dev) -> list[int]:
    """End it as Ctrl-C does, and return the processes that are left of it (none are, afterwards)."""
    before = dev.group()
    if dev.process.poll() is None:
        os.killpg(dev.process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            dev.process.wait(90)
    left = [p for p in before if (fields := _stat(p)) and fields[0] != "Z"]
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    dev.process.wait(30)
    return left

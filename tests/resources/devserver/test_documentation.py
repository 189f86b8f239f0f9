"""What docs/how-to/dev-server.md shows works, and the command that it begins with."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import httpx2
import pytest

from resources.devserver.script import DAMAGED, STATUS, UNANSWERED, WRITTEN, Fault
from tests.devserver import ROOT, DevServer

PAGE = (ROOT / "docs" / "how-to" / "dev-server.md").read_text()
EXAMPLES = re.findall(r"curl localhost:8321(/_svg2/\w+) -d '(.+?)'\n", PAGE, re.DOTALL)


@pytest.mark.parametrize(("path", "body"), EXAMPLES, ids=[path for path, _body in EXAMPLES])
def test_every_example_is_taken(server: DevServer, path: str, body: str) -> None:
    answer = httpx2.post(server.root + path, json=json.loads(body))
    assert answer.status_code == 200, answer.text


def test_there_are_examples() -> None:
    assert {path for path, _body in EXAMPLES} == {"/_svg2/script", "/_svg2/faults", "/_svg2/batches", "/_svg2/keys"}


def test_every_fault_is_in_the_table_with_whether_it_is_paid() -> None:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    written = {kind: row[2].strip() == "yes" for row in rows for kind in re.findall(r"`(\w+)`", row[0])}
    kinds = {*DAMAGED, *STATUS, *UNANSWERED, *WRITTEN, "stall"}
    assert written == {kind: Fault(kind=kind).counts for kind in kinds}


def test_the_command_says_where_it_listens_and_ends_by_ctrl_c() -> None:
    command = [sys.executable, "-m", "svg2_assets.cli", "dev-server", "--port", "0", "--key", "sk-a"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        urls = [process.stdout.readline().split()[1] for _ in range(3)]
        assert urls[0] == f"{urls[1]}/v1"
        assert httpx2.get(f"{urls[0]}/models", headers={"authorization": "Bearer sk-a"}).status_code == 200
        assert httpx2.get(f"{urls[0]}/models", headers={"authorization": "Bearer sk-b"}).status_code == 401
        assert httpx2.get(urls[2]).json() == {"entries": []}
        process.send_signal(signal.SIGINT)
        rest, _errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert rest.rstrip().endswith("Stopped.")
    finally:
        process.kill()
        process.wait()

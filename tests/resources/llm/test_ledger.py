"""The ledger in the store: every call that may have cost something, once; and what `svg2 costs` says."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from resources.llm.gateway import LlmGateway
from resources.llm.journal import FILE, read_rows
from resources.llm.journal_schema import LATER_COLUMNS
from resources.llm.settings import GatewaySettings
from resources.llm.shared import close_shared_gateways, shared_gateway
from resources.store.store import SceneGraphStore
from svg2_assets.commands.costs import UnknownGroup, ledger, show_costs
from svg2_assets.commands.installation import Installation
from svg2_assets.llm.calls import Call
from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.settings import Settings
from tests.devserver import DevServer
from tests.resources.llm.asking import ROOT

Calls = Callable[..., Call]


@pytest.fixture
def installation(server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation in the environment whose models are on the server."""
    llm = {"base_url": server.base_url, "key_variable": "TEST_KEY", "backoff": 0.01, "requests_per_minute": None}
    monkeypatch.setenv("SVG2_HOME", str(tmp_path))
    monkeypatch.setenv("SVG2_LLM", json.dumps(llm))
    yield Installation()
    close_shared_gateways()


def printed(installation: Installation, *by: str) -> str:
    console = Console(record=True, width=200)
    assert show_costs(installation, console, by=by, as_json=False) == 0
    return console.export_text()


def as_json(installation: Installation, capsys: pytest.CaptureFixture[str], *by: str) -> dict:
    show_costs(installation, Console(), by=by, as_json=True)
    return json.loads(capsys.readouterr().out)


def test_costs_by_video_phase_and_model_are_those_of_the_server(
    installation: Installation, server: DevServer, call: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    before = server.count()["tokens"]["sync"]
    server.script({"fault": {"kind": "server_error"}, "text": "flaky", "times": 1})
    calls = [call("flaky", video_id="v1"), call("b", video_id="v1", phase="relations", model="gpt-4.1-mini")]
    answers = shared_gateway().ask([*calls, call("c", video_id="v2")])
    found = as_json(installation, capsys, "video", "phase", "model")
    assert {(p["video"], p["phase"], p["model"]): p["requests"] for p in found["parts"]} == {
        ("v1", "parsed_labels", "gpt-4.1-nano"): 2,
        ("v1", "relations", "gpt-4.1-mini"): 1,
        ("v2", "parsed_labels", "gpt-4.1-nano"): 1,
    }
    assert found["total"]["money"] == pytest.approx(sum(answer.money for answer in answers))
    after = server.count()["tokens"]["sync"]
    for name, theirs in (("tokens_in", "in"), ("tokens_out", "out")):
        paid = sum(after[m][theirs] - before.get(m, {theirs: 0})[theirs] for m in after)
        assert found["total"][name] == paid
    assert "gpt-4.1-mini" in printed(installation)
    with pytest.raises(UnknownGroup, match="colour"):
        show_costs(installation, Console(), by=["colour"], as_json=False)


def test_nothing_was_asked_yet(installation: Installation) -> None:
    assert "No calls to models yet" in printed(installation)
    assert not (Path(installation.settings.home) / "llm").exists()


def test_the_ledger_comes_into_the_store_once(installation: Installation, call: Calls) -> None:
    shared_gateway().ask([call(str(i)) for i in range(5)])
    assert installation.store.count("llm_calls") == 0  # few calls wait for more
    before = ledger(installation)
    assert shared_gateway().flush() == 5
    assert shared_gateway().flush() == 0
    assert installation.store.count("llm_calls") == 5
    assert {row["call_id"] for row in ledger(installation)} == {row["call_id"] for row in before}
    shared_gateway().ask([call("another")])
    close_shared_gateways()  # as at the end of the process
    assert installation.store.count("llm_calls") == 6


def test_the_end_of_the_process_brings_the_ledger_into_the_store(installation: Installation) -> None:
    program = (
        "from resources.llm.shared import shared_gateway; from svg2_assets.llm.calls import Call; "
        "messages = [{'role': 'user', 'content': 'at the end'}]; "
        "shared_gateway().ask([Call('p', 'v', 'labels', 'gpt-4.1-nano', messages)])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert installation.store.count("llm_calls") == 1


def test_many_calls_go_to_the_store_while_the_run_goes_on(
    settings: Callable[..., GatewaySettings], call: Calls, tmp_path: Path
) -> None:
    store = SceneGraphStore(str(tmp_path / "store"))
    with LlmGateway(settings(ledger_calls=10), store=lambda: store) as gateway:
        gateway.ask([call(str(i)) for i in range(12)])
        assert store.count("llm_calls") == 12


def test_a_store_out_of_reach_costs_no_call(
    settings: Callable[..., GatewaySettings], call: Calls, tmp_path: Path
) -> None:
    blocked = tmp_path / "store"
    blocked.write_text("a file where the folder should be")
    with LlmGateway(settings(ledger_calls=1), store=lambda: SceneGraphStore(str(blocked))) as gateway:
        assert gateway.ask([call()])[0].outcome == "ok"
    blocked.unlink()
    with LlmGateway(settings(), store=lambda: SceneGraphStore(str(blocked))) as gateway:
        assert gateway.flush() == 1


def test_gateways_of_a_process_are_shared_by_server(installation: Installation, server: DevServer) -> None:
    assert shared_gateway() is shared_gateway()
    assert shared_gateway(base_url=server.root) is not shared_gateway()
    assert shared_gateway(base_url=server.root).journal.folder == shared_gateway().journal.folder
    with pytest.raises(UnusableBackend, match="no_such_setting"):
        shared_gateway(no_such_setting=1)


def test_settings_are_read_from_the_environment(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, llm={"budget": 1}).llm == {"budget": 1}


def test_the_ledger_keeps_what_was_expected_and_where_it_was_asked(
    installation: Installation, server: DevServer, call: Calls
) -> None:
    shared_gateway().ask([call(model="gpt-5", answer_tokens=70)])
    close_shared_gateways()
    (row,) = installation.store.read("llm_calls").to_dicts()
    assert row["answer_expected"] == 70
    assert row["reasoning_expected"] > 0
    assert row["tokens_expected"] == pytest.approx(row["tokens_in"], rel=0.05)
    assert server.base_url == f"http://{row['server']}/v1"


def test_a_journal_of_an_older_version_keeps_what_was_paid(
    settings: Callable[..., GatewaySettings], call: Calls
) -> None:
    with LlmGateway(settings()) as gateway:
        gateway.ask([call("old")])
    with sqlite3.connect(settings().journal / FILE) as db:
        for name, _ in LATER_COLUMNS:
            db.execute(f"ALTER TABLE attempts DROP COLUMN {name}")
    with LlmGateway(settings()) as gateway:
        old, new = gateway.ask([call("old"), call("new", answer_tokens=70)])
    assert (old.from_cache, new.from_cache) == (True, False)
    assert [row["answer_expected"] for row in read_rows(settings().journal)] == [0, 70]

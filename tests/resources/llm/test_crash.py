"""The client is killed, or another asks the same at the same time: no answer is lost, none is paid twice."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.llm.gateway import LlmGateway
from resources.llm.journal import read_rows
from resources.llm.settings import GatewaySettings
from svg2_assets.llm.calls import Call, Outcome
from tests.devserver import DevServer
from tests.resources.llm import asking
from tests.resources.llm.conftest import KEY

Settings = Callable[..., GatewaySettings]
Calls = Callable[..., Call]
_FAULTS = [{"kind": k} for k in ("server_error", "reset", "reset_mid_body", "truncated_body", "length", "refusal")]


def totals(server: DevServer) -> tuple[int, int]:
    """Paid calls and tokens, as the server counts."""
    counted = server.count()
    models = [model for way in counted["tokens"].values() for model in way.values()]
    return sum(counted["paid"].values()), sum(model["in"] + model["out"] for model in models)


def tokens_of(rows: list[dict]) -> int:
    return sum(row["tokens_in"] + row["tokens_out"] for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["sync", "batch"])
def test_kills_at_random_moments_lose_nothing_and_pay_nothing_twice(
    transport: str, settings: Settings, server: DevServer, call: Calls
) -> None:
    server.faults(0.2, *_FAULTS, seed=4)
    chance, before = random.Random(1), totals(server)
    repeated = server.count()["repeated"]
    made = settings(transport=transport, attempts=12, batch_requests=60, batch_rounds=12, concurrency=16)
    calls = [call(str(i), max_output_tokens=500) for i in range(200)]
    for _ in range(6):
        process = asking.start(made, calls)
        asking.wait_until_ready(process)
        time.sleep(chance.uniform(0, 0.6))
        process.kill()
        process.communicate()
    found = asking.answers(asking.start(made, calls))
    assert {answer["outcome"] for answer in found} <= {"ok", "refused", "truncated", "invalid"}
    after = totals(server)
    assert server.count()["repeated"] == repeated
    rows = read_rows(made.journal)
    assert tokens_of(rows) == after[1] - before[1]
    assert sum(row["tokens_in"] > 0 for row in rows) == after[0] - before[0]
    assert "in_flight" not in {row["outcome"] for row in rows}
    again = asking.answers(asking.start(made, calls))
    assert all(answer["cached"] for answer in again)
    assert [answer["value"] for answer in again] == [answer["value"] for answer in found]


def test_what_was_under_way_at_a_kill_is_shown_with_its_money(
    settings: Settings, server: DevServer, call: Calls
) -> None:
    server.script({"fault": {"kind": "stall", "seconds": 5}})
    process = asking.start(settings(), [call(str(i)) for i in range(3)])
    asking.wait_until_ready(process)
    deadline = time.monotonic() + 20
    while len(read_rows(settings().journal)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {row["outcome"] for row in read_rows(settings().journal)} == {"in_flight"}  # it still runs
    process.kill()
    process.communicate()
    rows = read_rows(settings().journal)
    assert {row["outcome"] for row in rows} == {"lost"}
    assert all(row["money_unknown"] > 0 for row in rows)


def test_money_of_lost_requests_counts_towards_the_budget(settings: Settings, server: DevServer, call: Calls) -> None:
    server.script({"fault": {"kind": "stall", "seconds": 5, "paid": False}, "times": 3})
    dear = {"gpt-4.1-nano": {"input": 0, "cached": 0, "output": 10_000.0}}
    made = settings(prices=dear, budget=2.0)
    process = asking.start(made, [call(str(i), max_output_tokens=60) for i in range(3)])
    asking.wait_until_ready(process)
    while len(read_rows(made.journal)) < 3:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    with LlmGateway(made) as gateway:
        (answer,) = gateway.ask([call("another", max_output_tokens=60)])
    assert answer.outcome is Outcome.OVER_BUDGET


def test_two_processes_ask_the_same_once(settings: Settings, server: DevServer, call: Calls) -> None:
    server.script({"fault": {"kind": "slow", "seconds": 1}})
    before = totals(server)[0]
    calls = [call(str(i)) for i in range(20)]
    both = [asking.start(settings(), calls) for _ in range(2)]
    first, second = (asking.answers(process) for process in both)
    assert totals(server)[0] - before == 20
    assert [answer["value"] for answer in first] == [answer["value"] for answer in second]
    assert sum(answer["cached"] for answer in first + second) == 20


def test_one_goes_on_when_the_other_dies(settings: Settings, server: DevServer, call: Calls) -> None:
    server.script({"fault": {"kind": "stall", "seconds": 3}, "times": 1})
    dying = asking.start(settings(), [call()])
    asking.wait_until_ready(dying)
    while not read_rows(settings().journal):
        time.sleep(0.05)
    waiting = asking.start(settings(), [call()])
    asking.wait_until_ready(waiting)
    time.sleep(0.3)
    assert waiting.poll() is None
    dying.kill()
    dying.communicate()
    assert asking.answers(waiting)[0]["outcome"] == "ok"


def test_a_batch_leaves_to_a_synchronous_run_what_that_has_under_way(
    settings: Settings, server: DevServer, call: Calls
) -> None:
    server.script({"text": "slow", "fault": {"kind": "slow", "seconds": 2}})
    before = totals(server)[0]
    other = asking.start(settings(), [call("slow")])
    asking.wait_until_ready(other)
    while not read_rows(settings().journal):
        time.sleep(0.05)
    with LlmGateway(settings(transport="batch")) as gateway:
        answers = gateway.ask([call("slow"), call("quick")])
    assert [answer.outcome for answer in answers] == [Outcome.OK, Outcome.OK]
    assert [answer.from_cache for answer in answers] == [True, False]
    assert asking.answers(other)[0]["outcome"] == "ok"
    assert totals(server)[0] - before == 2


def test_the_key_is_nowhere_on_the_disk_and_in_no_log(
    settings: Settings, server: DevServer, call: Calls, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script({"text": "echo", "answer": {"text": "no json"}}, {"text": "bad", "fault": {"kind": "server_error"}})
    made = settings(attempts=2)
    with LlmGateway(made) as gateway:
        gateway.ask([call("echo"), call("bad"), call("fine")])
        gateway.prefetch([call("in a batch")])
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert {path.name for path in files} >= {"journal.sqlite", "journal.sqlite-wal"}
        assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert "chat/completions" in caplog.text  # the client does log its requests
    assert KEY not in caplog.text

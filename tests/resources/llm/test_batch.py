"""Calls by the Batch API: planned, collected, planned again where something is missing, and read from the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pytest
from openai.resources.batches import AsyncBatches

from resources.llm import batch_plans
from resources.llm.batch_api import BatchApi, read_line
from resources.llm.batch_plans import BatchPlan
from resources.llm.gateway import LlmGateway
from svg2_assets.llm.calls import Call, Outcome
from svg2_assets.scene.errors import UnusableBackend
from tests.devserver import DevServer

Gateways = Callable[..., LlmGateway]
Calls = Callable[..., Call]


def batches(server: DevServer) -> list:
    return list(server.client().batches.list(limit=100))


def paid(server: DevServer) -> int:
    return sum(server.count()["paid"].values())


def rows(gateway: LlmGateway) -> list[dict]:
    with gateway.journal.transaction() as journal:
        return journal.rows()


def test_prefetched_calls_are_answered_from_the_cache_at_half_the_price(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    calls = [call(str(i)) for i in range(30)]
    asked = gateway()
    fetched = asked.prefetch(calls)
    assert {answer.outcome for answer in fetched} == {Outcome.OK}
    usage = fetched[0].usage
    assert fetched[0].money == pytest.approx((usage.tokens_in * 0.1 + usage.tokens_out * 0.4) / 2e6)
    before = paid(server)
    answers = asked.ask(calls)
    assert all(answer.from_cache for answer in answers)
    assert [answer.value for answer in answers] == [answer.value for answer in fetched]
    assert paid(server) == before
    assert asked.prefetch([]) == ()


def test_a_plan_is_split_by_requests_bytes_and_model(gateway: Gateways, server: DevServer, call: Calls) -> None:
    before = len(batches(server))
    asked = gateway(transport="batch", batch_requests=8, batch_bytes=20_000)
    calls = [call(str(i), model=model) for i in range(20) for model in ("gpt-4.1-nano", "gpt-4.1-mini")]
    calls.append(call("long " * 3800))  # alone in its file
    assert {answer.outcome for answer in asked.ask(calls)} == {Outcome.OK}
    assert len(batches(server)) - before == 7
    (too_large,) = asked.ask([call("longer " * 4000)])
    assert too_large.outcome is Outcome.BAD_REQUEST
    assert "bytes" in too_large.reason


def test_follow_ups_go_into_a_second_batch(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script(
        {"text": "validator reports", "answer": {"value": {"items": []}}},
        {"text": "spoilt", "fault": {"kind": "violates_schema"}, "times": 1},
        {"text": "cut", "fault": {"kind": "length"}, "times": 1},
    )
    asked = gateway(transport="batch")
    answers = asked.ask([call("fine"), call("spoilt"), call("cut")])
    assert [answer.outcome for answer in answers] == [Outcome.OK] * 3
    assert sorted(row["step"] for row in rows(asked)) == ["first", "first", "first", "longer", "repair"]


def test_an_expired_batch_keeps_its_answers_and_the_rest_is_planned_again(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    server._post("batches", {"courses": [{"expire_after": 4}]})
    before, known = paid(server), len(batches(server))
    answers = gateway(transport="batch").ask([call(str(i)) for i in range(10)])
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    assert paid(server) - before == 10
    assert len(batches(server)) - known == 2


def test_batches_that_fail_again_and_again_end_with_the_reason(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    server._post("batches", {"courses": [{"fail": "token_limit_exceeded"}] * 2})
    asked = gateway(transport="batch", batch_rounds=2)
    answers = asked.ask([call("a"), call("b")])
    assert {answer.outcome for answer in answers} == {Outcome.SERVER_ERROR}
    assert "token_limit_exceeded" in answers[0].reason
    assert all(row["money_unknown"] == 0 for row in rows(asked))  # a failed batch costs nothing
    assert {answer.outcome for answer in asked.ask([call("a"), call("b")])} == {Outcome.OK}


def test_errors_inside_of_a_batch_are_asked_again_or_kept(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script({"text": "flaky", "fault": {"kind": "server_error"}, "times": 1})
    broken = call("x", schema={"type": "object", "properties": {}, "required": ["missing"]})
    answers = gateway(transport="batch").ask([call("flaky"), broken])
    assert [answer.outcome for answer in answers] == [Outcome.OK, Outcome.BAD_REQUEST]


class Crash(Exception):
    """The process ends here."""


@contextmanager
def crash_at(step: str, *, after: bool) -> Iterator[None]:
    """Work ends when a plan is to be moved to the state `step`, before or after that is written down."""
    real = batch_plans.move_plan

    def move(journal: object, plan_id: str, state: str, **known: str) -> BatchPlan:
        if state == step and not after:
            raise Crash
        return real(journal, plan_id, state, **known)  # type: ignore[arg-type]

    original = BatchApi.advance

    async def advance(self: BatchApi, plan: BatchPlan) -> BatchPlan:
        if after and plan.state == step:
            raise Crash
        return await original(self, plan)

    async def create(*_: object, **__: object) -> None:
        raise Crash

    with ExitStack() as patches:
        patches.enter_context(patch.object(batch_plans, "move_plan", move))
        patches.enter_context(patch.object(BatchApi, "advance", advance))
        if after and step == "creating":
            patches.enter_context(patch.object(AsyncBatches, "create", create))
        yield


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["written", "uploaded", "creating", "created", "collected"])
def test_a_crash_at_any_step_submits_no_batch_twice(
    step: str, after: bool, gateway: Gateways, server: DevServer, call: Calls
) -> None:
    before, known = paid(server), len(batches(server))
    calls = [call(str(i)) for i in range(5)]
    with crash_at(step, after=after):
        first = gateway(transport="batch")
        if (step, after) == ("collected", True):  # there is nothing left to do after it
            assert {answer.outcome for answer in first.ask(calls)} == {Outcome.OK}
        else:
            with pytest.raises(Crash):
                first.ask(calls)
        first.close()
    second = gateway(transport="batch")
    assert {answer.outcome for answer in second.ask(calls)} == {Outcome.OK}
    assert paid(server) - before == 5
    assert len(batches(server)) - known == 1
    assert {row["outcome"] for row in rows(second)} == {"ok"}
    assert not list((second.settings.journal / "batches").iterdir())


def test_a_synchronous_run_waits_for_what_a_batch_has_under_way(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    before = paid(server)
    with crash_at("created", after=True):
        first = gateway(transport="batch")
        with pytest.raises(Crash):
            first.ask([call("a"), call("b")])
        first.close()
    answers = gateway().ask([call("a"), call("b"), call("c")])
    assert {answer.outcome for answer in answers} == {Outcome.OK}
    assert paid(server) - before == 3


def test_a_batch_nobody_asks_for_any_more_is_collected_by_the_next(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    with crash_at("created", after=True):
        first = gateway(transport="batch")
        with pytest.raises(Crash):
            first.ask([call("forgotten")])
        first.close()
    second = gateway(transport="batch")
    second.ask([call("other 1")])
    second.ask([call("other 2")])
    assert {row["outcome"] for row in rows(second)} == {"ok"}


def test_what_does_not_fit_the_budget_is_not_planned(gateway: Gateways, server: DevServer, call: Calls) -> None:
    dear = {"gpt-4.1-nano": {"input": 0, "cached": 0, "output": 10_000.0, "batch": 0.5}}
    asked = gateway(transport="batch", prices=dear, budget=1.0)
    answers = asked.ask([call(str(i), max_output_tokens=60) for i in range(10)])
    outcomes = [answer.outcome for answer in answers]
    assert outcomes.count(Outcome.OK) == 3  # 30 cents each are reserved
    assert outcomes.count(Outcome.OVER_BUDGET) == 7


def test_a_refused_key_is_told_before_anything_is_planned_twice(
    gateway: Gateways, server: DevServer, call: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.accept_keys("sk-another")
    try:
        with pytest.raises(UnusableBackend, match="TEST_KEY"):
            gateway(transport="batch").ask([call()])
        monkeypatch.setenv("TEST_KEY", "sk-another")
        assert gateway(transport="batch").ask([call()])[0].outcome is Outcome.OK
    finally:
        server._post("keys", {"accepted": None})


@pytest.mark.parametrize(
    "line", ["", "{", "[]", '{"custom_id": 3}', '{"response": null}', '{"custom_id": "a", "response": 3}']
)
def test_unreadable_lines_stop_nothing(line: str) -> None:
    read = read_line(line)
    assert read is None or read[1].outcome is Outcome.SERVER_ERROR

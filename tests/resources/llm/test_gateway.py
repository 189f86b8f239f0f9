"""Calls over HTTP to a server that answers, refuses, fails, breaks off: each ends in an outcome, and is paid once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from resources.llm.gateway import LlmGateway
from svg2_assets.llm.calls import Answer, Call, Outcome
from svg2_assets.scene.errors import UnusableBackend
from tests.devserver import DevServer

Gateways = Callable[..., LlmGateway]
Calls = Callable[..., Call]
VALUE = {"items": [{"id": 1, "name": "red car"}, {"id": 2, "name": "猫"}]}


def ask(gateway: LlmGateway, call: Call) -> Answer:
    (answer,) = gateway.ask([call])
    return answer


def ledger(gateway: LlmGateway) -> list[dict]:
    with gateway.journal.transaction() as journal:
        return sorted(journal.rows(), key=lambda row: row["at"])


def requests(server: DevServer) -> int:
    return server.count()["requests"]["sync"]


def test_an_answer_is_parsed_paid_and_never_asked_for_again(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script({"answer": {"value": VALUE}})
    first = ask(gateway(), call())
    assert (first.outcome, first.value, first.from_cache) == (Outcome.OK, VALUE, False)
    assert first.money == pytest.approx((first.usage.tokens_in * 0.1 + first.usage.tokens_out * 0.4) / 1e6)
    before = requests(server)
    again = ask(gateway(), call(video_id="v2"))  # another gateway on the same journal, another video, the same question
    assert (again.value, again.from_cache, again.money) == (VALUE, True, 0.0)
    assert requests(server) == before


def test_answers_come_in_the_order_of_calls(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script(*({"text": f"number {i}$", "answer": {"text": str(i)}} for i in range(40)))
    answers = gateway().ask([call(f"number {i}", schema=None) for i in range(40)])
    assert [answer.text for answer in answers] == [str(i) for i in range(40)]


def test_nothing_is_asked_for_nothing(gateway: Gateways) -> None:
    assert gateway().ask([]) == ()


def test_the_same_question_twice_at_once_is_sent_once(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script({"fault": {"kind": "slow", "seconds": 0.5}})
    before, asked = requests(server), gateway()
    with ThreadPoolExecutor(3) as pool:
        threads = [pool.submit(asked.ask, [call(), call()]) for _ in range(3)]
        answers = [answer for thread in threads for answer in thread.result()]
    assert requests(server) == before + 1
    assert len({answer.text for answer in answers}) == 1
    assert sum(not answer.from_cache for answer in answers) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "rate_limited", "retry_after": 0.05},
        {"kind": "rate_limited"},
        {"kind": "server_error"},
        {"kind": "unavailable"},
        {"kind": "reset"},
        {"kind": "reset_mid_body"},
        {"kind": "truncated_body"},
    ],
)
def test_what_passes_is_tried_again_and_paid_once(
    fault: dict, gateway: Gateways, server: DevServer, call: Calls
) -> None:
    server.script({"fault": fault, "times": 2})
    asked = gateway()
    before = server.count()["repeated"]
    assert ask(asked, call()).outcome is Outcome.OK
    rows = ledger(asked)
    broken = fault["kind"] in {"reset_mid_body", "truncated_body"}
    assert len(rows) == (2 if broken else 3)  # every try is in the ledger; a broken answer is there whole the next time
    assert [row["outcome"] for row in rows][-1] == "ok"
    assert sum(row["tokens_in"] > 0 for row in rows) == 1
    assert server.count()["repeated"] == before
    if broken:  # paid before; the server says that it repeats itself
        assert sum(row["money_unknown"] for row in rows) == 0


def test_a_stalled_answer_is_given_up_and_its_money_stays_unclear(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    server.script({"fault": {"kind": "stall", "seconds": 3, "paid": False}})
    asked = gateway(timeout=0.3, attempts=2)
    answer = ask(asked, call())
    assert answer.outcome is Outcome.SERVER_ERROR
    assert "no answer within 0.3 s" in answer.reason
    assert "after 2 tries" in answer.reason
    assert all(row["money_unknown"] > 0 and row["money"] == 0 for row in ledger(asked))


def test_a_wait_that_is_too_long_is_told_and_not_waited_for(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script({"fault": {"kind": "rate_limited", "retry_after": 3600}})
    answer = ask(gateway(longest_wait=10), call())
    assert answer.outcome is Outcome.RATE_LIMITED
    assert "3600 s" in answer.reason


def test_a_failure_is_not_kept_and_the_next_run_asks_again(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script({"fault": {"kind": "server_error"}, "times": 2})
    assert ask(gateway(attempts=2), call()).outcome is Outcome.SERVER_ERROR
    assert ask(gateway(attempts=2), call()).outcome is Outcome.OK


def test_a_cut_answer_is_asked_for_with_twice_the_limit(gateway: Gateways, server: DevServer, call: Calls) -> None:
    long = {"items": [{"id": i, "name": "a long name"} for i in range(30)]}
    server.script({"answer": {"value": long}})
    asked = gateway()
    answer = ask(asked, call(max_output_tokens=400))
    assert (answer.outcome, answer.value) == (Outcome.OK, long)
    assert [(row["step"], row["outcome"]) for row in ledger(asked)] == [("first", "truncated"), ("longer", "ok")]
    assert answer.money == pytest.approx(sum(row["money"] for row in ledger(asked)))
    assert ask(asked, call(max_output_tokens=400)).from_cache  # both requests of it


def test_complete_items_of_an_answer_that_stays_cut_are_kept(gateway: Gateways, server: DevServer, call: Calls) -> None:
    long = {"items": [{"id": i, "name": "a long name"} for i in range(100)]}
    server.script({"answer": {"value": long}})
    answer = ask(gateway(output_ceiling=300), call(max_output_tokens=200))
    assert answer.outcome is Outcome.TRUNCATED
    assert 0 < len(answer.value["items"]) < 100
    assert answer.value["items"] == long["items"][: len(answer.value["items"])]
    assert answer.reason


def test_reasoning_that_takes_all_tokens_leaves_nothing_to_salvage(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    server.script({"answer": {"value": VALUE, "reasoning_tokens": 10_000}})
    answer = ask(gateway(output_ceiling=1000), call(model="gpt-5-mini", max_output_tokens=500))
    assert (answer.outcome, answer.value) == (Outcome.TRUNCATED, None)
    assert answer.usage.reasoning > 0


def test_an_invalid_answer_is_repaired_with_the_validators_error(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    server.script(
        {"text": "validator reports.*required property", "answer": {"value": VALUE}},
        {"answer": {"value": {"items": [{"id": 1}]}}},
    )
    asked = gateway()
    answer = ask(asked, call())
    assert (answer.outcome, answer.value) == (Outcome.OK, VALUE)
    assert [row["step"] for row in ledger(asked)] == ["first", "repair"]


def test_an_answer_that_stays_invalid_is_paid_once_and_says_why(
    gateway: Gateways, server: DevServer, call: Calls
) -> None:
    server.script({"answer": {"text": "Sorry, here is a <b>list</b>\x1b[31m: 1, 2"}})
    asked = gateway()
    answer = ask(asked, call())
    assert answer.outcome is Outcome.INVALID
    assert "no JSON" in answer.reason
    assert "\x1b" not in answer.reason
    before = requests(server)
    assert ask(asked, call()).outcome is Outcome.INVALID
    assert requests(server) == before


def test_a_refusal_is_kept(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script({"answer": {"refusal": "I cannot describe this person."}})
    asked = gateway()
    answer = ask(asked, call())
    assert answer.outcome is Outcome.REFUSED
    assert "I cannot describe this person." in answer.reason
    before = requests(server)
    assert ask(asked, call()).outcome is Outcome.REFUSED
    assert requests(server) == before


def test_a_bad_request_is_sent_once_ever(gateway: Gateways, server: DevServer, call: Calls) -> None:
    def refused() -> int:
        return server.count()["outcomes"].get("bad_request", 0)

    before = refused()
    broken = call(schema={"type": "object", "properties": {}, "required": ["missing"]})
    for _ in range(2):
        answer = ask(gateway(), broken)
        assert answer.outcome is Outcome.BAD_REQUEST
        assert "400" in answer.reason
    assert refused() == before + 1


def test_a_call_that_is_no_json_stops_no_other(gateway: Gateways, call: Calls) -> None:
    broken = call(messages=[{"role": "user", "content": "half a pair: \ud83d"}])
    answers = gateway().ask([broken, call()])
    assert [answer.outcome for answer in answers] == [Outcome.BAD_REQUEST, Outcome.OK]


def test_any_text_survives_the_way_there_and_back(gateway: Gateways, server: DevServer, call: Calls) -> None:
    words = " ".join(["żółć", "猫", "😀", "nul\x00", "esc\x1b[31m", "</script>", "\u202e"] * 1500)  # 10,500 words
    server.script({"answer": {"text": words}})
    asked = gateway()
    answer = ask(asked, call(words, schema=None, max_output_tokens=32_000))
    assert answer.text == words
    assert ask(asked, call(words, schema=None, max_output_tokens=32_000)).text == words


def test_a_revoked_key_is_told_once_and_ends_all(
    gateway: Gateways, server: DevServer, call: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.accept_keys("sk-another")
    try:
        before, asked = requests(server), gateway(concurrency=2)
        with pytest.raises(UnusableBackend, match="TEST_KEY") as raised:
            asked.ask([call(str(i)) for i in range(50)])
        assert requests(server) <= before + 2  # those that were under way
        assert "sk-test" not in str(raised.value)
        with pytest.raises(UnusableBackend, match="TEST_KEY"):
            asked.ask([call("later")])
        assert requests(server) <= before + 2
        monkeypatch.setenv("TEST_KEY", "sk-another")
        assert gateway().ask([call("with a good key")])[0].outcome is Outcome.OK
    finally:
        server._post("keys", {"accepted": None})


def test_a_missing_key_is_found_before_anything_is_sent(
    gateway: Gateways, server: DevServer, call: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_KEY")
    before = requests(server)
    with pytest.raises(UnusableBackend, match="TEST_KEY is not set"):
        gateway().check()
    with pytest.raises(UnusableBackend, match="TEST_KEY is not set"):
        gateway().ask([call()])
    assert requests(server) == before


def test_a_server_out_of_reach_is_an_outcome(gateway: Gateways, call: Calls) -> None:
    answer = ask(gateway(base_url="http://127.0.0.1:9/v1", attempts=2), call())
    assert answer.outcome is Outcome.SERVER_ERROR
    assert "connection failed" in answer.reason


def test_the_budget_stops_and_keeps_what_is_done(gateway: Gateways, server: DevServer, call: Calls) -> None:
    dear = {"gpt-4.1-nano": {"input": 0, "cached": 0, "output": 10_000.0}}  # a cent a token
    server.script({"answer": {"text": "four tokens or so"}})
    made = {"prices": dear, "budget": 1.0, "concurrency": 1}
    answers = gateway(**made).ask([call(str(i), schema=None, max_output_tokens=50) for i in range(40)])
    outcomes = [answer.outcome for answer in answers]
    assert {Outcome.OK, Outcome.OVER_BUDGET} == set(outcomes)
    assert sum(answer.money for answer in answers) <= 1.0
    assert "budget of $1.00" in next(a.reason for a in answers if a.outcome is Outcome.OVER_BUDGET)
    raised = gateway(**{**made, "budget": 100.0})
    done = raised.ask([call(str(i), schema=None, max_output_tokens=50) for i in range(40)])
    assert {answer.outcome for answer in done} == {Outcome.OK}
    assert sum(answer.from_cache for answer in done) == outcomes.count(Outcome.OK)


def test_many_at_once_keep_within_the_budget(gateway: Gateways, server: DevServer, call: Calls) -> None:
    dear = {"gpt-4.1-nano": {"input": 0, "cached": 0, "output": 10_000.0}}
    server.script({"answer": {"text": "word " * 200}})
    answers = gateway(prices=dear, budget=3.0, output_ceiling=50).ask(
        [call(str(i), schema=None, max_output_tokens=50) for i in range(40)]
    )
    assert sum(answer.money for answer in answers) <= 3.0
    assert any(answer.outcome is Outcome.TRUNCATED for answer in answers)


def test_a_budget_needs_a_price(gateway: Gateways, server: DevServer, call: Calls) -> None:
    answer = ask(gateway(budget=1.0), call(model="a-model-of-ours"))
    assert answer.outcome is Outcome.OVER_BUDGET
    assert "no price is known for a-model-of-ours" in answer.reason


def test_no_thread_belongs_to_a_call(gateway: Gateways, server: DevServer, call: Calls) -> None:
    server.script({"fault": {"kind": "slow", "seconds": 0.5}})
    asked, before, seen = gateway(), threading.active_count(), []
    done = threading.Event()
    watcher = threading.Thread(target=lambda: [seen.append(threading.active_count()) for _ in iter(done.is_set, True)])
    watcher.start()
    try:
        asked.ask([call(str(i)) for i in range(64)])
    finally:
        done.set()
        watcher.join()
    assert max(seen) <= before + 1 + 2  # the watcher, the journal, the resolver of names

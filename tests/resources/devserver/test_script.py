"""Scripted answers and faults, as the client sees them and as they are counted."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest

from tests.devserver import DevServer
from tests.resources.devserver.requests import ANSWER, form


def ask(server: DevServer, text: str = "hello", *, schema: bool = False, **more: Any) -> Any:
    """One request; `more` goes into it."""
    options = {"response_format": form(ANSWER)} if schema else {}
    client = server.client(timeout=more.pop("timeout", 30.0))
    return client.chat.completions.create(
        **{"model": "gpt-4.1", "messages": [{"role": "user", "content": text}], **options, **more}
    )


def content(answer: Any) -> str:
    return answer.choices[0].message.content


def test_rules_look_at_model_text_schema_and_endpoint(server: DevServer) -> None:
    server.script(
        {"model": "^gpt-5", "answer": {"text": "by model"}},
        {"text": "relations?", "answer": {"value": {"relations": []}}},
        {"schema": "^answer$", "answer": {"text": "by schema"}},
        {"endpoint": "/v1/responses", "answer": {"text": "by endpoint"}},
    )
    assert content(ask(server, model="gpt-5")) == "by model"
    assert json.loads(content(ask(server, "which relation"))) == {"relations": []}
    assert content(ask(server, schema=True)) == "by schema"
    assert server.client().responses.create(model="gpt-4.1", input="x").output_text == "by endpoint"
    assert content(ask(server)) not in {"by model", "by schema", "by endpoint"}


def test_rules_count_the_requests_that_they_match(server: DevServer) -> None:
    server.script(
        {"text": "first", "times": 1, "answer": {"text": "once"}},
        {"text": "hello", "nth": [2, 4], "answer": {"text": "even"}},
    )
    assert [content(ask(server, "first")) == "once" for _ in range(2)] == [True, False]
    assert [content(ask(server)) == "even" for _ in range(4)] == [False, True, False, True]
    server.script({"text": "hello", "answer": {"text": "added"}}, append=True)
    assert content(ask(server)) == "added"


def test_an_answer_and_a_fault_of_two_rules_meet(server: DevServer) -> None:
    server.script({"answer": {"text": "word " * 30}}, {"fault": {"kind": "length"}})
    answer = ask(server)
    assert answer.choices[0].finish_reason == "length"
    assert content(answer) == ("word " * 30)[: 150 * 2 // 3]


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        ({"kind": "rate_limited", "retry_after": 1.5}, openai.RateLimitError, 429),
        ({"kind": "rate_limited"}, openai.RateLimitError, 429),
        ({"kind": "server_error"}, openai.InternalServerError, 500),
        ({"kind": "unavailable", "retry_after": 2}, openai.InternalServerError, 503),
    ],
)
@pytest.mark.parametrize("paid", [False, True])
def test_statuses(
    server: DevServer, fault: dict, error: type[openai.APIStatusError], status: int, *, paid: bool
) -> None:
    server.script({"fault": {**fault, "paid": paid}})
    with pytest.raises(error) as caught:
        ask(server)
    assert caught.value.status_code == status
    wait = fault.get("retry_after")
    assert caught.value.response.headers.get("retry-after") == (f"{wait:g}" if wait else None)
    entry = server.log()[-1]
    assert (entry["status"], entry["paid"], entry["fault"]) == (status, paid, fault["kind"])


@pytest.mark.parametrize(("kind", "paid"), [("reset", False), ("reset_mid_body", True)])
def test_a_connection_that_breaks(server: DevServer, kind: str, *, paid: bool) -> None:
    server.script({"fault": {"kind": kind}})
    with pytest.raises(openai.APIConnectionError) as caught:
        ask(server)
    assert isinstance(caught.value.__cause__, httpx2.TransportError)
    assert server.log()[-1]["paid"] is paid


def test_a_reset_after_the_answer_was_produced(server: DevServer) -> None:
    server.script({"fault": {"kind": "reset", "paid": True}})
    with pytest.raises(openai.APIConnectionError):
        ask(server)
    assert server.log()[-1]["paid"]
    assert server.log()[-1]["tokens"]["in"] > 0


def test_a_body_that_ends_too_early(server: DevServer) -> None:
    server.script({"fault": {"kind": "truncated_body"}})
    answer = httpx2.post(
        f"{server.base_url}/chat/completions",
        json={"model": "gpt-5", "messages": [{"role": "user", "content": "x"}]},
        headers={"authorization": "Bearer k"},
    )
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()
    assert server.log()[-1]["paid"]


def test_a_stall_is_paid_though_the_client_goes_away(server: DevServer) -> None:
    server.script({"fault": {"kind": "stall", "seconds": 30}})
    with pytest.raises(openai.APITimeoutError):
        ask(server, "stalled", timeout=0.3)
    assert server.log()[-1]["paid"]


def test_slow_bytes_arrive_all(server: DevServer) -> None:
    server.script({"fault": {"kind": "slow", "seconds": 0.3}})
    assert json.loads(content(ask(server, schema=True)))


def test_an_answer_cut_within_its_json(server: DevServer) -> None:
    server.script({"fault": {"kind": "length"}})
    answer = ask(server, schema=True)
    assert answer.choices[0].finish_reason == "length"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|Invalid"):
        json.loads(content(answer))
    assert server.log()[-1]["outcome"] == "length"


def test_a_refusal(server: DevServer) -> None:
    server.script({"fault": {"kind": "refusal"}})
    message = ask(server, schema=True).choices[0].message
    assert message.content is None
    assert message.refusal


def test_ids_that_do_not_exist_and_content_outside_of_the_schema(server: DevServer) -> None:
    value = {"relations": [{"subject_id": 4, "object": "7", "predicate": "near"}], "count": 3}
    server.script({"answer": {"value": value}}, {"fault": {"kind": "wrong_ids"}})
    wrong = json.loads(content(ask(server)))
    assert wrong == {"relations": [{"subject_id": 90004, "object": "no-such-7", "predicate": "near"}], "count": 3}
    server.script({"answer": {"value": value}}, {"fault": {"kind": "violates_schema"}})
    assert json.loads(content(ask(server))) == {"count": 3, "unexpected": None}


def test_random_faults_depend_on_the_seed_and_the_request_alone(server: DevServer) -> None:
    faults = ({"kind": "server_error"}, {"kind": "rate_limited"}, {"kind": "refusal"})

    def outcomes() -> list[str]:
        before = len(server.log())
        for i in range(60):
            try:
                ask(server, f"number {i}")
            except openai.APIStatusError:
                continue
        return [entry["fault"] for entry in server.log()[before:]]

    server.faults(0.5, *faults, seed=3)
    first = outcomes()
    server.faults(0.5, *faults, seed=3)
    assert outcomes() == first
    assert set(first) == {"", "server_error", "rate_limited", "refusal"}
    assert 15 <= first.count("") <= 45
    server.faults(0.5, *faults, seed=4)
    assert outcomes() != first
    server.faults(0)
    assert set(outcomes()) == {""}


def test_a_script_that_makes_no_sense_is_refused(server: DevServer) -> None:
    for path, body in (
        ("script", {"rules": [{"fault": {"kind": "earthquake"}}]}),
        ("script", {"rules": [{"txt": "x"}]}),
        ("script", {"rules": [{"text": "("}]}),
        ("script", {"rules": 5}),
        ("faults", {"probability": 2, "faults": [{"kind": "reset"}]}),
        ("faults", {"probability": 0.5, "faults": []}),
        ("batches", {"courses": [{"hours": 2}]}),
    ):
        assert httpx2.post(f"{server.root}/_svg2/{path}", json=body).status_code == 400, body


def test_the_count_is_the_sum_of_the_log(server: DevServer) -> None:
    server.script({"nth": [2], "fault": {"kind": "server_error"}}, {"nth": [3], "fault": {"kind": "reset_mid_body"}})
    for i in range(4):
        try:
            ask(server, f"counted {i}", model="o4-mini")
        except openai.APIError:
            continue
    ask(server, "counted 0", model="o4-mini")
    entries = [e for e in server.log() if e["model"] == "o4-mini" and e["paid"]]
    count = server.count()
    assert count["tokens"]["sync"]["o4-mini"]["calls"] == len(entries) == 4
    for name in ("in", "cached", "out", "reasoning"):
        assert count["tokens"]["sync"]["o4-mini"].get(name, 0) == sum(e["tokens"][name] for e in entries)
    assert count["repeated"] >= 1

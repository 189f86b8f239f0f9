"""The header Idempotency-Key."""

from __future__ import annotations

import openai
import pytest

from tests.devserver import DevServer, dev_server


def ask(server: DevServer, key: str, text: str = "hello", *, api_key: str = "sk-test"):
    return server.client(api_key).chat.completions.create(
        model="gpt-5",
        messages=[{"role": "user", "content": text}],
        extra_headers={"Idempotency-Key": key},
    )


def test_the_same_request_is_answered_again_and_counted_once(server: DevServer) -> None:
    first, second = ask(server, "one"), ask(server, "one")
    assert first.id == second.id
    paid, replayed = server.log()[-2:]
    assert (paid["paid"], replayed["paid"]) == (True, False)
    assert replayed["outcome"] == "replayed"
    assert paid["idempotency_key"] == "one"
    assert ask(server, "one", api_key="sk-other").id != first.id


def test_an_answer_that_was_lost_on_its_way_is_not_paid_again(server: DevServer) -> None:
    server.script({"times": 1, "fault": {"kind": "reset_mid_body"}})
    with pytest.raises(openai.APIConnectionError):
        ask(server, "lost")
    assert ask(server, "lost").choices[0].message.content
    assert [e["paid"] for e in server.log()[-2:]] == [True, False]


def test_what_was_not_answered_is_asked_anew(server: DevServer) -> None:
    server.script({"times": 1, "fault": {"kind": "server_error"}})
    with pytest.raises(openai.InternalServerError):
        ask(server, "failed")
    ask(server, "failed")
    assert [e["paid"] for e in server.log()[-2:]] == [False, True]


def test_a_key_belongs_to_one_body(server: DevServer) -> None:
    ask(server, "mine")
    with pytest.raises(openai.BadRequestError) as caught:
        ask(server, "mine", "something else")
    assert caught.value.code == "idempotency_key_reused"


def test_it_can_be_switched_off() -> None:
    with dev_server("--no-idempotency") as server:
        assert ask(server, "one").id != ask(server, "one").id
        assert server.count()["paid"]["sync"] == 2
        assert server.count()["repeated"] == 1

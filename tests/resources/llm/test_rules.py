"""Rules without a server: prices, limits, keys of requests, what errors mean, settings."""

from __future__ import annotations

import email.utils
import re
import time
from pathlib import Path

import pytest

from resources.llm.outcomes import read_error, read_reply, retry_after, sound, tidy
from resources.llm.payloads import Request, UnsendableCall, canonical, first_request, key_of, longer_request
from resources.llm.prices import LIST_PRICES, PRICES_OF, Price, price_of
from resources.llm.settings import GatewaySettings, gateway_settings
from svg2_assets.llm.calls import Call, Outcome, Usage
from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.settings import Settings


def test_cached_tokens_cost_their_own_price_and_reasoning_is_output() -> None:
    price = Price(input=1.0, cached=0.1, output=10.0)
    usage = Usage(tokens_in=1_000_000, cached=400_000, tokens_out=100_000, reasoning=90_000)
    assert price.money(usage) == pytest.approx(0.6 + 0.04 + 1.0)
    assert price.money(usage, batch=True) == pytest.approx(0.82)


def test_a_dated_snapshot_has_the_price_of_its_model() -> None:
    assert price_of("gpt-5-2025-08-07", LIST_PRICES) == LIST_PRICES["gpt-5"]
    assert price_of("gpt-5-mini-2025-08-07", LIST_PRICES) == LIST_PRICES["gpt-5-mini"]
    assert price_of("gpt-5-turbo-max", LIST_PRICES) is None


def a_call(**more: object) -> Call:
    given = {"purpose": "p", "video_id": "v", "phase": "relations", "model": "gpt-5"}
    return Call(**{**given, "messages": [{"role": "user", "content": "héllo 猫"}], **more})  # type: ignore[arg-type]


def key(call: Call, endpoint: str = "https://a/v1") -> str:
    return key_of(endpoint, first_request(call, ceiling=10_000).text())


def test_the_key_is_of_the_whole_request_and_of_nothing_else() -> None:
    assert key(a_call()) == key(a_call(video_id="w", purpose="q", phase="labels", prompt_version="2"))
    different = [
        a_call(model="gpt-5-mini"),
        a_call(messages=[{"role": "user", "content": "hello"}]),
        a_call(schema={"type": "object"}),
        a_call(max_output_tokens=5),
        a_call(options={"seed": 1}),
    ]
    assert len({key(call) for call in (a_call(), *different)}) == 6
    assert key(a_call()) != key(a_call(), "http://other/v1")
    assert key(a_call(options={"a": 1, "b": 2})) == key(a_call(options={"b": 2, "a": 1}))


@pytest.mark.parametrize("content", ["\ud800", float("nan"), object()])
def test_what_is_no_json_cannot_be_sent(content: object) -> None:
    with pytest.raises(UnsendableCall):
        canonical({"messages": [{"content": content}]})


def test_the_limit_is_raised_up_to_the_ceiling() -> None:
    request = first_request(a_call(max_output_tokens=600), ceiling=1000)
    longer = longer_request(request, ceiling=1000)
    assert longer is not None
    assert (longer.limit, longer.body["max_completion_tokens"]) == (1000, 1000)
    assert longer_request(longer, ceiling=1000) is None
    assert isinstance(request, Request)


@pytest.mark.parametrize(
    ("status", "body", "outcome", "kept"),
    [
        (401, {"error": {"message": "Incorrect API key provided: sk-abcdefgh"}}, Outcome.AUTH, False),
        (403, {}, Outcome.AUTH, False),
        (429, {"error": {"code": "insufficient_quota", "message": "m"}}, Outcome.OVER_BUDGET, False),
        (429, {"error": {"code": "rate_limit_exceeded", "message": "m"}}, Outcome.RATE_LIMITED, False),
        (400, {"error": {"message": "too long"}}, Outcome.BAD_REQUEST, True),
        (422, {"detail": [{"msg": "field required"}]}, Outcome.BAD_REQUEST, True),
        (404, {"error": {"message": "no such model"}}, Outcome.BAD_REQUEST, False),
        (500, {"error": "Image must be RGBA"}, Outcome.SERVER_ERROR, False),
        (503, "<html>Bad gateway</html>", Outcome.SERVER_ERROR, False),
        (408, None, Outcome.SERVER_ERROR, False),
    ],
)
def test_errors_are_sorted_and_tell_no_key(status: int, body: object, outcome: Outcome, kept: bool) -> None:
    reply = read_error(status, body)
    assert (reply.outcome, reply.kept) == (outcome, kept)
    assert reply.reason
    assert "sk-abcdefgh" not in reply.reason


def test_retry_after_is_read_in_each_form() -> None:
    assert retry_after({"retry-after": "2"}) == 2
    assert retry_after({"retry-after": "2", "retry-after-ms": "150"}) == pytest.approx(0.15)
    assert retry_after({"retry-after": email.utils.formatdate(time.time() + 60)}) == pytest.approx(60, abs=3)
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


def test_a_reply_without_usage_or_finish_reason_is_read() -> None:
    reply = read_reply('{"choices": [{"message": {"role": "assistant", "content": "A dog."}}]}')
    assert (reply.outcome, reply.text, reply.usage) == (Outcome.OK, "A dog.", Usage())


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"choices": []}', '{"choices": [{}]}', '{"choices": 3}', "[" * 50_000]
)
def test_an_unreadable_reply_is_the_servers_fault_and_may_have_been_charged(body: str) -> None:
    reply = read_reply(body)
    assert reply.outcome is Outcome.SERVER_ERROR
    assert reply.charge_unknown


def test_halves_of_surrogate_pairs_become_valid_text() -> None:
    assert sound("a\ud800b").encode()
    assert sound("\ud83d\ude00") == "😀"
    assert sound([{"text": "a"}, {"text": "b"}]) == "ab"
    assert sound(None) == ""


def test_foreign_messages_are_bounded_and_on_one_line() -> None:
    said = tidy("line\n\x1b[31m" + "x" * 10_000 + " my-secret", secret="my-secret")
    assert len(said) <= 400
    assert "\n" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"budgett": 3}, "budgett"),
        ({"attempts": 0}, "attempts"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "https://user:sk-12345678@host/v1"}, "does not belong into the address"),
        ({"prices": {"m": {"input": 1}}}, "prices.m"),
        ({"transport": "pigeon"}, "transport"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(given: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableBackend, match=said) as raised:
        gateway_settings(Settings(home=tmp_path, llm=given))
    assert "sk-12345678" not in str(raised.value)


def test_the_page_about_costs_names_settings_that_exist() -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/costs.md").read_text()
    table = page.split("| setting |")[1].split("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`([a-z_]+)`", line.split("|")[1])}
    assert len(named) >= 8
    assert named <= set(GatewaySettings.model_fields)
    assert PRICES_OF in table


def test_the_journal_lies_under_the_home_of_the_installation(tmp_path: Path) -> None:
    made = gateway_settings(Settings(home=tmp_path, llm={"budget": 5}), concurrency=3)
    assert made.journal == tmp_path / "llm"
    assert (made.budget, made.concurrency) == (5, 3)

"""Who may ask, and how often."""

from __future__ import annotations

import openai
import pytest

from resources.devserver.errors import ApiError
from resources.devserver.limits import Limits, duration
from tests.devserver import DevServer, dev_server

HELLO = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}


def test_a_key_is_needed(server: DevServer) -> None:
    import httpx2

    for headers in ({}, {"authorization": "Bearer"}, {"authorization": "Basic abc"}):
        answer = httpx2.post(f"{server.base_url}/chat/completions", json=HELLO, headers=headers)
        assert answer.status_code == 401
        assert "API key" in answer.json()["error"]["message"]
    assert httpx2.get(f"{server.base_url}/files").status_code == 401


def test_a_key_that_is_revoked_meanwhile(server: DevServer) -> None:
    secret = "sk-secret-that-nobody-may-see"
    client = server.client(secret)
    client.chat.completions.create(**HELLO)
    server.accept_keys("sk-another")
    with pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(**HELLO)
    assert caught.value.code == "invalid_api_key"
    good, bad = server.log()[-2:]
    assert good["outcome"] == "answered"
    assert bad["outcome"] == "unauthorized"
    assert len(good["key"]) == 12
    assert secret not in str(caught.value)
    assert secret not in str(server.log())


def test_the_server_can_be_started_with_its_keys() -> None:
    with dev_server("--key", "sk-a", "--key", "sk-b") as server:
        assert server.client("sk-b").models.list().data
        with pytest.raises(openai.AuthenticationError):
            server.client("sk-c").models.list()


def test_requests_beyond_the_limit_wait() -> None:
    with dev_server("--rpm", "3") as server:
        raw = server.client().chat.completions.with_raw_response
        left = [raw.create(**HELLO).headers["x-ratelimit-remaining-requests"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        with pytest.raises(openai.RateLimitError) as caught:
            raw.create(**HELLO)
        assert caught.value.code == "rate_limit_exceeded"
        assert caught.value.type == "requests"
        headers = caught.value.response.headers
        assert 0 < int(headers["retry-after-ms"]) <= 20_000
        assert 1 <= int(headers["retry-after"]) <= 20
        assert headers["x-ratelimit-limit-requests"] == "3"
        assert headers["x-ratelimit-reset-requests"].endswith("s")
        # Another key and another model have limits of their own.
        server.client("sk-other").chat.completions.create(**HELLO)
        server.client().chat.completions.create(**{**HELLO, "model": "gpt-5-mini"})
        assert server.count()["outcomes"] == {"answered": 5, "rate_limited": 1}
        assert server.count()["paid"]["sync"] == 5


def test_tokens_count_with_what_the_answer_may_have() -> None:
    with dev_server("--tpm", "1000") as server:
        ask = server.client().chat.completions.with_raw_response.create
        answer = ask(**HELLO, max_completion_tokens=900)
        assert int(answer.headers["x-ratelimit-remaining-tokens"]) < 100
        with pytest.raises(openai.RateLimitError) as caught:
            ask(**HELLO, max_completion_tokens=900)
        assert caught.value.type == "tokens"
        with pytest.raises(openai.RateLimitError, match="too large"):
            ask(**HELLO, max_completion_tokens=1001)


def test_buckets_fill_evenly() -> None:
    now = [0.0]
    limits = Limits(requests=60, tokens=600, clock=lambda: now[0])
    for _ in range(60):
        limits.take("key", model="gpt-5", tokens=1)
    with pytest.raises(ApiError) as caught:
        limits.take("key", model="gpt-5", tokens=1)
    assert caught.value.headers["retry-after-ms"] == "1000"
    now[0] = 1.0
    assert limits.take("key", model="gpt-5", tokens=1)["x-ratelimit-remaining-requests"] == "0"
    now[0] = 1000.0
    assert limits.take("key", model="gpt-5", tokens=100)["x-ratelimit-remaining-tokens"] == "500"


def test_durations_are_written_as_the_service_does() -> None:
    assert [duration(s) for s in (0, 0.12, 1.5, 59, 360)] == ["0ms", "120ms", "1.5s", "59s", "6m0s"]

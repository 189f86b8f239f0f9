"""Many calls at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from tests.devserver import DevServer, dev_server


async def ask_all(server: DevServer, count: int, at_once: int) -> list[str]:
    """Ids of `count` answers, `at_once` under way at any time; retries are the client's own."""
    from openai import AsyncOpenAI

    gate = asyncio.Semaphore(at_once)
    async with AsyncOpenAI(base_url=server.base_url, api_key="sk-load", max_retries=20) as client:

        async def one(i: int) -> str:
            async with gate:
                message = {"role": "user", "content": f"number {i}"}
                return (await client.chat.completions.create(model="gpt-5", messages=[message])).id

        return list(await asyncio.gather(*(one(i) for i in range(count))))


def test_two_thousand_calls_64_at_once(server: DevServer) -> None:
    ids = asyncio.run(ask_all(server, 2000, 64))
    assert len(set(ids)) == 2000
    paid = [e for e in server.log() if e["paid"]]
    assert {e["id"] for e in paid} == {i.removeprefix("chatcmpl-") for i in ids}
    assert server.count()["repeated"] == 0


def test_calls_wait_beside_each_other_without_threads() -> None:
    with dev_server("--latency", "1") as server:
        asyncio.run(ask_all(server, 64, 64))
        threads = len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))
        # One after the other they would have ended 64 seconds apart.
        times = [e["time"] for e in server.log()]
        assert max(times) - min(times) < 32
    with dev_server() as idle:
        assert threads <= len(list(Path(f"/proc/{idle.process.pid}/task").iterdir()))


def test_random_faults_lose_no_answer(server: DevServer) -> None:
    kinds = ("rate_limited", "server_error", "unavailable", "reset", "reset_mid_body")
    server.faults(0.3, *({"kind": k, "retry_after": 0.01} for k in kinds), seed=1)
    before = len(server.log())
    ids = asyncio.run(ask_all(server, 200, 64))
    entries = server.log()[before:]
    assert len(set(ids)) == 200
    assert set(Counter(e["fault"] for e in entries)) == {"", *kinds}
    assert {i.removeprefix("chatcmpl-") for i in ids} <= {e["id"] for e in entries if e["paid"]}

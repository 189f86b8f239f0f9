"""Many calls at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from openai import AsyncOpenAI

from tests.devserver import DevServer, dev_server


async def ask_all(server: DevServer, count: int, at_once: int) -> list[str]:
    """Ids of `count` answers, `at_once` under way at any time; retries are the client's own."""
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


async def hold_all(server: DevServer, count: int) -> int:
    """Threads of the server while `count` calls wait for their answer."""
    async with AsyncOpenAI(base_url=server.base_url, api_key="sk-load", max_retries=0) as client:
        messages = [{"role": "user", "content": "wait"}]
        calls = [
            asyncio.create_task(client.chat.completions.create(model="gpt-5", messages=messages)) for _ in range(count)
        ]
        while server.count()["paid"]["sync"] < count:
            await asyncio.sleep(0.05)
        found = threads(server)
        assert not any(call.done() for call in calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return found


def threads(server: DevServer) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))


def test_64_calls_wait_beside_each_other_without_threads() -> None:
    with dev_server() as server:
        before = threads(server)
        server.script({"fault": {"kind": "stall", "seconds": 600}})
        assert asyncio.run(hold_all(server, 64)) == before


def test_random_faults_lose_no_answer(server: DevServer) -> None:
    kinds = ("rate_limited", "server_error", "unavailable", "reset", "reset_mid_body")
    server.faults(0.3, *({"kind": k, "retry_after": 0.01} for k in kinds), seed=1)
    before = len(server.log())
    ids = asyncio.run(ask_all(server, 200, 64))
    entries = server.log()[before:]
    assert len(set(ids)) == 200
    assert set(Counter(e["fault"] for e in entries)) == {"", *kinds}
    assert {i.removeprefix("chatcmpl-") for i in ids} <= {e["id"] for e in entries if e["paid"]}

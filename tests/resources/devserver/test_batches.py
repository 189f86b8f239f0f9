"""Files and batches as the OpenAI client sees them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.devserver import DevServer, dev_server
from tests.resources.devserver.requests import ANSWER, form

CHAT = "/v1/chat/completions"


def line(custom_id: str, *, text: str = "", url: str = CHAT, **body: Any) -> dict[str, Any]:
    """One request of a batch."""
    messages = [{"role": "user", "content": text or custom_id}]
    return {
        "custom_id": custom_id,
        "method": "POST",
        "url": url,
        "body": {"model": "gpt-5", "messages": messages, **body},
    }


def submit(server: DevServer, *lines: Any, endpoint: str = CHAT, **more: Any) -> Any:
    """A batch of `lines` (objects, or text as it stands)."""
    text = "\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines)
    file = server.client().files.create(file=("requests.jsonl", text.encode()), purpose="batch")
    return server.client().batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more)


def wait(server: DevServer, batch: Any, until: Callable[[Any], bool] | None = None) -> Any:
    """The batch once it is as wanted; by default once it has ended."""
    client = server.client()
    ended = {"completed", "failed", "expired", "cancelled"}
    for _ in range(3000):
        batch = client.batches.retrieve(batch.id)
        if until(batch) if until else batch.status in ended:
            return batch
        time.sleep(0.01)
    raise AssertionError(batch)


def rows(server: DevServer, file_id: str | None) -> list[dict[str, Any]]:
    if file_id is None:
        return []
    return [json.loads(x) for x in server.client().files.content(file_id).text.splitlines()]


def test_a_file_is_kept_as_it_is(server: DevServer) -> None:
    client = server.client()
    content = b'{"a": "\r\n--x--"}\n\n\x00\xff'
    file = client.files.create(file=("a \u00e4.jsonl", content), purpose="batch")
    assert (file.bytes, file.purpose, file.status) == (len(content), "batch", "processed")
    assert client.files.retrieve(file.id).filename
    assert client.files.content(file.id).read() == content
    assert file.id in {f.id for f in client.files.list()}
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)
    with pytest.raises(openai.NotFoundError):
        client.files.content(file.id)


def test_files_that_are_none(server: DevServer) -> None:
    for name, content, purpose in (("a.jsonl", b"", "batch"), ("a.jsonl", b"x", "fine-tune")):
        with pytest.raises(openai.BadRequestError):
            server.client().files.create(file=(name, content), purpose=purpose)


def test_every_request_of_a_batch_is_answered_in_some_order(server: DevServer) -> None:
    before = server.count()
    lines = [line(f"call {i}", response_format=form(ANSWER)) for i in range(40)]
    batch = submit(server, *lines, metadata={"why": "test"})
    assert batch.status == "validating"
    assert batch.metadata == {"why": "test"}
    batch = wait(server, batch)
    assert batch.status == "completed"
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (40, 40, 0)
    assert batch.error_file_id is None
    found = rows(server, batch.output_file_id)
    names = [r["custom_id"] for r in found]
    assert sorted(names) == sorted(x["custom_id"] for x in lines)
    assert names != [x["custom_id"] for x in lines]
    assert all(r["response"]["status_code"] == 200 and r["error"] is None for r in found)
    usage = [r["response"]["body"]["usage"] for r in found]
    assert batch.usage.input_tokens == sum(u["prompt_tokens"] for u in usage)
    after = server.count()
    assert after["paid"]["batch"] - before["paid"]["batch"] == 40
    assert after["paid"]["sync"] == before["paid"]["sync"]
    assert after["tokens"]["batch"]["gpt-5"]["out"] >= batch.usage.output_tokens


def test_a_batch_answers_as_a_single_call_does(server: DevServer) -> None:
    asked = line("same", response_format=form(ANSWER))
    single = server.client().chat.completions.create(**asked["body"])
    batch = wait(server, submit(server, asked))
    (row,) = rows(server, batch.output_file_id)
    assert row["response"]["body"]["choices"][0]["message"]["content"] == single.choices[0].message.content


def test_the_responses_endpoint_in_a_batch(server: DevServer) -> None:
    asked = {"custom_id": "r", "method": "POST", "url": "/v1/responses", "body": {"model": "gpt-5", "input": "hello"}}
    batch = wait(server, submit(server, asked, endpoint="/v1/responses"))
    (row,) = rows(server, batch.output_file_id)
    assert row["response"]["body"]["object"] == "response"
    assert batch.usage.output_tokens > 0


def test_requests_that_fail_are_in_the_error_file(server: DevServer) -> None:
    server.script({"endpoint": "^batch", "text": "unlucky", "fault": {"kind": "server_error"}})
    batch = submit(server, line("good"), line("wrong", temperature=0.5), line("unlucky"))
    batch = wait(server, batch)
    assert batch.status == "completed"
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 2)
    failed = {r["custom_id"]: r["response"] for r in rows(server, batch.error_file_id)}
    assert failed["wrong"]["status_code"] == 400
    assert failed["wrong"]["body"]["error"]["code"] == "unsupported_value"
    assert failed["unlucky"]["status_code"] == 500
    assert [r["custom_id"] for r in rows(server, batch.output_file_id)] == ["good"]


@pytest.mark.parametrize(
    ("lines", "code", "number"),
    [
        ([line("a"), line("a")], "duplicate_custom_id", 2),
        ([line("a"), line("b", model="gpt-4.1")], "mismatched_model", 2),
        ([line("a"), "{broken"], "invalid_json_line", 2),
        ([line("a"), "[1]"], "invalid_json_line", 2),
        ([line("a", url="/v1/responses")], "invalid_url", 1),
        ([{**line("a"), "method": "GET"}], "invalid_method", 1),
        ([{**line("a"), "custom_id": ""}], "missing_required_parameter", 1),
        ([{**line("a"), "body": None}], "missing_required_parameter", 1),
        (["\n \n"], "empty_file", None),
    ],
)
def test_a_file_with_a_wrong_line_fails_as_a_whole(
    server: DevServer, lines: list[Any], code: str, number: int | None
) -> None:
    paid = server.count()["paid"]
    batch = wait(server, submit(server, *lines))
    assert batch.status == "failed"
    assert batch.failed_at
    assert (batch.errors.data[0].code, batch.errors.data[0].line) == (code, number)
    assert batch.output_file_id is None
    assert server.count()["paid"] == paid


def test_what_cannot_become_a_batch(server: DevServer) -> None:
    create = server.client().batches.create
    with pytest.raises(openai.NotFoundError):
        create(input_file_id="file-none", endpoint=CHAT, completion_window="24h")
    file = server.client().files.create(file=("a.jsonl", json.dumps(line("a")).encode()), purpose="batch")
    with pytest.raises(openai.BadRequestError):
        create(input_file_id=file.id, endpoint="/v1/embeddings", completion_window="24h")
    with pytest.raises(openai.BadRequestError):
        create(input_file_id=file.id, endpoint=CHAT, completion_window="1h")
    with pytest.raises(openai.NotFoundError):
        server.client().batches.retrieve("batch_none")


def test_a_batch_that_expires_leaves_what_is_done(server: DevServer) -> None:
    server.courses({"seconds": 0.1, "expire_after": 7})
    batch = wait(server, submit(server, *(line(f"e{i}") for i in range(20))))
    assert batch.status == "expired"
    assert batch.expired_at
    done = {r["custom_id"] for r in rows(server, batch.output_file_id)}
    lost = {r["custom_id"]: r["error"]["code"] for r in rows(server, batch.error_file_id)}
    assert len(done) == 7
    assert set(lost.values()) == {"batch_expired"}
    assert done | set(lost) == {f"e{i}" for i in range(20)}
    assert sum(e["batch"] == batch.id and e["paid"] for e in server.log()) == 7


def test_a_batch_that_is_cancelled_leaves_what_is_done(server: DevServer) -> None:
    server.courses({"seconds": 60})
    batch = submit(server, *(line(f"c{i}") for i in range(3000)))
    batch = wait(server, batch, lambda b: b.request_counts.completed > 0)
    assert server.client().batches.cancel(batch.id).status == "cancelling"
    batch = wait(server, batch)
    assert batch.status == "cancelled"
    assert batch.cancelled_at >= batch.cancelling_at
    assert len(rows(server, batch.output_file_id)) == batch.request_counts.completed < 3000
    with pytest.raises(openai.BadRequestError):
        server.client().batches.cancel(batch.id)


def test_a_batch_that_the_service_fails(server: DevServer) -> None:
    server.courses({"validating": 0.05, "fail": "token_limit_exceeded"})
    batch = wait(server, submit(server, line("a")))
    assert batch.status == "failed"
    assert batch.errors.data[0].code == "token_limit_exceeded"
    assert wait(server, submit(server, line("a"))).status == "completed"


def test_batches_are_listed_by_pages(server: DevServer) -> None:
    made = [submit(server, line("a")).id for _ in range(5)]
    first = server.client().batches.list(limit=2)
    assert [b.id for b in first.data] == made[:-3:-1]
    assert first.has_more
    assert set(made) <= {b.id for b in first}


def test_a_batch_whose_creation_was_not_heard_of_is_not_created_twice(server: DevServer) -> None:
    file = server.client().files.create(file=("a.jsonl", json.dumps(line("a")).encode()), purpose="batch")
    server.script({"route": "^POST /v1/batches$", "times": 1, "fault": {"kind": "reset", "paid": True}})
    before = len(server.client().batches.list(limit=100).data)

    def create() -> Any:
        return server.client().batches.create(
            input_file_id=file.id, endpoint=CHAT, completion_window="24h", extra_headers={"Idempotency-Key": "b1"}
        )

    with pytest.raises(openai.APIConnectionError):
        create()
    batch = create()
    assert len(server.client().batches.list(limit=100).data) == before + 1
    assert wait(server, batch).status == "completed"


def test_faults_in_calls_about_files_and_batches(server: DevServer) -> None:
    server.script(
        {"route": "^POST /v1/files", "nth": [1], "fault": {"kind": "unavailable", "retry_after": 0.01}},
        {"route": "/content$", "nth": [1], "fault": {"kind": "reset_mid_body"}},
        {"fault": {"kind": "refusal"}},
    )
    with pytest.raises(openai.InternalServerError):
        submit(server, line("a"))
    batch = wait(server, submit(server, line("a")))
    with pytest.raises(openai.APIConnectionError):
        server.client().files.content(batch.output_file_id)
    (row,) = rows(server, batch.output_file_id)
    assert row["response"]["body"]["choices"][0]["message"]["refusal"]


def test_random_faults_reach_files_and_batches_where_they_are_asked_for(server: DevServer) -> None:
    server.faults(1.0, {"kind": "server_error"})
    batch = wait(server, submit(server, line("a")))
    assert batch.request_counts.failed == 1
    server.faults(1.0, {"kind": "server_error"}, routes=True)
    with pytest.raises(openai.InternalServerError):
        server.client().batches.retrieve(batch.id)


def test_limits_of_a_batch() -> None:
    with dev_server("--batch-requests", "3", "--batch-bytes", "1000") as server:
        assert wait(server, submit(server, *(line(f"{i}") for i in range(3)))).status == "completed"
        many = wait(server, submit(server, *(line(f"{i}") for i in range(4))))
        assert many.errors.data[0].code == "max_requests_exceeded"
        large = wait(server, submit(server, line("a", text="x" * 1000)))
        assert large.errors.data[0].code == "max_file_size_exceeded"


def test_a_server_that_is_killed_goes_on_with_its_batches(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite")
    with dev_server("--state", state, "--batch-seconds", "3") as server:
        batch = submit(server, *(line(f"k{i}") for i in range(200)))
        wait(server, batch, lambda b: b.request_counts.completed >= 20)
        before = server.count()["paid"]["batch"]
        server.process.kill()
    with dev_server("--state", state) as server:
        batch = wait(server, batch)
        assert batch.status == "completed"
        assert {r["custom_id"] for r in rows(server, batch.output_file_id)} == {f"k{i}" for i in range(200)}
        assert batch.request_counts.completed == 200
        count = server.count()
        assert before >= 20
        # The one that was under way when the server died may be counted twice, as its answer was never written.
        assert 200 <= count["paid"]["batch"] <= 201
        assert len({e["n"] for e in server.log()}) == len(server.log())

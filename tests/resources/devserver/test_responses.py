"""The Responses API as the OpenAI client sees it."""

from __future__ import annotations

import json

import jsonschema
import openai
import pytest

from tests.devserver import DevServer
from tests.resources.devserver.requests import ANSWER, picture

FORMAT = {"format": {"type": "json_schema", "name": "answer", "strict": True, "schema": ANSWER}}


def test_an_answer_with_schema_and_image(server: DevServer) -> None:
    content = [
        {"type": "input_image", "image_url": picture(), "detail": "low"},
        {"type": "input_text", "text": "which objects?"},
    ]
    answer = server.client().responses.create(
        model="gpt-5", input=[{"role": "user", "content": content}], text=FORMAT, instructions="Be brief."
    )
    assert answer.status == "completed"
    jsonschema.validate(json.loads(answer.output_text), ANSWER)
    assert answer.usage.input_tokens > 70
    assert answer.usage.output_tokens_details.reasoning_tokens > 0
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_an_answer_that_ends_at_the_limit_is_incomplete(server: DevServer) -> None:
    answer = server.client().responses.create(model="gpt-5", input="hello", max_output_tokens=20)
    assert answer.status == "incomplete"
    assert answer.incomplete_details.reason == "max_output_tokens"


def test_a_refusal_is_a_part_of_its_own(server: DevServer) -> None:
    server.script({"endpoint": "responses", "answer": {"refusal": "No."}})
    answer = server.client().responses.create(model="gpt-4.1", input="hello")
    assert answer.output[0].content[0].refusal == "No."
    assert server.log()[-1]["outcome"] == "refusal"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"stream": True}, "stream"),
        ({"max_output_tokens": 5}, "max_output_tokens"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"reasoning": {"effort": "extreme"}}, "reasoning.effort"),
        ({"input": []}, "input"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0]"),
        ({"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, "input[0].content[0].type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]},
            "input[0].content[0].image_url",
        ),
        ({"text": {"format": {**FORMAT["format"], "schema": {"type": "array", "items": {}}}}}, "text.format"),
        ({"extra_body": {"messages": []}}, "messages"),
    ],
)
def test_what_the_service_refuses_is_refused(server: DevServer, change: dict, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        server.client().responses.create(**{"model": "gpt-5", "input": "hello", **change})
    assert caught.value.param == param

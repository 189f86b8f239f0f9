"""Chat completions as the OpenAI client sees them."""

from __future__ import annotations

import json

import jsonschema
import openai
import pytest

from tests.devserver import DevServer
from tests.resources.devserver.requests import ANSWER, form, image, picture, say

HELLO = [{"role": "user", "content": "hello"}]


def test_free_text_is_answered_with_usage(server: DevServer) -> None:
    answer = server.client().chat.completions.create(model="gpt-4.1-nano", messages=HELLO)
    assert answer.object == "chat.completion"
    assert answer.model == "gpt-4.1-nano"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.completion_tokens_details.reasoning_tokens == 0
    assert answer._request_id.startswith("req_")


def test_an_answer_fits_its_schema_and_is_the_same_for_the_same_request(server: DevServer) -> None:
    asked = {"model": "gpt-5", "messages": HELLO, "response_format": form(ANSWER)}
    first, second = (server.client().chat.completions.create(**asked) for _ in range(2))
    jsonschema.validate(json.loads(first.choices[0].message.content), ANSWER)
    assert first.choices[0].message.content == second.choices[0].message.content
    assert first.id != second.id


def test_reasoning_counts_and_is_cut_by_the_limit(server: DevServer) -> None:
    ask = server.client().chat.completions.create
    usual = ask(model="gpt-5", messages=HELLO)
    more = ask(model="gpt-5", messages=HELLO, reasoning_effort="high")
    assert 0 < usual.usage.completion_tokens_details.reasoning_tokens < more.usage.completion_tokens
    cut = ask(model="gpt-5", messages=HELLO, reasoning_effort="high", max_completion_tokens=100)
    assert cut.choices[0].finish_reason == "length"
    assert cut.choices[0].message.content == ""
    assert cut.usage.completion_tokens == cut.usage.completion_tokens_details.reasoning_tokens == 100


def test_a_limit_cuts_the_text(server: DevServer) -> None:
    whole = server.client().chat.completions.create(model="gpt-4.1", messages=HELLO)
    cut = server.client().chat.completions.create(model="gpt-4.1", messages=HELLO, max_completion_tokens=4)
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage.completion_tokens == 4
    text = cut.choices[0].message.content
    assert text
    assert whole.choices[0].message.content[:5] == text[:5]


def test_images_of_every_kind_are_taken(server: DevServer) -> None:
    for kind in ("png", "jpg", "webp", "gif"):
        message = say(image(picture(kind=kind)), "what is it?")
        assert server.client().chat.completions.create(model="gpt-5", messages=[message]).choices


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"stream": True}, "stream", "unsupported_by_dev_server"),
        ({"n": 2}, "n", "unsupported_by_dev_server"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "unsupported_by_dev_server"),
        ({"temperature": 0.2}, "temperature", "unsupported_value"),
        ({"max_tokens": 10}, "max_tokens", "unsupported_parameter"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort", "unsupported_value"),
        ({"model": "gpt-4.1", "reasoning_effort": "low"}, "reasoning_effort", "unsupported_parameter"),
        ({"model": "gpt-4.1", "temperature": 3}, "temperature", "integer_above_max_value"),
        ({"max_completion_tokens": 0}, "max_completion_tokens", "integer_below_min_value"),
        ({"seed": "one"}, "seed", "invalid_type"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "messages[0].content[0]", "invalid_value"),
        ({"messages": [say(image(picture()), role="system")]}, "messages[0].content[0]", "invalid_value"),
        ({"response_format": {"type": "yaml"}}, "response_format.type", "invalid_value"),
        ({"response_format": form(ANSWER, name="two words")}, "response_format.name", "invalid_value"),
        ({"response_format": {"type": "json_object"}}, "messages", None),
        ({"extra_body": {"max_output_tokens": 5}}, "max_output_tokens", "unknown_parameter"),
    ],
)
def test_what_the_service_refuses_is_refused(server: DevServer, change: dict, param: str, code: str | None) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        server.client().chat.completions.create(**{"model": "gpt-5", "messages": HELLO, **change})
    assert (caught.value.param, caught.value.code) == (param, code)
    assert caught.value.type == "invalid_request_error"
    assert server.log()[-1]["outcome"] == "bad_request"
    assert not server.log()[-1]["paid"]


def test_a_temperature_where_nothing_is_thought(server: DevServer) -> None:
    ask = server.client().chat.completions.create
    answer = ask(model="gpt-5.1", messages=HELLO, temperature=0.2)
    assert answer.usage.completion_tokens_details.reasoning_tokens == 0
    with pytest.raises(openai.BadRequestError, match="temperature"):
        ask(model="gpt-5.1", messages=HELLO, temperature=0.2, reasoning_effort="low")


def test_original_detail_is_for_models_that_have_it(server: DevServer) -> None:
    message = say(image(picture(), "original"), "what is it?")
    assert server.client().chat.completions.create(model="gpt-5.4", messages=[message]).choices
    with pytest.raises(openai.BadRequestError) as caught:
        server.client().chat.completions.create(model="gpt-5", messages=[message])
    assert caught.value.param == "messages[0].content[0].image_url.detail"


def test_a_model_that_does_not_exist(server: DevServer) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        server.client().chat.completions.create(model="gpt-9", messages=HELLO)
    assert caught.value.code == "model_not_found"


def test_dated_snapshots_are_their_model_and_all_are_listed(server: DevServer) -> None:
    answer = server.client().chat.completions.create(model="gpt-5-mini-2025-08-07", messages=HELLO)
    assert answer.model == "gpt-5-mini-2025-08-07"
    assert {"gpt-5", "gpt-4.1-nano"} <= {m.id for m in server.client().models.list()}


PNG = picture()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://example.org/a.png", "invalid_image_url"),
        ("a.png", "invalid_image_url"),
        ("", "invalid_image_url"),
        ("data:image/png,abc", "invalid_image_url"),
        (PNG.replace("image/png", "text/plain"), "invalid_image_format"),
        (PNG.replace("image/png", "image/bmp"), "invalid_image_format"),
        ("data:image/png;base64,@@@@", "invalid_base64"),
        ("data:image/png;base64,aGVsbG8gd29ybGQh", "invalid_image_format"),
        (PNG[: 22 + 81], "invalid_base64"),
        (PNG[: 22 + 80], "image_parse_error"),
    ],
)
def test_images_that_nobody_could_read_are_refused(server: DevServer, url: str, code: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        server.client().chat.completions.create(model="gpt-5", messages=[say("look", image(url))])
    assert caught.value.code == code
    assert caught.value.param == "messages[0].content[1].image_url.url"


def test_a_body_that_is_no_json_and_a_path_that_does_not_exist(server: DevServer) -> None:
    import httpx2

    headers = {"authorization": "Bearer k"}
    broken = httpx2.post(f"{server.base_url}/chat/completions", content=b"{", headers=headers)
    assert broken.status_code == 400
    assert set(broken.json()["error"]) == {"message", "type", "param", "code"}
    lost = httpx2.get(f"{server.base_url}/nothing", headers=headers)
    assert lost.status_code == 404
    assert "/v1/nothing" in lost.json()["error"]["message"]

"""DAM's route: its rules for input, and captions of what is under the mask."""

from __future__ import annotations

from typing import Any

import httpx2
import numpy as np
import pytest

from tests.devserver import DevServer, dev_server
from tests.resources.devserver.requests import image, picture, say, url_of

RED, BLUE = (40, 40, 220), (220, 60, 40)  # BGR


def square(at: tuple[int, int], colour: tuple[int, int, int] = RED, *, size: int = 20) -> str:
    """A data URL: an RGBA image of noise whose mask is a square of one colour."""
    pixels = np.random.default_rng(0).integers(0, 255, (120, 160, 4), dtype=np.uint8)
    pixels[:, :, 3] = 0
    y, x = at
    pixels[y : y + size, x : x + size] = (*colour, 255)
    return url_of(pixels)


def post(server: DevServer, messages: Any, **more: Any) -> httpx2.Response:
    body = {"model": "describe_anything_model", "messages": messages, **more}
    return httpx2.post(f"{server.root}/chat/completions", json=body, timeout=30)


def described(server: DevServer, *urls: str, question: str = "Describe it.") -> str:
    answer = post(server, [say(*(image(u) for u in urls), question)])
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


def test_a_caption_says_colour_size_place_and_motion(server: DevServer) -> None:
    still = described(server, square((5, 5)))
    assert still == "A medium-sized red object in the upper left of the frame."
    right = described(server, *(square((50, 10 + 15 * i)) for i in range(8)))
    assert right.endswith("Over the 8 images it moves to the right.")
    assert described(server, *(square((50, 70), BLUE) for _ in range(8))).endswith("stays where it is.")
    assert "blue object in the middle" in described(server, square((50, 70), BLUE, size=12))
    assert "small" in described(server, square((50, 70), size=10))


def test_the_client_of_openai_works_on_it(server: DevServer) -> None:
    from openai import OpenAI

    client = OpenAI(base_url=server.root, api_key="none")
    answer = client.chat.completions.create(
        model="DAM-3B-Video",
        messages=[say(image(square((5, 5))), "Describe it.")],
        temperature=0.2,
        top_p=0.5,
        max_tokens=512,
        extra_body={"num_beams": 1, "no_such_field": True},
    )
    assert answer.choices[0].message.content.startswith("A medium-sized red object")
    assert answer.usage is None


def test_a_reply_has_what_the_server_gives_and_no_more(server: DevServer) -> None:
    reply = post(server, [say(image(square((5, 5))), "x")]).json()
    assert set(reply) == {"id", "object", "created", "model", "choices"}
    assert isinstance(reply["created"], float)
    assert set(reply["choices"][0]) == {"message"}
    assert set(reply["choices"][0]["message"]) == {"role", "content"}


def test_assistants_are_ignored_and_users_joined(server: DevServer) -> None:
    turns = [say(image(square((5, 5)))), {"role": "assistant", "content": "<image> A cat."}, say("Describe it.")]
    assert post(server, turns).status_code == 200
    assert post(server, [{"role": "user", "content": "no image"}]).status_code == 500


@pytest.mark.parametrize("count", [0, 2, 3, 7, 9])
def test_other_counts_than_1_and_8_are_refused(server: DevServer, count: int) -> None:
    answer = post(server, [say(*(image(square((5, 5))) for _ in range(count)), "x")])
    assert answer.status_code == 500
    assert set(answer.json()) == {"error"}
    assert str(count) in answer.json()["error"]


def test_a_checkpoint_without_video_takes_one_image() -> None:
    with dev_server("--dam-single") as server:
        assert described(server, square((5, 5)))
        assert post(server, [say(*(image(square((5, 5))) for _ in range(8)), "x")]).status_code == 500


RGBA = np.full((10, 10, 4), 255, dtype=np.uint8)


@pytest.mark.parametrize(
    "url",
    [
        picture(kind="png"),
        picture(kind="jpg"),
        picture(kind="jpg").replace("image/jpeg", "image/png"),
        url_of(RGBA, kind="webp").replace("image/webp", "image/png"),
        url_of(RGBA[:, :, 0]),
        square((5, 5)).replace("data:image/png;base64,", "data:image/png,"),
        "https://example.org/a.png",
        "data:image/png;base64,@@",
        url_of(RGBA)[:60],
        url_of(RGBA * np.array([1, 1, 1, 0], dtype=np.uint8)),
    ],
)
def test_anything_but_an_rgba_png_with_a_mask_is_refused(server: DevServer, url: str) -> None:
    answer = post(server, [say(image(url), "x")])
    assert answer.status_code == 500
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("Describe it.", 200),
        ("Image: <image>\nDescribe it.", 200),
        ("Video: <image><image><image>\nDescribe it.", 200),
        ("<image> <image>\nDescribe it.", 500),
        ("Describe <image> it.", 500),
    ],
)
def test_placeholders(server: DevServer, question: str, status: int) -> None:
    assert post(server, [say(image(square((5, 5))), question)]).status_code == status


@pytest.mark.parametrize("model", ["nvidia/DAM-3B-Video", "gpt-5", ""])
def test_other_names_of_models_are_refused(server: DevServer, model: str) -> None:
    assert post(server, [say(image(square((5, 5))), "x")], model=model).status_code == 500


@pytest.mark.parametrize(
    ("messages", "where"),
    [
        ([{"role": "system", "content": "x"}], ["body", "messages", 0, "role"]),
        ([{"role": "user"}], ["body", "messages", 0, "content"]),
        ("hello", ["body", "messages"]),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": "data:"}]}],
            ["body", "messages", 0, "content"],
        ),
    ],
)
def test_errors_of_form_have_detail(server: DevServer, messages: Any, where: list[Any]) -> None:
    answer = post(server, messages)
    assert answer.status_code == 422
    assert set(answer.json()) == {"detail"}
    assert answer.json()["detail"][0]["loc"][: len(where)] == where


def test_a_body_that_is_no_json(server: DevServer) -> None:
    answer = httpx2.post(f"{server.root}/chat/completions", content=b"{")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "json_invalid"


def test_a_stream_has_lists_of_text_parts(server: DevServer) -> None:
    answer = post(server, [say(image(square((5, 5))), "x")], stream=True)
    events = [e.removeprefix("data: ") for e in answer.text.split("\n\n") if e]
    assert events[-1] == "[DONE]"
    words = [
        part["text"]
        for e in events[:-1]
        for part in httpx2.Response(200, text=e).json()["choices"][0]["delta"]["content"]
    ]
    assert "".join(words) == described(server, square((5, 5)))


def test_it_is_logged_apart_and_never_paid(server: DevServer) -> None:
    before = server.count()
    described(server, square((5, 5)))
    after = server.count()
    assert after["requests"]["dam"] == before["requests"]["dam"] + 1
    assert after["paid"] == before["paid"]


def test_scripts_and_faults_apply(server: DevServer) -> None:
    server.script(
        {"endpoint": "^/chat", "nth": [1], "answer": {"text": "A scripted cat."}},
        {"endpoint": "^/chat", "nth": [2], "fault": {"kind": "server_error"}},
        {"endpoint": "^/chat", "nth": [3], "fault": {"kind": "reset"}},
    )
    assert described(server, square((5, 5))) == "A scripted cat."
    assert post(server, [say(image(square((5, 5))), "x")]).json()["error"]
    with pytest.raises(httpx2.TransportError):
        post(server, [say(image(square((5, 5))), "x")])

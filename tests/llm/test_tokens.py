"""Tokens by rule: the examples of OpenAI's guide, sizes from the headers of real pictures, text of any kind."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from svg2_assets.llm.tokens import ANSWER_TOKENS, image_size, image_tokens, prompt_parts, request_tokens, text_tokens


def data_url(kind: str, width: int, height: int, *options: int) -> str:
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    done, data = cv2.imencode(f".{kind}", pixels, list(options))
    assert done
    return f"data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode()}"


@pytest.mark.parametrize(
    ("model", "width", "height", "detail", "tokens"),
    [
        ("gpt-4o", 1024, 1024, "high", 765),
        ("gpt-4o", 2048, 4096, "high", 1105),
        ("gpt-4o", 4096, 8192, "low", 85),
        ("gpt-5", 1024, 1024, "high", 70 + 4 * 140),
        ("gpt-5-2025-08-07", 100, 100, "auto", 70 + 140),
        ("gpt-4.1-mini", 1024, 1024, "high", 1659),  # 1,024 patches times 1.62
        ("gpt-4.1-nano", 1800, 2400, "high", 3572),  # 1,452 patches times 2.46
        ("a-local-model", 512, 512, "auto", 255),
    ],
)
def test_images_cost_what_the_guide_says(model: str, width: int, height: int, detail: str, tokens: int) -> None:
    assert image_tokens(model, width, height, detail) == tokens


@pytest.mark.parametrize(
    "url",
    [
        data_url("png", 321, 123),
        data_url("jpg", 321, 123),
        data_url("jpeg", 321, 123, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        data_url("webp", 321, 123, cv2.IMWRITE_WEBP_QUALITY, 80),
        data_url("webp", 321, 123, cv2.IMWRITE_WEBP_QUALITY, 101),
    ],
)
def test_the_size_is_read_from_the_header(url: str) -> None:
    assert image_size(url) == (321, 123)


@pytest.mark.parametrize(
    "url", ["", "https://x/y.png", "data:image/png;base64,", "data:image/png;base64,####", "data:,x"]
)
def test_what_is_no_picture_has_no_size(url: str) -> None:
    assert image_size(url) is None


def test_text_of_any_kind_is_counted() -> None:
    assert text_tokens("") == 0
    assert text_tokens("a red car") == 3
    assert text_tokens("一辆红色的车") >= 4
    assert 15 <= text_tokens('{"id": 12, "name": "dog", "score": 0.5}') <= 30
    assert text_tokens("word " * 10_000) == pytest.approx(10_000, rel=0.01)


def test_a_request_is_its_messages_images_and_schema() -> None:
    text = [{"role": "user", "content": "a red car"}]
    image = {"type": "image_url", "image_url": {"url": data_url("png", 512, 512), "detail": "high"}}
    parts = [{"role": "user", "content": [{"type": "text", "text": "a red car"}, image]}]
    bare = request_tokens("gpt-4o", text)
    assert request_tokens("gpt-4o", parts) == bare + 255
    assert request_tokens("gpt-4o", text, {"type": "object"}) > bare


def test_the_parts_of_a_request_are_all_of_it_and_begin_with_its_schema() -> None:
    image = {"type": "image_url", "image_url": {"url": data_url("png", 600, 300), "detail": "high"}}
    messages = [
        {"role": "system", "content": "Say what is there."},
        {"role": "user", "content": [image, {"type": "text", "text": "What is on the table?"}]},
    ]
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    parts = list(prompt_parts("gpt-5", messages, schema))
    assert sum(tokens for _, tokens in parts) + ANSWER_TOKENS == request_tokens("gpt-5", messages, schema)
    assert "properties" in parts[0][0]
    assert list(prompt_parts("gpt-5", messages)) == parts[1:]

"""How tokens are counted: images by published examples, text by its words, beginnings that were seen before."""

from __future__ import annotations

import pytest

from resources.devserver.models import Models
from svg2_assets.llm.tokens import cut_text, segments, text_tokens
from tests.devserver import DevServer
from tests.resources.devserver.requests import ANSWER, form, image, picture, record, say


@pytest.mark.parametrize(
    ("model", "width", "height", "detail", "tokens"),
    [
        # The guide's own examples of tiles.
        ("gpt-4o", 1024, 1024, "high", 765),
        ("gpt-4o", 2048, 4096, "high", 1105),
        ("gpt-4o", 4096, 8192, "low", 85),
        # Billed, as users of the service report it.
        ("gpt-4.1", 2049, 513, "high", 1445),
        ("gpt-4.1", 2050, 513, "high", 765),
        ("gpt-5", 1280, 720, "high", 70 + 140 * 6),
        ("gpt-5", 1280, 720, "auto", 70 + 140 * 6),
        ("gpt-5", 64, 64, "high", 70 + 140),
        ("gpt-5", 64, 64, "low", 70),
        ("gpt-4o-mini", 1024, 1024, "high", 2833 + 4 * 5667),
        ("o3", 1024, 1024, "high", 75 + 4 * 150),
        # The guide's own examples of patches: 1,024 and, scaled down, 1,452.
        ("gpt-4.1-mini", 1024, 1024, "high", 1659),
        ("gpt-4.1-mini", 1800, 2400, "high", 2353),
        ("gpt-4.1-mini", 1800, 2400, "low", 312),  # 384 x 512 px
        ("gpt-4.1-mini", 300, 200, "low", 114),
        ("gpt-5.2", 4096, 64, "high", 64),  # 2048 x 32 px
        ("gpt-5.4", 1600, 1600, "auto", 2_500),
        ("gpt-5.4", 1800, 2400, "high", 43 * 57),
        ("gpt-5.4", 1800, 2400, "original", 57 * 75),
        ("gpt-4.1-nano", 1024, 1024, "high", 2520),
        ("o4-mini", 32, 33, "high", 4),
    ],
)
def test_images_cost_what_the_guide_says(model: str, width: int, height: int, detail: str, tokens: int) -> None:
    assert Models().find(model).images.tokens(width, height, detail) == tokens


def test_no_shape_of_image_breaks_the_rules() -> None:
    rules = [Models().find(name).images for name in Models().names()]
    for width, height in ((1, 1), (1, 20_000), (20_000, 1), (5_000, 5_001)):
        for rule in rules:
            assert 0 < rule.tokens(width, height, "high") <= 2833 + 5667 * 16


def test_text_is_counted_by_words_digits_and_signs() -> None:
    assert text_tokens("") == 0
    assert text_tokens("A person walks.") == 4
    assert text_tokens("1234567") == 3
    # A vocabulary of OpenAI's makes 45 tokens of this row.
    row = (
        '{"frame id": 3, "frame width": 1280, "objects": [{"id": 12, "label": "person", "bbox": [102, 33, 450, 701]}]}'
    )
    assert 38 <= text_tokens(row) <= 52
    assert 4 <= text_tokens("人物走在街上") <= 8


def test_segments_and_cuts_lose_nothing_of_a_text() -> None:
    text = "Ёлка — a tree,\n\n  with_lights: 12345 of them!  " * 9
    parts = list(segments(text, size=32))
    assert "".join(p for p, _tokens in parts) == text
    assert sum(tokens for _part, tokens in parts) == text_tokens(text)
    cut = cut_text(text, 40)
    assert text.startswith(cut)
    assert 35 <= text_tokens(cut) <= 40


def usage(server: DevServer, *, model: str = "gpt-5", key: str = "sk-cache", **request: object):
    return server.client(key).chat.completions.create(model=model, **request).usage


def cached(server: DevServer, **request: object) -> int:
    return usage(server, **request).prompt_tokens_details.cached_tokens


def test_a_beginning_that_was_seen_is_cached_in_steps(server: DevServer) -> None:
    frames = [image(picture(640, 480, seed=i), "high") for i in range(4)]
    first = [say(*frames, "which spatial relations?")]
    second = [say(*frames, "which other relations?")]
    assert cached(server, messages=first) == 0
    assert cached(server, messages=second) == (3 + 4 * 350) // 128 * 128
    assert cached(server, messages=[say(*reversed(frames), "which spatial relations?")]) == 0
    assert cached(server, messages=first, model="gpt-5.1") == 0
    assert cached(server, messages=first, key="sk-other") == 0
    total = usage(server, messages=first)
    assert 1280 <= total.prompt_tokens_details.cached_tokens <= total.prompt_tokens


def test_less_than_1024_tokens_are_never_cached(server: DevServer) -> None:
    short = [say("word " * 1000)]
    assert [cached(server, messages=short) for _ in range(2)] == [0, 0]
    long = [say("again " * 1100)]
    assert [cached(server, messages=long) for _ in range(2)] == [0, 1024]


def test_another_schema_is_another_beginning(server: DevServer) -> None:
    message = [say("a long prefix " * 600)]
    other = record(relations={"type": "array", "items": {"type": "string"}})
    assert cached(server, messages=message, response_format=form(ANSWER)) == 0
    assert cached(server, messages=message, response_format=form(other)) == 0
    assert cached(server, messages=message, response_format=form(ANSWER)) > 1024

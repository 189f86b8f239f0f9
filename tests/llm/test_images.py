"""The size at which a model sees an image, and the largest that a number of tokens pays for."""

from __future__ import annotations

import pytest

from svg2_assets.llm.images import effective_size, fitted_size
from svg2_assets.llm.tokens import image_tokens


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((1920, 1080), (1365, 768)),
        ((1080, 1920), (768, 1365)),
        ((4096, 1024), (2048, 512)),
        ((640, 360), (640, 360)),
        ((768, 768), (768, 768)),
    ],
)
def test_a_tile_model_sees_768_rows_at_most_and_enlarges_nothing(size: tuple[int, int], seen: tuple[int, int]) -> None:
    assert effective_size("gpt-5", *size) == seen


def test_sending_the_effective_size_costs_what_full_size_costs() -> None:
    for size in ((1920, 1080), (1280, 720), (3840, 2160), (1440, 1920), (853, 480)):
        for model in ("gpt-5", "gpt-4.1", "gpt-5-mini"):
            seen = effective_size(model, *size)
            assert image_tokens(model, *seen, "high") <= image_tokens(model, *size, "high")


def test_two_tiles_show_a_wide_frame_at_512_rows() -> None:
    assert fitted_size("gpt-5", 1920, 1080, most_tokens=350) == (910, 512)
    assert image_tokens("gpt-5", 910, 512, "high") == 350


@pytest.mark.parametrize("model", ["gpt-5", "gpt-5-mini", "some-open-model"])
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1000, 1000), (320, 240), (4000, 300)])
def test_a_fitted_image_keeps_its_shape_and_its_price(model: str, size: tuple[int, int]) -> None:
    width, height = fitted_size(model, *size, most_tokens=600)
    assert image_tokens(model, width, height, "high") <= 600
    assert width <= size[0]
    assert height <= size[1]
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)


def test_more_tokens_never_give_a_smaller_image() -> None:
    heights = [fitted_size("gpt-5", 1920, 1080, most_tokens=n)[1] for n in range(200, 1000, 50)]
    assert heights == sorted(heights)
    assert heights[-1] == 768


def test_where_no_size_is_cheap_enough_the_smallest_is_taken() -> None:
    width, height = fitted_size("gpt-5", 1920, 1080, most_tokens=10)
    assert height == 32
    assert width == 56

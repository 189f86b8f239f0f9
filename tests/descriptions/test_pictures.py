"""Pictures for models that take no masks."""

from __future__ import annotations

import numpy as np

from svg2_assets.descriptions.pictures import EDGE, LINE, outlined, surroundings


def square(size: int = 100, start: int = 40, end: int = 60) -> np.ndarray:
    mask = np.zeros((size, size), dtype=bool)
    mask[start:end, start:end] = True
    return mask


def test_the_line_runs_around_the_object_and_leaves_it_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    mask = square()
    drawn = outlined(pixels, mask)
    assert (drawn[mask] == pixels[mask]).all()
    assert tuple(drawn[38, 50]) == tuple(drawn[50, 61]) == LINE
    assert tuple(drawn[37, 50]) == EDGE
    assert (drawn[:30] == pixels[:30]).all()


def test_the_surroundings_keep_their_size_at_least_and_end_at_the_frame() -> None:
    assert surroundings(square(), context=2.0, least=1) == (slice(30, 70), slice(30, 70))
    assert surroundings(square(start=50, end=51), context=2.0, least=48) == (slice(26, 74), slice(26, 74))
    assert surroundings(square(start=0, end=20), context=2.0, least=1) == (slice(0, 30), slice(0, 30))

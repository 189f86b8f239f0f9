"""Encoding inside a box is the same as encoding the whole frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.encoding import encode_inside


@st.composite
def boxed(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, int], int, int]:
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    y0, x0 = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    h, w = draw(st.integers(1, height - y0)), draw(st.integers(1, width - x0))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.random((h, w)) < draw(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])), (x0, y0), height, width


@given(boxed())
def test_it_agrees_with_the_codec_on_the_whole_frame(case: tuple[np.ndarray, tuple[int, int], int, int]) -> None:
    pixels, (x0, y0), height, width = case
    whole = np.zeros((height, width), dtype=bool)
    whole[y0 : y0 + pixels.shape[0], x0 : x0 + pixels.shape[1]] = pixels
    encoded = encode_inside(pixels, corner=(x0, y0), height=height, width=width)
    if not pixels.any():
        assert encoded is None
        return
    assert encoded is not None
    encoded.check()
    assert encoded == Mask.from_array(whole)

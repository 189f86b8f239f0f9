"""Masks on the coarse grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.relations.coarse import meeting, patch
from svg2_assets.scene.masks import Mask


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 2, 2.4, 3, 5]))
def test_a_patch_is_the_decoded_mask_at_the_middle_of_its_cells(seed: int, step: float) -> None:
    rng = np.random.default_rng(seed)
    pixels = np.kron(rng.random((12, 16)) < 0.4, np.ones((4, 4))) > 0
    pixels[0, 0] = True
    seen = patch(Mask.from_array(pixels), step=step)
    height, width = int(np.ceil(48 / step)), int(np.ceil(64 / step))
    rows = np.minimum(((np.arange(height) + 0.5) * step).astype(int), 47)
    columns = np.minimum(((np.arange(width) + 0.5) * step).astype(int), 63)
    expected = pixels[np.ix_(rows, columns)]
    if expected.any():
        assert (seen.window(0, 0, width, height) == expected).all()


def test_the_smallest_thing_keeps_a_cell() -> None:
    pixels = np.zeros((48, 64), dtype=bool)
    pixels[10, 10] = True
    assert patch(Mask.from_array(pixels), step=5).cells.sum() == 1


def disc(x: float, y: float, r: float) -> np.ndarray:
    ys, xs = np.mgrid[:100, :160]
    return np.asarray((xs - x) ** 2 + (ys - y) ** 2 <= r**2)


def test_how_two_masks_meet() -> None:
    body = np.zeros((100, 160), dtype=bool)
    body[10:90, 40:100] = True
    ball = disc(70, 50, 10)
    hole = meeting(*(patch(Mask.from_array(m), step=1) for m in (ball, body & ~ball)), frame=(100, 160), ring=0.12)
    assert hole.gap == 0
    assert hole.common == 0
    assert hole.ring_first == pytest.approx(1.0)
    assert hole.ring_second < 0.2


def test_the_gap_is_counted_in_cells_between() -> None:
    a, b = np.zeros((100, 160), dtype=bool), np.zeros((100, 160), dtype=bool)
    a[40:60, 20:40] = True
    b[40:60, 47:60] = True
    met = meeting(patch(Mask.from_array(a), step=1), patch(Mask.from_array(b), step=1), frame=(100, 160), ring=0.1)
    assert met.gap == pytest.approx(7, abs=0.5)
    assert met.iou == 0

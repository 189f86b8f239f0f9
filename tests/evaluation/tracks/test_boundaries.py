"""J and F: by hand, and F against the DAVIS definition with dilated boundaries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.ndimage import binary_dilation

from svg2_assets.evaluation.tracks.boundaries import boundary_f
from svg2_assets.evaluation.tracks.scores import measure
from svg2_assets.scene.masks import Mask
from tests.evaluation.tracks.scenes import LEFT, LOW, MIDDLE, RIGHT, mask, shifted, still, track
from tests.scene.strategies import mask_sets


def scores(truth, predicted, *, num_frames=4):
    return measure(truth, predicted, num_frames=num_frames, fps=1.0, boundaries=True).boundaries


def test_a_boundary_one_pixel_off_is_right_and_two_off_is_not():
    # 0.008 of the diagonal of 40x50 rounds up to one pixel. Halves of the picture: one upright line of 40 pixels each.
    half = mask((0, 0, 20, 40))
    assert boundary_f(half, mask((0, 0, 21, 40))) == 1
    assert boundary_f(half, mask((0, 0, 22, 40))) == 0
    assert boundary_f(half, mask((0, 0, 22, 40)), tolerance=2 / math.hypot(40, 50)) == 1


def test_half_of_the_boundary_too_much():
    first, second = (20, 5, 10, 10), (20, 25, 10, 10)
    assert boundary_f(mask(first, second), mask(first)) == pytest.approx(2 / 3)  # precision 1/2, recall 1


def test_a_mask_that_fills_the_frame_has_no_boundary():
    everything = mask((0, 0, 50, 40))
    assert boundary_f(everything, mask((0, 0, 50, 40))) == 1
    assert boundary_f(everything, mask(MIDDLE)) == 0


def davis_f(first, second, reach):
    """As in the DAVIS devkit: boundaries by `seg2bmap`, dilated by a disk."""

    def boundary(m):
        e, s, se = np.zeros_like(m), np.zeros_like(m), np.zeros_like(m)
        e[:, :-1], s[:-1, :], se[:-1, :-1] = m[:, 1:], m[1:, :], m[1:, 1:]
        b = (m ^ e) | (m ^ s) | (m ^ se)
        b[-1, :], b[:, -1] = m[-1, :] ^ e[-1, :], m[:, -1] ^ s[:, -1]
        b[-1, -1] = 0
        return b

    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    a, b = boundary(first), boundary(second)
    near = [binary_dilation(m, x**2 + y**2 <= reach**2) for m in (a, b)]
    precision = (a & near[1]).sum() / a.sum() if a.any() else 1.0
    recall = (b & near[0]).sum() / b.sum() if b.any() else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@given(mask_sets(least=2, most=2))
@settings(max_examples=150, deadline=None)
def test_f_is_that_of_davis_whatever_the_masks(pair):
    first, second = pair
    if first.any() and second.any():
        for reach in (1, 3):
            tolerance = (reach - 0.5) / math.hypot(*first.shape)
            found = boundary_f(Mask.from_array(first), Mask.from_array(second), tolerance=tolerance)
            assert found == pytest.approx(davis_f(first, second, reach))


def test_j_is_the_mean_over_the_frames_that_show_either():
    moved = track({0: LEFT, 1: shifted(LEFT, 5), 2: LEFT})  # IoU 1, 1/3, then 0 where only one is there
    found = scores([still(LEFT, [0, 1])], [moved])
    assert found.j == pytest.approx((1 + 1 / 3 + 0) / 3)


def test_a_missing_object_is_0_among_all_and_absent_among_pairs():
    found = scores([still(LEFT, range(4)), still(RIGHT, range(4))], [still(LEFT, range(4)), still(LOW, range(4))])
    assert (found.j, found.f, found.j_and_f) == (1, 1, 1)
    assert (found.j_of_all, found.f_of_all, found.j_and_f_of_all) == (0.5, 0.5, 0.5)


def test_j_and_f_is_the_middle_of_both():
    found = scores([still((0, 0, 20, 40), range(4))], [still((0, 0, 22, 40), range(4))])
    assert (found.j, found.f) == (pytest.approx(20 / 22), 0)
    assert found.j_and_f == pytest.approx(10 / 22)


def test_without_pairs_and_without_truth():
    nothing_found = scores([still(LEFT, range(4))], [])
    assert (nothing_found.j, nothing_found.f_of_all, nothing_found.j_and_f_of_all) == (None, 0, 0)
    nothing_there = scores([], [still(LEFT, range(4))])
    assert (nothing_there.j, nothing_there.j_of_all, nothing_there.j_and_f_of_all) == (None, None, None)

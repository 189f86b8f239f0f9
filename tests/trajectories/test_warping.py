"""A mask follows flow, and its box where flow is gone."""

from __future__ import annotations

import numpy as np

from svg2_assets.trajectories.flow import FlowPair, FlowWindow
from svg2_assets.trajectories.warping import Grid, KeyMask, Trust, between

TRUST = Trust(near=100, far=200, most=0.7)


def key_at(frame: int, x: float) -> KeyMask:
    """A 20 px square with its corner at (x, 40), segmented in a window around it."""
    foreground = np.zeros((40, 40), dtype=np.float32)
    foreground[10:30, 10:30] = 1
    window = np.asarray([x - 10, 30, x + 30, 70], dtype=np.float32)
    return KeyMask(frame, window, foreground, np.asarray([x, 40, x + 20, 60], dtype=np.float32))


def flow_to_the_right(frames: int, step: float) -> FlowWindow:
    flows = FlowWindow(longest=100, scale=0.5)
    right = np.zeros((60, 100, 2), dtype=np.float32)
    right[..., 0] = step * 0.5
    for t in range(1, frames):
        flows.add(t, FlowPair(right, -right))
    return flows


def box_at(x: float) -> np.ndarray:
    return np.asarray([x, 40, x + 20, 60], dtype=np.float32)


def middle(grid: Grid, foreground: np.ndarray) -> float:
    xs, _ = grid.points()
    return float((foreground.sum(axis=0) * (xs + 0.5)).sum() / foreground.sum())


def test_from_both_sides_the_mask_is_where_the_thing_is() -> None:
    boxes = {t: box_at(50 + 4 * t) for t in range(7)}
    grids = {t: Grid.over(np.asarray([30, 30, 130, 70], np.float32), longest=100) for t in boxes}
    found = between(key_at(0, 50), key_at(6, 74), boxes, grids, flows=flow_to_the_right(7, 4), trust=TRUST)
    for t in boxes:
        assert abs(middle(grids[t], found[t]) - (60 + 4 * t)) < 0.6
        assert abs(found[t].sum() - 400) < 40


def test_where_flow_is_forgotten_the_box_says_where_the_mask_goes() -> None:
    boxes = {5: box_at(90)}
    grids = {5: Grid.over(np.asarray([60, 30, 130, 70], np.float32), longest=100)}
    found = between(key_at(0, 50), None, boxes, grids, flows=FlowWindow(longest=4, scale=0.5), trust=TRUST)
    assert abs(middle(grids[5], found[5]) - 100) < 0.6


def test_far_from_the_key_the_box_corrects_a_flow_that_drifts() -> None:
    boxes, grids = {6: box_at(74)}, {6: Grid.over(np.asarray([30, 30, 130, 70], np.float32), longest=100)}
    lazy = flow_to_the_right(7, 0)
    flow_only = between(key_at(0, 50), None, boxes, grids, flows=lazy, trust=TRUST)
    corrected = between(key_at(0, 50), None, boxes, grids, flows=lazy, trust=Trust(near=1, far=5, most=0.7))
    assert abs(middle(grids[6], flow_only[6]) - 60) < 0.6
    assert middle(grids[6], corrected[6]) > 70

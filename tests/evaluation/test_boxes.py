"""Box geometry of the evaluation."""

from __future__ import annotations

import pytest

from svg2_assets.evaluation.boxes import box_containment, box_iou, interpolated

BOX = (0.0, 0.0, 10.0, 10.0)


def test_iou_and_containment_of_a_quarter():
    quarter = (5.0, 5.0, 5.0, 5.0)
    assert box_iou([BOX], [quarter])[0, 0] == pytest.approx(0.25)
    assert box_containment([quarter], [BOX])[0, 0] == 1
    assert box_containment([BOX], [quarter])[0, 0] == pytest.approx(0.25)


def test_boxes_that_only_touch_do_not_overlap():
    assert box_iou([BOX], [(10.0, 0.0, 10.0, 10.0)])[0, 0] == 0


def test_boxes_without_area_overlap_nothing():
    flat = (3.0, 3.0, 0.0, 5.0)
    assert box_iou([flat], [flat])[0, 0] == 0
    assert box_containment([flat], [BOX])[0, 0] == 0


def test_shapes_of_no_boxes():
    assert box_iou([], [BOX]).shape == (0, 1)
    assert box_iou([BOX], []).shape == (1, 0)


def test_interpolation_is_linear_between_anchors_and_silent_outside():
    anchors = {10: BOX, 20: (20.0, 0.0, 10.0, 30.0)}
    assert interpolated(anchors, 15) == (10.0, 0.0, 10.0, 20.0)
    assert interpolated(anchors, 10) == BOX
    assert interpolated(anchors, 9) is None
    assert interpolated(anchors, 21) is None
    assert interpolated({}, 0) is None

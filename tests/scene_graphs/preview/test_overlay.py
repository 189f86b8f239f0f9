from __future__ import annotations

import cv2
import numpy as np
import pytest

from svg2_assets.scene.graph import SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.preview.overlay import FILL, paint, shown_by_frame
from svg2_assets.scene_graphs.preview.palette import color_of
from svg2_assets.scene_graphs.preview.tags import TagPlacer
from tests.scene_graphs import scenes


def object_of(pixels: np.ndarray, object_id: int = 0) -> tuple[SceneObject, Mask]:
    mask = Mask.from_array(pixels)
    return SceneObject(object_id, "thing", Trajectory((0,), (mask,))), mask


def painted(*shown, width=320, height=240):
    grey = np.full((height, width, 3), scenes.GREY, dtype=np.uint8)
    return paint(grey, shown, placer=TagPlacer(width, height), text_size=13)


def border(pixels):
    """The mask and what its outline may touch."""
    return cv2.dilate(pixels.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0


def filled(object_id):
    return np.round(np.array(color_of(object_id)) * FILL + scenes.GREY * (1 - FILL))


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_the_colour_is_where_the_mask_is_whatever_the_resolution(scale):
    full = np.zeros((240 * scale, 320 * scale), dtype=bool)
    full[100 * scale : 180 * scale, 60 * scale : 200 * scale] = True
    picture = painted(object_of(full))
    assert np.abs(picture[106:174, 66:194] - filled(0)).max() <= 2
    away = picture.copy()
    away[70:190, 50:210] = scenes.GREY
    assert (away == scenes.GREY).all(), "nothing is painted away from the mask and its tag"
    assert (np.abs(picture[140, 55:66].astype(int) - color_of(0)).max(axis=1) < 40).any(), "an outline at its border"


def test_an_irregular_mask_with_a_hole_is_followed():
    ys, xs = np.mgrid[0:240, 0:320]
    away = np.hypot(ys - 140, xs - 160)
    ring = (away < 70) & (away > 35)
    picture = painted(object_of(ring)).astype(float)
    inside, hole = (away < 65) & (away > 41), away < 29
    assert np.abs(picture[inside] - filled(0)).mean() < 3
    assert (picture[hole] == scenes.GREY).all()


def test_a_mask_that_ends_in_the_last_pixel_and_one_that_starts_in_the_first():
    for corner in (np.s_[200:, 280:], np.s_[:40, :40], np.s_[:, :]):
        pixels = np.zeros((240, 320), dtype=bool)
        pixels[corner] = True
        picture = painted(object_of(pixels)).astype(float)
        close = np.abs(picture - filled(0)).max(axis=2) <= 2
        assert (close & pixels).sum() > 0.5 * pixels.sum()
        assert (close & ~border(pixels)).sum() < 20, "but for the soft edges of the tag"


def test_what_lies_inside_something_else_stays_visible():
    outer, inner = np.zeros((2, 240, 320), dtype=bool)
    outer[50:220, 50:250] = True
    inner[120:160, 120:160] = True
    picture = painted(object_of(inner, 1), object_of(outer, 2)).astype(float)
    assert np.abs(picture[130:150, 130:150] - filled(1)).max() <= 2
    assert np.abs(picture[180:210, 60:240] - filled(2)).max() <= 2


def test_a_mask_too_small_for_the_picture_still_has_its_tag():
    speck = np.zeros((2400, 3200), dtype=bool)
    speck[1203, 1607] = True
    picture = painted(object_of(speck))
    assert (picture == color_of(0)).all(axis=2).sum() > 100


def test_an_empty_mask_is_passed_over():
    assert painted(object_of(np.zeros((240, 320), dtype=bool))).shape == (240, 320, 3)


def test_the_given_frame_is_left_as_it_is():
    grey = np.full((240, 320, 3), scenes.GREY, dtype=np.uint8)
    pixels = np.ones((240, 320), dtype=bool)
    paint(grey, [object_of(pixels)], placer=TagPlacer(320, 240), text_size=13)
    assert (grey == scenes.GREY).all()


def test_the_tag_stands_on_the_object_not_on_its_box():
    pixels = np.zeros((240, 320), dtype=bool)
    pixels[120:200, 60:240] = True
    pixels[40:120, 230:240] = True  # a raised tail
    solid = (painted(object_of(pixels)) == color_of(0)).all(axis=2)
    rows = np.flatnonzero(solid[:, 130:170].sum(axis=1) > 20)
    assert 95 <= rows.min() <= 105


def test_only_the_frames_asked_for_are_looked_up():
    video = scenes.video(frames=10)
    a = scenes.box_object(video, 4, (0, 0, 9, 9), frames=[1, 2])
    b = scenes.box_object(video, 2, (0, 0, 9, 9), frames=[2, 3])
    found = shown_by_frame(scenes.graph(video, a, b), {2, 7})
    assert [o.id for o, _ in found[2]] == [2, 4]
    assert found[7] == []
    assert set(found) == {2, 7}

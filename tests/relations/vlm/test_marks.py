"""Every visible object has a mark inside its mask, readable and not hiding what it marks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.relations.vlm.marks import COVERED, mark
from svg2_assets.scene.masks import Mask
from svg2_assets.scene_graphs.preview.palette import color_of

GREY = np.full((240, 320, 3), 128, dtype=np.uint8)


def box(x: int, y: int, w: int, h: int, *, scale: int = 1) -> Mask:
    return Mask.from_box((x * scale, y * scale, w * scale, h * scale), height=240 * scale, width=320 * scale)


def overlaps(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 220), st.integers(1, 150), st.integers(1, 150)),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 3),
)
def test_every_visible_object_has_a_mark_inside_its_mask(boxes: list[tuple[int, int, int, int]], scale: int) -> None:
    masks = {i: box(*b, scale=scale) for i, b in enumerate(boxes)}
    _, places = mark(GREY, masks)
    assert set(places) == set(masks)
    for i, place in places.items():
        pixels = masks[i].to_array()
        x, y = (
            min(int((v + 0.5) * scale), limit - 1)
            for v, limit in zip(place.point, (320 * scale, 240 * scale), strict=True)
        )
        assert pixels[y, x]
        bx, by, bw, bh = place.badge
        assert 0 <= bx <= 320 - bw
        assert 0 <= by <= 240 - bh


def test_the_mark_of_a_ring_is_on_the_ring() -> None:
    ring = np.zeros((240, 320), dtype=bool)
    ring[40:200, 60:260] = True
    ring[60:180, 80:240] = False
    _, places = mark(GREY, {3: Mask.from_array(ring)})
    x, y = places[3].point
    assert ring[y, x]


def test_a_whole_is_marked_beside_its_part() -> None:
    masks = {0: box(20, 20, 200, 200), 1: box(70, 70, 100, 100)}
    _, places = mark(GREY, masks)
    x, y = places[0].point
    assert not (70 <= x < 170 and 70 <= y < 170)
    assert places[0].inside
    assert places[1].inside


def test_a_whole_that_its_parts_cover_is_marked_all_the_same() -> None:
    masks = {0: box(20, 20, 100, 100), 1: box(21, 21, 98, 98)}
    _, places = mark(GREY, masks)
    assert set(places) == {0, 1}


def test_the_number_of_a_small_object_stands_beside_it() -> None:
    small = box(150, 100, 9, 9)
    _, places = mark(GREY, {5: small})
    assert not places[5].inside
    assert not overlaps(places[5].badge, (150, 100, 9, 9))


@pytest.mark.parametrize("side", [1, 2, 3, 6, 9, 14, 20])
def test_marks_leave_most_of_a_small_object_as_it_was(side: int) -> None:
    masks = {12: box(150, 100, side, side), 13: box(20, 20, 120, 180), 14: box(180, 20, 120, 180)}
    picture, _ = mark(GREY, masks)
    inside = picture[100 : 100 + side, 150 : 150 + side]
    untouched = np.all(inside == 128, axis=2).mean()
    assert untouched >= (0.5 if side > 2 else 0.0)
    assert side == 1 or untouched > 0.2


def test_a_number_inside_covers_a_small_share_of_its_object() -> None:
    masks = {i: box(5 + 60 * i, 20, 20 + 8 * i, 25 + 30 * i) for i in range(5)}
    _, places = mark(GREY, masks)
    for i, place in places.items():
        if place.inside:
            assert place.badge[2] * place.badge[3] <= COVERED * masks[i].area


def test_numbers_do_not_lie_on_one_another() -> None:
    masks = {i: box(20 + 40 * (i % 6), 30 + 60 * (i // 6), 30, 45) for i in range(18)}
    _, places = mark(GREY, masks)
    for a, b in itertools.combinations(places.values(), 2):
        assert not overlaps(a.badge, b.badge)


def test_neighbouring_ids_have_different_colours_and_the_outline_has_its_objects() -> None:
    assert len({color_of(i) for i in range(36)}) == 36
    picture, _ = mark(GREY, {4: box(100, 60, 80, 80), 5: box(200, 60, 80, 80)})
    for i, x in ((4, 99), (5, 199)):
        assert tuple(int(v) for v in picture[100, x]) == color_of(i)


def test_the_frame_that_is_given_is_not_drawn_on() -> None:
    frame = GREY.copy()
    mark(frame, {0: box(20, 20, 100, 100)})
    assert (frame == 128).all()


def test_an_object_without_a_pixel_has_no_mark_and_nothing_visible_is_no_error() -> None:
    picture, places = mark(GREY, {0: Mask.empty(240, 320)})
    assert places == {}
    assert (picture == GREY).all()
    assert mark(GREY, {})[1] == {}

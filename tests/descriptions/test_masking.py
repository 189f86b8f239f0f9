"""Masks as a describer is shown them, painted as text: what is tracked, what is shown."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.descriptions.gallery import look
from svg2_assets.descriptions.masking import Prepared, at_size, prepare
from svg2_assets.descriptions.presets import MaskRule, ViewRules
from svg2_assets.scene.masks import BoolArray, Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from tests.descriptions.pictures import FRAMES, HEIGHT, WIDTH, Clip, video

SIZE = (100, 120)


def box(left: int, top: int, right: int, bottom: int) -> BoolArray:
    made = np.zeros(SIZE, dtype=bool)
    made[top:bottom, left:right] = True
    return made


NOTHING = np.zeros(SIZE, dtype=bool)


def shown(mask: BoolArray, others: BoolArray = NOTHING, *, parts: BoolArray = NOTHING, stuff: bool = False) -> Prepared:
    return prepare(mask, others, parts, stuff=stuff, rule=MaskRule())


def test_the_hole_that_a_child_leaves_in_a_trampoline_is_filled() -> None:
    child = box(50, 35, 70, 65)
    trampoline = box(10, 10, 110, 90) & ~child
    made = shown(trampoline, child)
    assert (made.mask == box(10, 10, 110, 90)).all()
    assert made.filled == pytest.approx(600 / 7400)


def test_a_hole_that_shows_what_lies_behind_is_a_hole() -> None:
    ring = box(10, 10, 110, 90) & ~box(50, 35, 70, 65)
    assert (shown(ring).mask == ring).all()


def test_a_picture_frame_is_not_filled_with_its_picture_but_a_floor_is_with_what_stands_on_it() -> None:
    inner = box(25, 25, 95, 75)
    outer = box(10, 10, 110, 90) & ~inner
    assert not shown(outer, inner).changed
    standing = box(30, 30, 80, 80)
    floor = box(10, 10, 110, 90) & ~standing
    assert not shown(floor, standing, stuff=False).changed
    assert shown(floor, standing, stuff=True).filled > 0.4


def test_a_part_of_the_object_fills_its_gap_whatever_its_size() -> None:
    screen = box(15, 15, 105, 85)
    monitor = box(10, 10, 110, 90) & ~screen
    made = shown(monitor, screen, parts=screen)
    assert (made.mask == box(10, 10, 110, 90)).all()


def test_legs_before_a_floor_are_given_back_to_it_and_the_body_above_is_not() -> None:
    person = box(50, 5, 64, 85)
    floor = box(0, 50, 120, 100) & ~person
    made = shown(floor, person, stuff=True)
    assert made.mask[60, 55]
    assert not made.mask[30, 55]
    assert not made.mask[:50].any()


def test_who_stands_beside_takes_nothing_from_the_middle() -> None:
    left, right = box(10, 10, 50, 90), box(50, 10, 100, 90)
    assert not shown(left, right).changed
    assert not shown(right, left).changed


def test_specks_are_closed_whoever_they_belong_to() -> None:
    assert shown(box(10, 10, 110, 90) & ~box(40, 40, 43, 43)).filled > 0


def test_a_thin_leak_is_cut_off_and_a_thin_thing_stays() -> None:
    body, leak = box(20, 20, 80, 80), box(80, 50, 115, 51)
    made = shown(body | leak)
    assert not made.mask[50, 100]
    assert made.mask[20, 20]
    assert made.cut_off > 0
    wire = box(0, 50, 120, 51)
    assert (shown(wire).mask == wire).all()
    pole_and_lamp = box(60, 20, 62, 100) | box(50, 10, 72, 20)
    assert shown(pole_and_lamp).mask[90, 60]


def test_a_mask_keeps_its_pixel_however_small_it_is_made() -> None:
    for y, x in ((0, 0), (50, 60), (99, 119)):
        dot = NOTHING.copy()
        dot[y, x] = True
        assert shown(dot).mask.sum() == 1
        small = at_size(dot, 10, 12)
        assert small.sum() == 1
        assert small[y // 10, x // 10]
    assert not at_size(NOTHING, 10, 12).any()
    assert not shown(NOTHING).mask.any()


def test_a_mask_is_scaled_with_its_frame() -> None:
    small = at_size(box(20, 20, 80, 80), 50, 60)
    assert (small[10:40, 10:40]).all()
    assert small.sum() == 900


@pytest.mark.parametrize(("preset", "filled"), [("default", True), ("paper", False), ("release", False)])
def test_ours_is_shown_prepared_masks_and_upstream_what_was_tracked(preset: str, filled: bool) -> None:
    child = np.zeros((HEIGHT, WIDTH), dtype=bool)
    child[100:140, 140:170] = True
    bed = np.zeros_like(child)
    bed[60:200, 60:260] = True
    tracks = TrackingResult((still(0, bed & ~child), still(1, child)))
    gallery = look(Clip(video()), tracks, ViewRules(preset=preset), frames=8)
    views = list(gallery.views(0))
    assert [bool(v.mask[120, 150]) for v in views] == [filled] * 8
    assert all((v.mask == child).all() for v in gallery.views(1))


def test_the_ground_that_shows_between_legs_is_not_given_to_the_animal() -> None:
    cow = np.zeros((HEIGHT, WIDTH), dtype=bool)
    cow[80:130, 100:200] = True
    cow[130:180, 105:120] = cow[130:180, 180:195] = True
    cow[170:180, 105:195] = True
    tracks = TrackingResult((still(0, cow), still(1, ~cow)))
    gallery = look(Clip(video()), tracks, ViewRules(), frames=8)
    assert gallery.stuff == {0: False, 1: True}
    assert all((v.mask == cow).all() for v in gallery.views(0))
    assert all(v.mask.all() for v in gallery.views(1))


def still(object_id: int, pixels: BoolArray, *, part_of: int | None = None) -> TrackedObject:
    mask = Mask.from_array(pixels)
    trajectory = Trajectory(tuple(range(FRAMES)), (mask,) * FRAMES)
    return TrackedObject(object_id, trajectory, Origin.SEED, 1.0, part_of=part_of)

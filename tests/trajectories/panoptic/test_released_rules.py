"""The released rules, number by number, on masks drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.panoptic.protocols import Proposal
from svg2_assets.trajectories.panoptic.released_rules import (
    check_stride,
    maximum_set,
    new_objects,
    released_cleanup,
)
from svg2_assets.trajectories.panoptic.settings import Preset, ReleaseSettings
from tests.trajectories.panoptic.scripted import Actor, Scripted, follow

RULES = ReleaseSettings()


def box(x: float, y: float, w: float, h: float) -> Mask:
    return Mask.from_box((x, y, w, h), height=100, width=100)


@pytest.mark.parametrize(("frames", "stride"), [(99, 20), (100, 40), (330, 80), (1000, 220), (3000, 620)])
def test_the_stride_grows_with_the_video(frames: int, stride: int) -> None:
    assert check_stride(frames, RULES) == stride


def test_the_largest_come_first_and_what_they_cover_to_nine_tenths_goes() -> None:
    large, inside, aside = box(0, 0, 50, 50), box(5, 5, 20, 20), box(41, 0, 20, 50)
    exactly = box(0, 41, 10, 10)  # nine of ten rows covered: not strictly less
    kept = maximum_set([Proposal(m, 1.0) for m in (inside, exactly, aside, large)], most_covered=0.9)
    assert kept == [large, aside]


def test_a_detection_counts_alone_for_the_code_and_in_union_for_the_paper() -> None:
    tracked = [box(0, 0, 100, 50)]
    small = [box(10 * i, 60, 9, 9) for i in range(8)]  # 81 pixels each of 5,000 untracked, 648 together
    assert new_objects(small, tracked, RULES, by_union=False) == []
    assert new_objects(small, tracked, RULES, by_union=True) == small
    large = box(0, 60, 50, 10)  # exactly a tenth
    assert new_objects([large], tracked, RULES, by_union=False) == [large]


def test_nothing_happens_while_less_than_a_twentieth_is_untracked() -> None:
    fill = box(0, 95, 100, 5)
    assert new_objects([fill], [box(0, 0, 100, 95)], RULES, by_union=False) == [fill]
    almost = Mask.from_array(np.pad(np.ones((95, 100), bool), ((0, 5), (0, 0))) | np.eye(100, dtype=bool))
    assert new_objects([fill], [almost], RULES, by_union=False) == []


def test_identical_unmatched_detections_are_all_registered() -> None:
    twice = [box(0, 0, 60, 60), box(0, 0, 60, 60)]
    assert new_objects(twice, [], RULES, by_union=False) == twice


def track(*masks: Mask, first: int = 0) -> Trajectory:
    return Trajectory(tuple(range(first, first + len(masks))), masks)


def test_the_outer_one_deletes_the_inner_one_and_the_steadier_of_two_doubles_stays() -> None:
    outer, inner = track(*[box(0, 0, 50, 50)] * 6), track(*[box(5, 5, 20, 20)] * 6)
    assert set(released_cleanup({0: inner, 1: outer}, RULES)) == {1}
    shaky = track(*(box(i % 2, 0, 50, 50) for i in range(6)))
    assert set(released_cleanup({0: shaky, 1: outer}, RULES)) == {1}
    assert set(released_cleanup({0: outer, 1: outer}, RULES)) == {0}


def test_four_common_frames_are_too_few_to_delete() -> None:
    outer, inner = track(*[box(0, 0, 50, 50)] * 4), track(*[box(5, 5, 20, 20)] * 6)
    assert set(released_cleanup({0: inner, 1: outer}, RULES)) == {0, 1}


def test_specks_and_thin_lines_are_opened_away_but_not_at_the_border() -> None:
    kept = released_cleanup(
        {0: track(box(0, 0, 40, 2)), 1: track(box(0, 40, 40, 2)), 2: track(box(0, 80, 8, 4))}, RULES
    )
    assert set(kept) == {0, 2}
    assert kept[2].masks[0].area == 32


def test_the_cap_spares_the_seed_and_cuts_what_is_found_later() -> None:
    grid = [Actor(lambda t, i=i: (12 * (i % 10), 12 * (i // 10), 10, 10)) for i in range(70)]
    late = Actor(lambda t: (0, 84, 128, 12) if t >= 10 else None)
    scene = Scripted([*grid, late], frames=50)
    result = follow(scene, preset=Preset.RELEASE)
    assert len(result.objects) == 70


def test_all_sampled_frames_are_segmented_though_few_are_read() -> None:
    scene = Scripted([Actor(lambda t: (10, 10, 40, 40))], frames=330)
    result = follow(scene, preset=Preset.RELEASE)
    assert result.statistics["checks"] == 17
    assert result.statistics["image_encoder_passes"] == 2 * 330

"""What the embedded tracker hands on: each thing once, parts with their wholes."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.protocols import Origin, TrackedObject
from svg2_assets.trajectories.results import tracked_objects
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Evidence, Hit, Life, Track
from tests.trajectories.scenes import recognisers

FRAMES = range(24)


def track(number: int, *box: float, score: float = 0.8, origin: Origin = Origin.DISCOVERED) -> Track:
    """A track that has stood at `box` (x, y, w, h) all the time."""
    x, y, w, h = box
    corners = np.asarray([x, y, x + w, y + h], np.float32)
    made = Track(number, number, 0, corners, origin=origin, life=Life.ENDED)
    made.hits = [Hit(frame, score) for frame in FRAMES]
    made.boxes = dict.fromkeys(FRAMES, corners)
    made.masks = dict.fromkeys(FRAMES, Mask.from_box((x, y, w, h), height=120, width=160))
    made.detector.add(np.asarray([score, 0, 0], np.float32))
    return made


def handed_on(*tracks: Track) -> dict[int, TrackedObject]:
    found = tracked_objects(tracks, recognisers(), TrackerSettings(), fps=12.0, num_frames=len(FRAMES))
    return {o.id: o for o in found}


def test_of_two_tracks_of_one_thing_the_surer_one_is_handed_on() -> None:
    found = handed_on(track(0, 20, 20, 40, 60, score=0.6), track(1, 22, 20, 40, 60, score=0.8))
    assert set(found) == {1}


@pytest.mark.parametrize(
    ("first", "classes", "ids"),
    [
        pytest.param(12, (0.3, 0.5, 0), {0}, id="it began on the last frames of one of its kind"),
        pytest.param(12, (0, 0.1, 0.8), {0, 1}, id="of another kind"),
        pytest.param(1, (0.3, 0.5, 0), {0, 1}, id="it was there for long"),
    ],
)
def test_what_began_where_another_was_about_to_end_is_that_one(
    first: int, classes: tuple[float, ...], ids: set[int]
) -> None:
    old, new = track(0, 20, 20, 40, 60, score=0.5), track(1, 30, 20, 40, 60)
    old.detector.total = np.asarray([0.5, 0.4, 0], np.float32)  # now called one thing and now another
    new.detector.total = np.asarray(classes, np.float32)
    old.masks = {f: m for f, m in old.masks.items() if f < 16}
    new.masks = {f: m for f, m in new.masks.items() if f >= first}
    found = handed_on(old, new)
    assert set(found) == ids
    if len(ids) == 1:
        assert found[0].trajectory.frames == tuple(FRAMES)
        assert found[0].trajectory.at(14) == new.masks[14], "what is about to be lost is a guess"
        assert found[0].witnesses[0].looks == 2


def test_rider_and_horse_are_members_and_no_parts_of_what_they_show_together() -> None:
    rider, horse, apart = track(0, 60, 10, 20, 30), track(1, 40, 40, 70, 50), track(3, 120, 10, 30, 30)
    both = track(2, 40, 10, 70, 80, score=0.9, origin=Origin.SALIENT)
    found = handed_on(rider, horse, both, apart)
    assert {o.part_of for o in found.values()} == {None}
    assert {i: o.members for i, o in found.items()} == {0: (), 1: (), 2: (0, 1), 3: ()}


def test_what_nothing_names_is_no_whole_and_with_one_thing_in_it_no_group() -> None:
    dog, around = track(0, 60, 10, 20, 30), track(1, 40, 10, 70, 80, score=0.9, origin=Origin.SALIENT)
    found = handed_on(dog, around)
    assert (found[0].part_of, found[1].members) == (None, ())


@pytest.mark.parametrize(
    ("box", "score", "kind", "kept"),
    [
        pytest.param((35, 30, 40, 60), 0.42, 0, False, id="a second, doubtful look at it"),
        pytest.param((35, 30, 40, 60), 0.42, 1, True, id="of another class"),
        pytest.param((35, 30, 40, 60), 0.5, 0, True, id="sure: two that stand close"),
        pytest.param((45, 30, 40, 60), 0.42, 0, True, id="less than half inside"),
        pytest.param((30, 40, 20, 20), 0.42, 0, True, id="a calf before a cow"),
        pytest.param((30, 40, 20, 20), 0.28, 0, False, id="a faint piece of it"),
    ],
)
def test_a_doubtful_thing_half_inside_a_surer_one_of_its_class_is_not_handed_on(
    box: tuple[float, ...], score: float, kind: int, kept: bool
) -> None:
    other = track(1, *box, score=score)
    usual = (score * len(FRAMES) - 0.9) / (len(FRAMES) - 1)
    other.hits = [Hit(frame, 0.9 if frame == 3 else usual) for frame in FRAMES]  # one look alone would do to keep it
    scores = [0.0, 0.0, 0.0]
    scores[kind] = score
    other.detector = Evidence()
    other.detector.add(np.asarray(scores, np.float32))
    assert (1 in handed_on(track(0, 20, 20, 40, 60), other)) is kept


def test_a_union_that_says_nothing_new_is_not_handed_on_however_sure_it_is() -> None:
    horse, both = track(0, 40, 40, 70, 50, score=0.5), track(1, 40, 36, 70, 54, score=0.9, origin=Origin.SALIENT)
    assert set(handed_on(horse, both)) == {0}


def test_a_ball_before_a_man_has_its_own_pixels_and_is_no_part_of_him() -> None:
    found = handed_on(track(0, 40, 10, 50, 100), track(1, 55, 60, 15, 15))
    assert {i: o.part_of for i, o in found.items()} == {0: None, 1: None}
    assert found[0].trajectory.areas[0] == 50 * 100 - 15 * 15

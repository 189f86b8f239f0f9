"""What the embedded tracker hands on: each thing once, parts with their wholes."""

from __future__ import annotations

import numpy as np

from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.protocols import Origin, TrackedObject
from svg2_assets.trajectories.results import tracked_objects
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Hit, Life, Track
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


def test_rider_and_horse_are_parts_of_what_they_show_together() -> None:
    rider, horse = track(0, 60, 10, 20, 30), track(1, 40, 40, 70, 50)
    both = track(2, 40, 10, 70, 80, score=0.9, origin=Origin.SALIENT)
    found = handed_on(rider, horse, both)
    assert {i: o.part_of for i, o in found.items()} == {0: 2, 1: 2, 2: None}


def test_a_union_that_says_nothing_new_is_not_handed_on_however_sure_it_is() -> None:
    horse, both = track(0, 40, 40, 70, 50, score=0.5), track(1, 40, 36, 70, 54, score=0.9, origin=Origin.SALIENT)
    assert set(handed_on(horse, both)) == {0}


def test_a_ball_before_a_man_has_its_own_pixels_and_is_no_part_of_him() -> None:
    found = handed_on(track(0, 40, 10, 50, 100), track(1, 55, 60, 15, 15))
    assert {i: o.part_of for i, o in found.items()} == {0: None, 1: None}
    assert found[0].trajectory.areas[0] == 50 * 100 - 15 * 15

"""What moves by itself is told from what only the camera moves."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.trajectories.cleanup import is_credible
from svg2_assets.trajectories.flow import STILL, Step, moved_by_camera
from svg2_assets.trajectories.settings import ExportSettings
from svg2_assets.trajectories.tracks import Hit, Life, Track

PARALLAX = 0.3


def seen_at(x: float, *, camera: float) -> Track:
    """A 20 px box born at x 0 that is at `x` now, while the camera's motion alone took it to `camera`."""
    track = Track(0, 0, 0, np.asarray([x - 10, 0, x + 10, 20], np.float32), life=Life.LIVE)
    track.birthplace, track.anchor = np.asarray([0, 10], np.float32), np.asarray([camera, 10], np.float32)
    track.hits = [Hit(frame, 0.3) for frame in range(0, 15, 3)]
    track.note_travel(PARALLAX)
    return track


def test_a_still_camera_moves_nothing() -> None:
    point = np.asarray([30, 40], np.float32)
    assert moved_by_camera(point, STILL, width=200, height=100) == pytest.approx(point)


@pytest.mark.parametrize(
    ("step", "expected"),
    [((5.0, -2.0, 1.0, 0.0), (105, 28)), ((0.0, 0.0, 2.0, 0.0), (100, 10)), ((0.0, 0.0, 1.0, np.pi / 2), (120, 50))],
)
def test_the_camera_turns_and_zooms_about_the_middle(step: Step, expected: tuple[float, float]) -> None:
    point = np.asarray([100, 30], np.float32)
    assert moved_by_camera(point, step, width=200, height=100) == pytest.approx(expected, abs=1e-3)


def test_a_weak_thing_that_walks_away_is_believed() -> None:
    assert is_credible(seen_at(40, camera=0), ExportSettings())


def test_a_weak_thing_that_stays_is_not_believed() -> None:
    assert not is_credible(seen_at(3, camera=0), ExportSettings())


def test_a_weak_thing_that_goes_with_the_background_is_not_believed() -> None:
    assert not is_credible(seen_at(80, camera=90), ExportSettings())


def test_a_weak_thing_that_stays_in_the_picture_of_a_panning_camera_is_believed() -> None:
    assert is_credible(seen_at(0, camera=-90), ExportSettings())


@pytest.mark.parametrize(("score", "believed"), [(0.25, False), (0.35, True)])
def test_the_second_detector_alone_is_no_witness_for_the_faintest_boxes(score: float, believed: bool) -> None:
    track = seen_at(0, camera=0)
    track.hits = [Hit(frame, score) for frame in range(0, 15, 3)]
    track.second.looks = track.second.seen = 4
    assert is_credible(track, ExportSettings()) is believed

"""The camera's motion between cells."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.relations.camera import camera_maps, carried, similarity, zooms
from svg2_assets.relations.sampling import sample_grid
from svg2_assets.scene.video import Video
from svg2_assets.trajectories.protocols import CameraMotion

GRID = sample_grid(Video("f" * 16, "v.mp4", "", 64, 48, 10.0, 20, 2.0), (), rate=5.0)
MIDDLE = (32.0, 24.0)


def test_steps_between_cells_add_up() -> None:
    camera = CameraMotion(tuple(range(20)), ((3.0, -1.0, 1.0, 0.0),) * 19, fixed=False)
    maps = camera_maps(camera, GRID, middle=MIDDLE)
    assert maps.shape == (9, 2, 3)
    assert carried(np.array([[5.0, 5.0]]), maps[0]) == pytest.approx(np.array([[11.0, 3.0]]))


def test_sparse_steps_are_found_by_frame() -> None:
    camera = CameraMotion((0, 10, 19), ((10.0, 0.0, 1.0, 0.0), (20.0, 0.0, 1.0, 0.0)), fixed=False)
    shifts = camera_maps(camera, GRID, middle=MIDDLE)[:, 0, 2]
    assert shifts.sum() == pytest.approx(10.0)


def test_zoom_and_roll_turn_about_the_middle() -> None:
    matrix = similarity(0.0, 0.0, 1.2, 0.3, middle=MIDDLE)[:2]
    assert carried(np.array([MIDDLE]), matrix) == pytest.approx(np.array([MIDDLE]))
    assert zooms(matrix[None]) == pytest.approx([1.2])


@pytest.mark.parametrize("camera", [CameraMotion(), CameraMotion((0, 1), ((5.0, 0.0, 1.0, 0.0),), fixed=True)])
def test_a_fixed_camera_moves_nothing(camera: CameraMotion) -> None:
    assert (camera_maps(camera, GRID, middle=MIDDLE) == np.eye(3)[:2]).all()

"""A point of the background is carried along by the camera: zoom and roll are about the middle of the frame."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.descriptions.motion import carry
from svg2_assets.relations.camera import carried, similarity
from svg2_assets.trajectories.protocols import CameraMotion

MIDDLE = np.array([320.0, 240.0])


def moving(*steps: tuple[float, float, float, float]) -> CameraMotion:
    return CameraMotion(tuple(range(len(steps) + 1)), steps, fixed=False)


def test_zooming_leaves_the_middle_where_it_is_and_pushes_the_rest_outwards() -> None:
    camera = moving((0, 0, 1.1, 0))
    assert carry(MIDDLE, frames=(0, 1), camera=camera, middle=MIDDLE) == pytest.approx(MIDDLE)
    corner = carry(np.array([420.0, 240.0]), frames=(0, 1), camera=camera, middle=MIDDLE)
    assert corner == pytest.approx([430.0, 240.0])


def test_descriptions_and_relations_carry_points_alike() -> None:
    steps = ((3.0, -2.0, 1.05, 0.1), (1.0, 4.0, 0.97, -0.05))
    point = np.array([100.0, 50.0])
    there = carry(point, frames=(0, 2), camera=moving(*steps), middle=MIDDLE)
    maps = [similarity(*s, middle=(320.0, 240.0)) for s in steps]
    assert there == pytest.approx(carried(point[None], (maps[1] @ maps[0])[:2])[0])


def test_a_fixed_camera_carries_nothing() -> None:
    assert carry(MIDDLE + 50, frames=(0, 1), camera=CameraMotion(), middle=MIDDLE) == pytest.approx(MIDDLE + 50)

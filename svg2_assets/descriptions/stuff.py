"""Thing or stuff: whether a trajectory is an object of its own or ground, wall and sky around the objects.

Judged from its extent, the borders it touches, its own motion and its shape; the thresholds are `StuffRule`'s. No name
is used: this comes before anybody has given one.
"""

from __future__ import annotations

import numpy as np

from svg2_assets.descriptions.geometry import Course
from svg2_assets.descriptions.motion import MotionRule, typical_speed
from svg2_assets.descriptions.presets import StuffRule
from svg2_assets.trajectories.protocols import CameraMotion

TOUCHED = 0.5  # share of the frames on which a side is touched for it to count


def stuff_score(course: Course, *, camera: CameraMotion, rule: StuffRule) -> float:
    """How much a trajectory looks like stuff, 0..1; 0 for what moves or touches fewer than two sides of the frame."""
    video = course.video
    extent = float(np.median(course.areas)) / (video.width * video.height)
    sides = int((course.cut.mean(axis=0) >= TOUCHED).sum())
    # Ground under a camera that pans fills the same part of the frame: only what moves both ways moves by itself.
    speed = min(typical_speed(course, camera=c, rule=MotionRule()) for c in (camera, CameraMotion()))
    if sides < 2 or speed >= rule.moving:
        return 0.0
    boxes = np.maximum(course.boxes[:, 2] * course.boxes[:, 3], 1)
    hollow = 1 - float(np.median(course.areas / boxes))
    terms = (
        (extent - rule.small) / (rule.large - rule.small),
        sides / rule.sides,
        (rule.moving - speed) / (rule.moving - rule.still),
        hollow / rule.hollow,
    )
    weights = (rule.extent, rule.border, rule.rest, rule.shape)
    return float(np.average(np.clip(terms, 0, 1), weights=weights))


def is_stuff(course: Course, *, camera: CameraMotion, part_of: int | None, rule: StuffRule) -> bool:
    """Whether it is stuff. A part of another object is a thing."""
    return part_of is None and stuff_score(course, camera=camera, rule=rule) >= rule.least

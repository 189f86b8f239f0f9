"""Whether a thing moves by itself: displacement of its box minus what the camera's motion explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from svg2_assets.descriptions.facts import Claim, Statement
from svg2_assets.descriptions.geometry import Course
from svg2_assets.scene.masks import FloatArray
from svg2_assets.trajectories.protocols import CameraMotion


@dataclass(frozen=True, slots=True)
class MotionRule:
    """Thresholds of motion states, speeds in own sizes (root of the box's area) a second.

    Motion is judged over windows of `window` s, rest over `long_window` s, in which the jitter of masks averages out.
    A thing is still below `still` and moves above `moving`; between them nothing is said, and the gap is wider while
    the camera moves, because parallax looks like motion. `stable` is the share of windows that must agree;
    what is still keeps its width and height within a factor `still_spread`.
    """

    window: float = 0.5
    long_window: float = 2.0
    still: float = 0.06
    moving: float = 0.15
    still_moving_camera: float = 0.08
    moving_moving_camera: float = 0.3
    fast: float = 2.0
    stable: float = 0.75
    still_stable: float = 0.95
    still_spread: float = 1.25
    least_seconds: float = 0.8


def own_speeds(course: Course, *, camera: CameraMotion, window: float) -> FloatArray:
    """Speed of the box centre in own sizes a second, camera removed, one a window of `window` seconds; may be empty.

    Windows in which the object is hidden are left out.
    """
    frames, centres = course.frames, course.centres
    sizes = np.sqrt(np.maximum(course.boxes[:, 2] * course.boxes[:, 3], 1))
    times = course.video.edges[frames]
    middle = np.asarray([course.video.width / 2, course.video.height / 2])
    speeds: list[float] = []
    for start in np.arange(times[0], times[-1] - window * 0.75, window):
        i, j = (int(v) for v in np.searchsorted(times, (start, start + window)))
        j = min(j, len(frames) - 1)
        if j <= i or times[j] - times[i] > 1.6 * window:
            continue
        carried = carry(centres[i], frames=(int(frames[i]), int(frames[j])), camera=camera, middle=middle)
        way = float(np.hypot(*(centres[j] - carried)))
        speeds.append(way / float(sizes[i : j + 1].mean()) / float(times[j] - times[i]))
    return np.asarray(speeds, dtype=np.float64)


def carry(point: FloatArray, *, frames: tuple[int, int], camera: CameraMotion, middle: FloatArray) -> FloatArray:
    """Where a point of the background at `point` (x, y) on the first of `frames` is seen on the second.

    Each step turns and zooms about the `middle` (x, y) of the frame, then shifts.
    """
    at = np.asarray(point, dtype=np.float64).copy()
    if camera.fixed:
        return at
    known = np.asarray(camera.frames)
    first, last = np.searchsorted(known, frames, side="right") - 1
    for dx, dy, zoom, roll in camera.steps[max(0, int(first)) : max(0, int(last))]:
        c, s = zoom * np.cos(roll), zoom * np.sin(roll)
        x, y = at - middle
        at = middle + np.asarray([c * x - s * y + dx, s * x + c * y + dy])
    return at


def typical_speed(course: Course, *, camera: CameraMotion, rule: MotionRule) -> float:
    """Median speed over long windows, or over all its time where that is shorter; 0 when it is seen too briefly."""
    times = course.video.edges[course.frames]
    window = min(rule.long_window, float(times[-1] - times[0]))
    speeds = own_speeds(course, camera=camera, window=window) if window >= rule.window else np.zeros(0)
    return float(np.median(speeds)) if len(speeds) else 0.0


def motion_claim(course: Course, *, camera: CameraMotion, rule: MotionRule) -> Statement | None:
    """Moving, moving fast or still; None where it changes, lies between the thresholds or is seen too briefly."""
    times = course.video.edges[course.frames]
    speeds = own_speeds(course, camera=camera, window=rule.window)
    if len(speeds) < 2 or times[-1] - times[0] < rule.least_seconds:
        return None
    for value, limit in (
        ("moving fast", rule.fast),
        ("moving", rule.moving if camera.fixed else rule.moving_moving_camera),
    ):
        if (share := float((speeds >= limit).mean())) >= rule.stable:
            return Statement(Claim.MOTION, value, share)
    if times[-1] - times[0] < rule.long_window:
        return None
    if _spread(course) > rule.still_spread:
        return None  # it stays in place and moves its limbs
    slow = own_speeds(course, camera=camera, window=rule.long_window)
    limit = rule.still if camera.fixed else rule.still_moving_camera
    calm = float(np.median(speeds)) <= limit and len(slow) > 0
    if calm and (share := float((slow <= limit).mean())) >= rule.still_stable:
        return Statement(Claim.MOTION, "still", share)
    return None


def _spread(course: Course) -> float:
    """By what factor width or height changes between the lowest and highest tenth of frames, the larger of the two."""
    low, high = np.quantile(course.boxes[:, 2:], [0.1, 0.9], axis=0)
    return float((high / np.maximum(low, 1)).max())

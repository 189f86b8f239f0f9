"""Whether a thing moves by itself: displacement of its box minus what the camera's motion explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from svg2_assets.descriptions.facts import Claim, Statement
from svg2_assets.scene.masks import FloatArray
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.trajectories.protocols import CameraMotion


@dataclass(frozen=True, slots=True)
class MotionRule:
    """Thresholds of motion states, speeds in own sizes (root of the box's area) a second over windows of `window` s.

    A thing is still below `still` and moves above `moving`; between them nothing is said, and the gap is wider while
    the camera moves, because parallax looks like motion. `stable` is the share of windows that must agree.
    """

    window: float = 0.5
    still: float = 0.06
    moving: float = 0.15
    still_moving_camera: float = 0.08
    moving_moving_camera: float = 0.3
    fast: float = 2.0
    stable: float = 0.75
    still_stable: float = 0.95
    least_seconds: float = 0.8


def own_speeds(trajectory: Trajectory, *, video: Video, camera: CameraMotion, window: float) -> FloatArray:
    """Speed of the box centre in own sizes a second, camera removed, one a window of `window` seconds; may be empty."""
    frames = np.asarray(trajectory.frames)
    x, y, w, h = trajectory.boxes.T
    centres = np.stack([x + w / 2, y + h / 2], axis=1)
    sizes = np.sqrt(np.maximum(w * h, 1))
    times = np.asarray([video.time_of(int(f)) for f in frames])
    starts = np.arange(times[0], times[-1] - window * 0.75, window)
    rows = [(int(np.searchsorted(times, s)), int(np.searchsorted(times, s + window))) for s in starts]
    speeds: list[float] = []
    for i, j in rows:
        j = min(j, len(frames) - 1)
        if j <= i or times[j] - times[i] > 1.6 * window:
            continue  # hidden meanwhile
        carried = carry(centres[i], frames=(int(frames[i]), int(frames[j])), camera=camera)
        way = float(np.hypot(*(centres[j] - carried)))
        speeds.append(way / float(sizes[i : j + 1].mean()) / float(times[j] - times[i]))
    return np.asarray(speeds, dtype=np.float64)


def carry(point: FloatArray, *, frames: tuple[int, int], camera: CameraMotion) -> FloatArray:
    """Where a point of the background at `point` (x, y) on the first of `frames` is seen on the second.

    Each step turns and zooms about the image's origin, then shifts.
    """
    at = np.asarray(point, dtype=np.float64).copy()
    if camera.fixed:
        return at
    known = np.asarray(camera.frames)
    first, last = np.searchsorted(known, frames, side="right") - 1
    for dx, dy, zoom, roll in camera.steps[max(0, int(first)) : max(0, int(last))]:
        c, s = zoom * np.cos(roll), zoom * np.sin(roll)
        at = np.asarray([c * at[0] - s * at[1] + dx, s * at[0] + c * at[1] + dy])
    return at


def motion_claim(speeds: FloatArray, *, camera_fixed: bool, seconds: float, rule: MotionRule) -> Statement | None:
    """Moving, moving fast or still; None where it changes or lies between the thresholds."""
    if len(speeds) < 2 or seconds < rule.least_seconds:
        return None
    moving = rule.moving if camera_fixed else rule.moving_moving_camera
    still = rule.still if camera_fixed else rule.still_moving_camera
    if (share := float((speeds >= rule.fast).mean())) >= rule.stable:
        return Statement(Claim.MOTION, "moving fast", share)
    if (share := float((speeds >= moving).mean())) >= rule.stable:
        return Statement(Claim.MOTION, "moving", share)
    if (share := float((speeds <= still).mean())) >= rule.still_stable:
        return Statement(Claim.MOTION, "still", share)
    return None

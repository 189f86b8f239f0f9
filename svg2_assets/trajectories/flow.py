"""Dense optical flow on small frames, the window of it that is kept, and what the camera does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.recognisers import Floats, Pixels
from svg2_assets.trajectories.settings import FlowSettings

Field = npt.NDArray[np.float32]
Step = tuple[float, float, float, float]
STILL: Step = (0.0, 0.0, 1.0, 0.0)
LEAST_POINTS = 8  # fewer are no estimate of a camera


@dataclass(frozen=True, slots=True)
class SmallFrame:
    """One frame at flow size: `grey` [h, w] and `colour` histogram; `scale` = flow pixels per frame pixel."""

    index: int
    grey: Pixels
    histogram: Floats
    scale: float


@dataclass(frozen=True, slots=True)
class FlowPair:
    """Displacements in their own pixels between frame t-1 and t: `forward` lives on t-1, `backward` on t, [h, w, 2]."""

    forward: Field
    backward: Field


def shrink(index: int, pixels: Pixels, settings: FlowSettings) -> SmallFrame:
    """The small version of a frame [H, W, 3] RGB."""
    height, width = pixels.shape[:2]
    scale = min(1.0, settings.flow_rows / min(height, width), settings.flow_longest / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = _fitted(pixels, size) if scale < 1 else pixels
    return SmallFrame(index, cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), _histogram(small), size[1] / height)


def _fitted(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """`pixels` at `size` (width, height). Halving exactly first is the fast path of the area filter."""
    height, width = pixels.shape[:2]
    while width >= 2 * size[0] and height >= 2 * size[1]:
        width, height = width // 2, height // 2
        pixels = cv2.resize(pixels[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _histogram(small: Pixels) -> Floats:
    hsv = cv2.cvtColor(np.ascontiguousarray(small[::2, ::2]), cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, [12, 4, 6], [0, 180, 0, 256, 0, 256])
    return np.asarray(counts / max(1.0, float(counts.sum())), dtype=np.float32)


class FlowEngine:
    """DIS flow, ultrafast preset (at this size it drifts less than the slower `fast` one), matched one scale finer."""

    def __init__(self, settings: FlowSettings) -> None:
        self._settings = settings
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._dis.setFinestScale(settings.finest_scale)
        self._dis.setGradientDescentIterations(settings.iterations)

    def between(self, before: SmallFrame, after: SmallFrame) -> FlowPair:
        """Flow both ways; zero for pictures too small to have any."""
        rows, columns = before.grey.shape
        if min(rows, columns) < self._settings.least_side:
            shape = max(1, rows // 2), max(1, columns // 2), 2
            return FlowPair(np.zeros(shape, np.float32), np.zeros(shape, np.float32))
        forward = self._dis.calc(before.grey, after.grey, None)
        backward = self._dis.calc(after.grey, before.grey, None)
        return FlowPair(_halved(forward), _halved(backward))


def _halved(field: Field) -> Field:
    """`field` at half size, in its own pixels: DIS is not asked for more, memory and warps cost a quarter."""
    size = max(1, field.shape[1] // 2), max(1, field.shape[0] // 2)
    return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_AREA) * np.float32(0.5), dtype=np.float32)


class FlowWindow:
    """The flow of the last frames of one shot, by the index of the later frame of each pair."""

    def __init__(self, *, longest: int, scale: float) -> None:
        self.scale = scale
        self._longest = longest
        self._pairs: dict[int, FlowPair] = {}

    def add(self, index: int, pair: FlowPair) -> None:
        """Remember the flow between frames `index` - 1 and `index`, forgetting what is too old."""
        self._pairs[index] = pair
        self._pairs.pop(index - self._longest, None)

    def backward(self, index: int) -> Field | None:
        """Flow from frame `index` to the one before it; None when no longer known."""
        pair = self._pairs.get(index)
        return pair.backward if pair is not None else None

    def forward(self, index: int) -> Field | None:
        """Flow from frame `index` to the one after it; None when not known."""
        pair = self._pairs.get(index + 1)
        return pair.forward if pair is not None else None

    def carry(self, box: Box, *, start: int, stop: int) -> tuple[Box, float]:
        """`box` (frame pixels) moved from frame `start` to `stop`, and the non-rigid motion in it (own sizes).

        The median of the flow in the middle 60 % moves the box: its rim shows background.
        """
        moved, unrest = box * self.scale, 0.0
        for index in range(start, stop):
            field = self.forward(index)
            inside = _middle(field, moved) if field is not None else None
            if inside is None:
                continue
            shift = np.median(inside, axis=0)
            unrest += float(np.abs(inside - shift).mean())
            moved = moved + np.tile(shift, 2)
        length = max(1.0, float(np.sqrt(max(1e-6, (moved[2] - moved[0]) * (moved[3] - moved[1])))))
        return np.asarray(moved / self.scale, dtype=np.float32), unrest / length


def _middle(field: Field, box: Box) -> Field | None:
    height, width = field.shape[:2]
    margin = (box[2:] - box[:2]) * 0.2
    x0, y0 = (int(v) for v in np.floor(box[:2] + margin))
    x1, y1 = (int(v) for v in np.ceil(box[2:] - margin))
    part = field[max(0, y0) : min(height, max(y1, y0 + 1)), max(0, x0) : min(width, max(x1, x0 + 1))]
    if part.size == 0:
        return None
    every = max(1, int(np.sqrt(part.shape[0] * part.shape[1] / 400)))
    return np.asarray(part[::every, ::every].reshape(-1, 2))


def camera_step(fields: Sequence[Field], *, scale: float, settings: FlowSettings) -> Step:
    """Motion of the background over consecutive forward `fields`: (dx, dy) of the frame's middle in frame pixels,
    zoom, roll in radians. RANSAC over a grid, so that moving things are outvoted.
    """
    if not fields or min(fields[0].shape[:2]) < settings.least_side // 2:
        return STILL
    height, width = fields[0].shape[:2]
    half = settings.camera_grid // 2
    xs, ys = np.meshgrid(np.arange(half, width, settings.camera_grid), np.arange(half, height, settings.camera_grid))
    start = np.stack([xs.ravel(), ys.ravel()], axis=1).astype(np.float32)
    if len(start) < LEAST_POINTS:
        return STILL
    end = start.copy()
    for field in fields:
        at = np.clip(np.rint(end).astype(np.int64), 0, [width - 1, height - 1])
        end = end + field[at[:, 1], at[:, 0]]
    affine, _ = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=0.5, maxIters=200)
    if affine is None:
        return STILL
    middle = np.asarray([width / 2, height / 2])
    shift = (affine[:, :2] @ middle + affine[:, 2] - middle) / scale
    zoom = float(np.hypot(affine[0, 0], affine[1, 0]))
    return float(shift[0]), float(shift[1]), zoom, float(np.arctan2(affine[1, 0], affine[0, 0]))


def moved_by_camera(point: Field, step: Step, *, width: int, height: int) -> Field:
    """Where `point` (x, y) of the background is after the camera's `step`; frame pixels."""
    dx, dy, zoom, roll = step
    middle = np.asarray([width / 2, height / 2])
    turn = zoom * np.asarray([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    return np.asarray(turn @ (point - middle) + middle + [dx, dy], dtype=np.float32)


def is_fixed(steps: Sequence[Step], *, diagonal: float, settings: FlowSettings) -> bool:
    """Whether the camera stands still: nearly all steps without shift, zoom or roll."""
    if not steps:
        return True
    limit = settings.fixed_motion
    still = [
        float(np.hypot(dx, dy)) < limit * diagonal and abs(zoom - 1) < 2 * limit and abs(roll) < 2 * limit
        for dx, dy, zoom, roll in steps
    ]
    return sum(still) >= settings.fixed_share * len(still)

"""One tracked object as the rules see it: its name, and its boxes and own motion on the common grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.relations import camera as camera_motion
from svg2_assets.relations.sampling import Grid
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import ANIMALS, PEOPLE, SURFACES, UNKNOWN_NAME, VEHICLES, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.trajectories.protocols import Origin, TrackedObject

LEFT, TOP, RIGHT, BOTTOM = range(4)

FIXTURES = SURFACES | frozenset(
    {
        "potted plant",
        "plant",
        "tree",
        "fire hydrant",
        "stop sign",
        "traffic light",
        "parking meter",
        "tv",
        "refrigerator",
    }
    | {"oven", "sink", "toilet", "clock", "microwave", "appliance", "furniture"}
)
"""Things that do not move by themselves: under a moving camera, what looks like their motion is parallax."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object sampled at the T cells of the grid; NaN (or -1) where it is not visible.

    `path`: own heights that it travelled in all. `at` [T]: position in the trajectory of the frame that stands for the
    cell. `boxes` [T, 4]: x0, y0, x1, y1 pixels. `areas` [T]: pixels of the mask. `cut` [T, 4]: which sides of the box
    lie on the frame's border. `velocity` [T, 2]: pixels a second, without the camera's motion. `growth` [T, 2]: of
    width and height, e-folds a second, without the camera's zoom.
    """

    id: int
    name: str
    name_confidence: float
    salient: bool
    score: float
    trajectory: Trajectory
    visible: Spans
    path: float
    at: IntArray
    boxes: FloatArray
    areas: FloatArray
    cut: BoolArray
    velocity: FloatArray
    growth: FloatArray

    @property
    def cells(self) -> IntArray:
        """The grid's cells in which it is visible."""
        return np.flatnonzero(self.at >= 0)

    @property
    def named(self) -> bool:
        """Whether its name says more than `object`."""
        return self.name != UNKNOWN_NAME

    @property
    def widths(self) -> FloatArray:
        """[T] pixels."""
        return np.asarray(self.boxes[:, RIGHT] - self.boxes[:, LEFT])

    @property
    def heights(self) -> FloatArray:
        """[T] pixels."""
        return np.asarray(self.boxes[:, BOTTOM] - self.boxes[:, TOP])

    @property
    def sizes(self) -> FloatArray:
        """[T] square root of the box's area, pixels."""
        return np.sqrt(self.widths * self.heights)

    @property
    def centres(self) -> FloatArray:
        """[T, 2] (x, y) of the box's centre."""
        return np.asarray((self.boxes[:, :2] + self.boxes[:, 2:]) / 2)

    @property
    def speeds(self) -> FloatArray:
        """[T] own speed in own heights a second."""
        return np.asarray(np.hypot(self.velocity[:, 0], self.velocity[:, 1]) / self.heights)

    @property
    def stands(self) -> bool:
        """Whether things of this name stand on the ground, so that their lower edge tells how far away they are."""
        return is_a(self.name, PEOPLE | ANIMALS | VEHICLES) and not is_a(self.name, _AIRBORNE)

    @property
    def person(self) -> bool:
        """Whether it is human by name."""
        return is_a(self.name, PEOPLE)


_AIRBORNE = frozenset({"bird", "airplane", "boat"})


def is_a(name: str, kinds: frozenset[str]) -> bool:
    """Whether `name` or its head noun is one of `kinds`."""
    words = name.split()
    return name in kinds or bool(words and words[-1] in kinds)


def observe(
    video: Video,
    grid: Grid,
    tracked: TrackedObject,
    label: VerifiedLabel | None,
    *,
    maps: FloatArray,
    border: float,
    still: float,
) -> Thing:
    """Sample `tracked` on `grid`. `maps` [T - 1, 2, 3] is the camera's motion, `border` the share of the frame's longer
    side within which a box counts as cut, `still` the speed (heights/s) below which motion is noise.
    """
    trajectory = tracked.trajectory
    at = _representatives(grid, trajectory.frames)
    boxes = _boxes(trajectory, at)
    margin = border * max(video.width, video.height)
    with np.errstate(invalid="ignore"):
        cut = np.column_stack((boxes[:, :2] <= margin, boxes[:, 2:] >= np.array([video.width, video.height]) - margin))
    name, confidence = _name(label)
    velocity = _velocity(boxes, cut, grid, maps)
    return Thing(
        id=tracked.id,
        name=name,
        name_confidence=confidence,
        salient=tracked.origin is Origin.SALIENT,
        score=tracked.score,
        trajectory=trajectory,
        visible=trajectory.spans(video),
        path=0.0 if is_a(name, FIXTURES) else _path(velocity, boxes, grid, still=still),
        at=at,
        boxes=boxes,
        areas=_areas(trajectory, at),
        cut=cut,
        velocity=velocity,
        growth=_growth(boxes, cut, grid, maps),
    )


def _name(label: VerifiedLabel | None) -> tuple[str, float]:
    if label is None or label.verification.verdict is Verdict.CONTRADICTED:
        return UNKNOWN_NAME, 0.0
    name = label.label.name.strip().lower() or UNKNOWN_NAME
    return name, label.label.confidence


def _representatives(grid: Grid, frames: Sequence[int]) -> IntArray:
    """For each cell the position of the trajectory's frame nearest to the cell's middle, -1 where it has none."""
    known = np.asarray(frames, dtype=np.int64)
    if not len(known):
        return np.full(len(grid), -1)
    after = np.clip(np.searchsorted(known, grid.frames), 0, len(known) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(known[before] - grid.frames) <= np.abs(known[after] - grid.frames)
    best = np.where(nearer, before, after)
    inside = (known[best] >= grid.bounds[:-1]) & (known[best] < grid.bounds[1:])
    return np.where(inside, best, -1)


def _boxes(trajectory: Trajectory, at: IntArray) -> FloatArray:
    boxes = np.full((len(at), 4), np.nan)
    seen = np.flatnonzero(at >= 0)
    if len(seen):
        xywh = np.array([trajectory.masks[i].box for i in at[seen]])
        boxes[seen] = np.column_stack((xywh[:, :2], xywh[:, :2] + xywh[:, 2:]))
    return boxes


def _steps(boxes: FloatArray, cut: BoolArray, maps: FloatArray) -> FloatArray:
    """Own displacement [T - 1, 4] of each side from cell to cell; NaN for a side on the border at either end."""
    moved = np.full((max(0, len(boxes) - 1), 4), np.nan)
    for i in range(len(moved)):
        corners = camera_motion.carried(boxes[i].reshape(2, 2), maps[i])
        moved[i] = boxes[i + 1] - corners.ravel()
    if len(moved):
        moved[cut[:-1] | cut[1:]] = np.nan
    return moved


def _areas(trajectory: Trajectory, at: IntArray) -> FloatArray:
    areas = np.full(len(at), np.nan)
    seen = np.flatnonzero(at >= 0)
    areas[seen] = mask_algebra.areas([trajectory.masks[i] for i in at[seen]])
    return areas


def _velocity(boxes: FloatArray, cut: BoolArray, grid: Grid, maps: FloatArray) -> FloatArray:
    """Mean of the two neighbouring steps. A thing cut by the border moves as its free sides do."""
    moved = _steps(boxes, cut, maps)
    axes = np.stack((_mean(moved[:, [LEFT, RIGHT]], axis=1), _mean(moved[:, [TOP, BOTTOM]], axis=1)), axis=1)
    seen = ~np.isnan(boxes[:-1, 0]) & ~np.isnan(boxes[1:, 0]) if len(boxes) > 1 else np.zeros(0, dtype=bool)
    axes[np.isnan(axes) & seen[:, None]] = 0.0
    return _per_cell(axes, grid)


def _path(velocity: FloatArray, boxes: FloatArray, grid: Grid, *, still: float) -> float:
    speeds = np.nan_to_num(np.hypot(*velocity.T) / (boxes[:, BOTTOM] - boxes[:, TOP]))
    return float((speeds * np.diff(grid.edges))[speeds >= still].sum())


def _growth(boxes: FloatArray, cut: BoolArray, grid: Grid, maps: FloatArray) -> FloatArray:
    """Growth of width and height net of the zoom; NaN where a side that matters is on the border."""
    extent = np.stack((boxes[:, RIGHT] - boxes[:, LEFT], boxes[:, BOTTOM] - boxes[:, TOP]), axis=1)
    extent[cut[:, [LEFT, TOP]] | cut[:, [RIGHT, BOTTOM]]] = np.nan
    steps = np.diff(np.log(np.maximum(extent, 1.0)), axis=0) - np.log(camera_motion.zooms(maps))[:, None]
    return _per_cell(steps, grid)


def _per_cell(steps: FloatArray, grid: Grid) -> FloatArray:
    """Steps [T - 1, 2] as rates [T, 2]: the mean of the step that leads to a cell and the one that leaves it."""
    rates = steps / np.diff(grid.times)[:, None]
    if len(rates):
        rates[np.diff(grid.shots) != 0] = np.nan
    blank = np.full((1, 2), np.nan)
    return _mean(np.stack((np.vstack((blank, rates)), np.vstack((rates, blank)))), axis=0)


def _mean(values: FloatArray, *, axis: int) -> FloatArray:
    """The mean over `axis` of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))

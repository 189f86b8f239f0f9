"""Which visual tokens belong to which object (paper Eqs. 1-2, §6.4 of the released code's behaviour)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.errors import InvalidSceneValue, PhaseError
from svg2_assets.scene.masks import IntArray, Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.traser.coverage import pool
from svg2_assets.traser.presets import Reduction, Selecting
from svg2_assets.traser.values import FRAMES_A_STEP, Grid, Track

PHASE = "traser"
MOST_OFF = 2.0  # pixels by which a mask's width may miss its video's aspect: sizes are rounded, some to even figures

Shares = npt.NDArray[np.float32]


class NoObject(PhaseError):
    """A video whose trajectories show nothing on the sampled frames."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """An object of the input, by its `number` from 0, that has no place in the sequence, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The objects on the grid in input order, those left out, and what else is worth telling."""

    tracks: tuple[Track, ...]
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()


Masks = Sequence[Sequence[Mask | None]]


def masks_on(trajectories: Sequence[Trajectory], indices: IntArray) -> list[list[Mask | None]]:
    """The mask of each of `trajectories` on each of the frames `indices`, None where it shows nothing."""
    wanted = indices.tolist()
    found = []
    for trajectory in trajectories:
        there = dict(zip(trajectory.frames, trajectory.masks, strict=True))
        found.append([there.get(frame) for frame in wanted])
    return found


def tracks_of(
    masks: Masks,
    grid: Grid,
    selecting: Selecting,
    *,
    video: str,
    frames: int | None = None,
    size: tuple[int, int] | None = None,
) -> Selection:
    """The tokens of each object.

    `masks` [objects][sampled frames]; a list shorter than `frames` counts as empty from there on, which is told.
    `size`: height and width of the video, whose aspect the masks must have. An object without a pixel (at the model's
    size) on all sampled frames is dropped. As in the released code a last frame without a partner is paired with
    itself, and frames beyond the grid are cut, but count for being seen.

    Raises `NoObject` when none is left, `PhaseError` for an RLE that doesn't cover its frame and for masks of several
    sizes or of another aspect than the video's.
    """
    if not masks:
        raise _nothing(video, "none")
    count = max(frames or 0, *(len(row) for row in masks), 1)
    _check_sizes(masks, size, video=video)
    coverage, boxes = _on_grid(masks, grid, count, video=video)
    seen = coverage.reshape(len(masks), -1).max(axis=1) > 0
    if not seen.any():
        raise _nothing(video, f"{len(masks)} without a pixel on any of them")
    steps = _frames_of_steps(count, grid)
    tracks, dropped = [], []
    for number in range(len(masks)):
        if seen[number]:
            tracks.append(_track(number, coverage[number, steps], boxes[number, steps], selecting=selecting))
        else:
            dropped.append(Dropped(number, f"object {number + 1} shows no pixel on any of {count} sampled frames"))
    return Selection(tuple(tracks), tuple(dropped), tuple(_short(masks, count)))


def _on_grid(masks: Masks, grid: Grid, frames: int, *, video: str) -> tuple[Shares, Shares]:
    """Coverage [objects, frames, rows, cols] and boxes [objects, frames, 4]."""
    coverage = np.zeros((len(masks), frames, grid.rows, grid.cols), dtype=np.float32)
    boxes = np.full((len(masks), frames, 4), np.nan, dtype=np.float32)
    there = [(number, i) for number, row in enumerate(masks) for i, mask in enumerate(row) if mask is not None]
    try:
        pooled = pool([m for row in masks for m in row if m is not None], grid)
    except InvalidSceneValue as error:
        raise _unreadable(masks, video=video, error=error) from error
    if there:
        at = tuple(np.asarray(there, dtype=np.int64).T)
        coverage[at], boxes[at] = pooled.coverage, pooled.boxes
    return coverage, boxes


def _frames_of_steps(frames: int, grid: Grid) -> IntArray:
    """[steps, 2]: the frames of each step; the last one again where there is none."""
    return np.minimum(np.arange(grid.steps * FRAMES_A_STEP), frames - 1).reshape(grid.steps, FRAMES_A_STEP)


def _track(number: int, coverage: Shares, boxes: Shares, *, selecting: Selecting) -> Track:
    """One object from its `coverage` [steps, 2, rows, cols] and `boxes` [steps, 2, 4]."""
    reduced = _reduced(coverage, selecting.reduction).reshape(len(coverage), -1)
    chosen = _chosen(reduced, selecting)
    tokens = np.flatnonzero(chosen)
    return Track(number, tokens, reduced.ravel()[tokens], _mean_boxes(boxes))


def _reduced(coverage: Shares, reduction: Reduction) -> Shares:
    """[steps, rows, cols] of [steps, 2, rows, cols]."""
    if reduction is Reduction.MEAN:
        return np.asarray(coverage.mean(axis=1))
    extreme = np.maximum if reduction is Reduction.MAX else np.minimum
    return np.asarray(extreme(coverage[:, 0], coverage[:, 1]))


def _chosen(coverage: Shares, selecting: Selecting) -> npt.NDArray[np.bool_]:
    """Which of `coverage` [steps, cells] are the object's: by threshold, by lower ones, else its best cell.

    Of equally good ones the first. A cell that the object doesn't touch is taken only where it touches none at all.
    """
    chosen = np.zeros(coverage.shape, dtype=bool)
    for attempt in range(selecting.retries + 1):
        least = np.float32(max(selecting.threshold - attempt * selecting.step, 0.0))
        chosen = (coverage >= least) & (coverage > 0)
        if chosen.any():
            break
    else:
        chosen.flat[int(coverage.argmax())] = True
    if selecting.each_step:
        bare = np.flatnonzero(~chosen.any(axis=1) & coverage.any(axis=1))
        chosen[bare, coverage[bare].argmax(axis=1)] = True
    return chosen


def _mean_boxes(boxes: Shares) -> Shares:
    """[steps, 4] of [steps, 2, 4]: the mean of the frames that show the object, NaN where none does."""
    shown = ~np.isnan(boxes[:, :, :1])
    total = np.where(shown, boxes, 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / shown.sum(axis=1), dtype=np.float32)


def _short(masks: Masks, frames: int) -> Iterator[str]:
    for number, row in enumerate(masks, 1):
        if len(row) < frames:
            yield f"the masks of object {number} end at sampled frame {len(row)} of {frames}: unseen from there on"


def _check_sizes(masks: Masks, size: tuple[int, int] | None, *, video: str) -> None:
    sizes = sorted({(m.height, m.width) for row in masks for m in row if m is not None})
    if len(sizes) > 1:
        found = ", ".join(f"{h} x {w}" for h, w in sizes[:4])
        raise PhaseError(video=video, phase=PHASE, expected="masks of one size", found=found, remedy=_REMEDY)
    if size is None or not sizes:
        return
    (height, width), (tall, wide) = sizes[0], size
    if abs(width - wide * height / tall) > MOST_OFF:
        raise PhaseError(
            video=video,
            phase=PHASE,
            expected=f"masks with the aspect of the video, {tall} x {wide} pixels",
            found=f"{height} x {width}",
            remedy=_REMEDY,
        )


_REMEDY = "Masks of another video, or of one turned by 90 degrees? Take those made from this file."


def _nothing(video: str, found: str) -> NoObject:
    return NoObject(
        video=video,
        phase=PHASE,
        expected="at least one object that shows on the sampled frames",
        found=found,
        remedy="Track the video again, or leave it out.",
    )


def _unreadable(masks: Masks, *, video: str, error: InvalidSceneValue) -> PhaseError:
    """Which of `masks` it is that cannot be read."""
    found = str(error)
    for number, frame, mask in ((o, f, m) for o, row in enumerate(masks, 1) for f, m in enumerate(row, 1)):
        try:
            if mask is not None:
                mask.check()
        except InvalidSceneValue as reason:
            found = f"on sampled frame {frame} of object {number}: {reason}"
            break
    return PhaseError(
        video=video,
        phase=PHASE,
        expected="masks whose runs cover their frame exactly",
        found=found,
        remedy="The mask file is damaged: take it again from its source.",
    )

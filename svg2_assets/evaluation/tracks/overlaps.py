"""The common pixels of every truth and predicted trajectory on every frame, counted once for all metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import FloatArray, IntArray, Mask
from svg2_assets.scene.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class Block:
    """One frame: `truth` [n] and `predicted` [m] are the indices of what is visible, `iou` [n, m] what they share."""

    truth: IntArray
    predicted: IntArray
    iou: FloatArray


@dataclass(frozen=True, slots=True)
class Overlaps:
    """N truth and M predicted trajectories over T frames, as numbers of pixels.

    `truth_areas` [T, N] and `predicted_areas` [T, M] are 0 where an object is not visible. `common` holds one array a
    frame, [n, m] over the objects that are visible there in the order of their indices.
    """

    truth_areas: IntArray
    predicted_areas: IntArray
    common: tuple[FloatArray, ...]

    @classmethod
    def of(cls, truth: Sequence[Trajectory], predicted: Sequence[Trajectory], *, num_frames: int) -> Overlaps:
        """Compare all pairs; one pycocotools call a frame, no mask is decoded.

        Raises `InvalidSceneValue` on masks of different sizes and on frames outside the clip.
        """
        truth_areas, predicted_areas = _areas(truth, num_frames), _areas(predicted, num_frames)
        frames = zip(_by_frame(truth, num_frames), _by_frame(predicted, num_frames), strict=True)
        common = tuple(
            np.rint(mask_algebra.containment(shown, found) * truth_areas[t][truth_areas[t] > 0][:, None])
            for t, (shown, found) in enumerate(frames)
        )
        return cls(truth_areas, predicted_areas, common)

    @property
    def num_frames(self) -> int:
        """T."""
        return len(self.common)

    @property
    def shape(self) -> tuple[int, int]:
        """(N, M)."""
        return self.truth_areas.shape[1], self.predicted_areas.shape[1]

    def blocks(self) -> Iterator[Block]:
        """Every frame in order."""
        for shown, found, common in zip(self.truth_areas, self.predicted_areas, self.common, strict=True):
            truth, predicted = np.flatnonzero(shown), np.flatnonzero(found)
            either = shown[truth][:, None] + found[predicted][None, :] - common
            yield Block(truth, predicted, common / either)

    def volume_iou(self) -> FloatArray:
        """Spatio-temporal IoU of all pairs, [N, M]: Σ_t |a_t ∩ b_t| / Σ_t |a_t ∪ b_t| (as in YouTube-VIS and SVG2)."""
        common = np.zeros(self.shape)
        for shown, found, pixels in zip(self.truth_areas, self.predicted_areas, self.common, strict=True):
            common[np.ix_(shown > 0, found > 0)] += pixels
        either = self.truth_areas.sum(axis=0)[:, None] + self.predicted_areas.sum(axis=0)[None, :] - common
        return np.asarray(np.divide(common, either, out=np.zeros(self.shape), where=either > 0))

    def pair_iou(self, pairs: Sequence[tuple[int, int]]) -> FloatArray:
        """IoU of each of `pairs` on each frame, [T, P]; 0 where one of the two is not visible."""
        series = np.zeros((self.num_frames, len(pairs)))
        if not pairs:
            return series
        rows, columns = np.asarray(pairs).T
        for t, block in enumerate(self.blocks()):
            both = (self.truth_areas[t, rows] > 0) & (self.predicted_areas[t, columns] > 0)
            row, column = np.searchsorted(block.truth, rows[both]), np.searchsorted(block.predicted, columns[both])
            series[t, both] = block.iou[row, column]
        return series


def _areas(trajectories: Sequence[Trajectory], num_frames: int) -> IntArray:
    areas = np.zeros((num_frames, len(trajectories)), dtype=np.int64)
    for i, trajectory in enumerate(trajectories):
        if trajectory.frames and trajectory.frames[-1] >= num_frames:
            raise InvalidSceneValue(
                f"trajectory {i} has a mask on frame {trajectory.frames[-1]}, the clip has {num_frames} frames (0 to "
                f"{num_frames - 1}). Give the frame count of the longer side."
            )
        areas[list(trajectory.frames), i] = mask_algebra.areas(trajectory.masks)
    return areas


def _by_frame(trajectories: Sequence[Trajectory], num_frames: int) -> list[list[Mask]]:
    """The visible masks of each frame, in the order of the trajectories."""
    shown: list[list[Mask]] = [[] for _ in range(num_frames)]
    for trajectory in trajectories:
        for frame, mask in zip(trajectory.frames, trajectory.masks, strict=True):
            shown[frame].append(mask)
    return shown

"""Trajectories: one object's mask on every frame where it is visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.video import Video


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A mask track: `frames` strictly increasing indices, `masks` one non-empty RLE each, all of one size."""

    frames: tuple[int, ...]
    masks: tuple[Mask, ...]

    def __post_init__(self) -> None:
        if len(self.frames) != len(self.masks):
            raise InvalidSceneValue(f"a trajectory of {len(self.frames)} frames has {len(self.masks)} masks")
        if any(b <= a for a, b in zip(self.frames, self.frames[1:], strict=False)):
            raise InvalidSceneValue("the frames of a trajectory must increase strictly")
        if self.frames and self.frames[0] < 0:
            raise InvalidSceneValue(f"a trajectory cannot start at frame {self.frames[0]}")

    @classmethod
    def of(cls, frames: Sequence[int], masks: Sequence[Mask | None]) -> Trajectory:
        """Keep the frames whose mask is there and has a pixel."""
        there = [(int(f), m) for f, m in zip(frames, masks, strict=True) if m is not None and m.area > 0]
        return cls(tuple(f for f, _ in there), tuple(m for _, m in there))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def boxes(self) -> FloatArray:
        """(x, y, w, h) a frame, [N, 4] pixels."""
        return mask_algebra.boxes(self.masks)

    @property
    def areas(self) -> FloatArray:
        """Pixels a frame, [N]."""
        return mask_algebra.areas(self.masks).astype(np.float64)

    def at(self, frame: int) -> Mask | None:
        """The mask on `frame`, None where the object is not visible."""
        where = int(np.searchsorted(np.asarray(self.frames), frame))
        return self.masks[where] if where < len(self.frames) and self.frames[where] == frame else None

    def spans(self, video: Video) -> Spans:
        """When the object is visible."""
        return video.spans_of(self.frames)


def covisible(a: Trajectory, b: Trajectory) -> list[tuple[Mask, Mask]]:
    """The mask pairs of the frames on which both are visible, in order."""
    second = dict(zip(b.frames, b.masks, strict=True))
    return [(m, second[f]) for f, m in zip(a.frames, a.masks, strict=True) if f in second]


def covisible_containment(trajectories: Sequence[Trajectory], *, ratio: float = 0.9) -> tuple[FloatArray, FloatArray]:
    """For each ordered pair (i, j): frames that show both, and the share of them where j holds `ratio` of i.

    Returns counts [N, N] and shares [N, N] (0 where never co-visible). One pycocotools call a frame, no decoding.
    """
    n = len(trajectories)
    together, inside = np.zeros((n, n)), np.zeros((n, n))
    by_frame: dict[int, list[tuple[int, Mask]]] = {}
    for i, trajectory in enumerate(trajectories):
        for frame, mask in zip(trajectory.frames, trajectory.masks, strict=True):
            by_frame.setdefault(frame, []).append((i, mask))
    for present in by_frame.values():
        ids = np.asarray([i for i, _ in present])
        shown = [m for _, m in present]
        block = np.ix_(ids, ids)
        together[block] += 1
        inside[block] += mask_algebra.containment(shown, shown) >= ratio
    return together, np.divide(inside, together, out=np.zeros((n, n)), where=together > 0)


def volume_iou(a: Trajectory, b: Trajectory) -> float:
    """Spatio-temporal IoU: common pixels over all frames / pixels of either; 0 when both are empty."""
    pairs = covisible(a, b)
    common = sum(float(mask_algebra.intersection_areas([m], [o])[0, 0]) for m, o in pairs)
    total = float(a.areas.sum() + b.areas.sum()) - common
    return common / total if total else 0.0

"""How much of the picture the predicted masks cover together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class MaskCoverage:
    """`predicted`: share of a frame's pixels, mean over frames. `truth`: share of all truth pixels, None without."""

    predicted: float
    truth: float | None


def coverage(truth: Sequence[Trajectory], predicted: Sequence[Trajectory], *, num_frames: int) -> MaskCoverage:
    """predicted = mean_t |∪_j p_jt| / HW; truth = Σ_t |∪_i g_it ∩ ∪_j p_jt| / Σ_t |∪_i g_it|.

    Source: SVG2 (arXiv 2602.23543), mask coverage of the two passes. Both in 0..1. RLE algebra only.
    """
    shown, found = _unions(truth), _unions(predicted)
    both = [mask_algebra.intersection([mask, found[t]]) for t, mask in shown.items() if t in found]
    pixels = sum(m.area / (m.height * m.width) for m in found.values())
    wanted = int(mask_algebra.areas(list(shown.values())).sum())
    return MaskCoverage(
        predicted=pixels / num_frames,
        truth=float(mask_algebra.areas(both).sum()) / wanted if wanted else None,
    )


def _unions(trajectories: Sequence[Trajectory]) -> dict[int, Mask]:
    """frame -> the pixels of any trajectory."""
    masks: dict[int, list[Mask]] = {}
    for trajectory in trajectories:
        for frame, mask in zip(trajectory.frames, trajectory.masks, strict=True):
            masks.setdefault(frame, []).append(mask)
    return {frame: mask_algebra.union(shown) for frame, shown in masks.items()}

"""The released code's rules for detections, new objects and clean-up, as the specification states them.

Source: *Synthetic Visual Genome 2* (arXiv 2602.23543) and its code release, stages 1 to 3. They are the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.panoptic.protocols import Proposal
from svg2_assets.trajectories.panoptic.settings import ReleaseSettings

RECENT = 6  # visible frames whose consecutive pairs tell how steady a trajectory is


def maximum_set(proposals: Sequence[Proposal], *, most_covered: float) -> list[Mask]:
    """Largest first, each mask of which less than `most_covered` is covered by those before it."""
    kept: list[Mask] = []
    cover: Mask | None = None
    for mask in sorted((p.mask for p in proposals if p.mask.area), key=lambda m: -m.area):
        if cover is None or mask_algebra.containment([mask], [cover])[0, 0] < most_covered:
            kept.append(mask)
            cover = mask if cover is None else mask_algebra.union([cover, mask])
    return kept


def check_stride(num_frames: int, settings: ReleaseSettings) -> int:
    """Frames between checks: the longer the video, the rarer; at most four or five in all."""
    return settings.sample_rate * (num_frames // 100 + 1)


def new_objects(
    detections: Sequence[Mask], tracked: Sequence[Mask], settings: ReleaseSettings, *, by_union: bool
) -> list[Mask]:
    """The detections that are registered as new objects.

    A detection is known where `match_containment` of it lies in one tracked mask. Of the others, the released code
    takes those that fill `new_share` of the untracked area each; the paper (`by_union`) takes all of them once all
    detections together fill that share.
    """
    if not detections:
        return []
    size = detections[0].height, detections[0].width
    cover = mask_algebra.union(tracked) if tracked else Mask.empty(*size)
    untracked = mask_algebra.complement(cover)
    if untracked.area < settings.least_untracked * size[0] * size[1] or not untracked.area:
        return []
    held = mask_algebra.containment(detections, tracked).max(axis=1) if tracked else np.zeros(len(detections))
    unmatched = [d for d, share in zip(detections, held, strict=True) if share < settings.match_containment]
    if by_union:
        share = mask_algebra.containment([untracked], [mask_algebra.union(detections)])[0, 0]
        return unmatched if share >= settings.new_share else []
    return [d for d in unmatched if mask_algebra.containment([untracked], [d])[0, 0] >= settings.new_share]


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What decides between two trajectories of one thing: half a point a visible frame, a twentieth a pixel of the
    median mask, two hundred for the mean IoU of the last pairs of visible frames."""

    frames: int
    area: float
    recent_iou: float

    @classmethod
    def of(cls, trajectory: Trajectory) -> Steadiness:
        """Measure `trajectory`."""
        last = trajectory.masks[-RECENT:]
        pairs = [float(mask_algebra.iou([a], [b])[0, 0]) for a, b in pairwise(last)]
        return cls(len(trajectory), float(np.median(trajectory.areas)), float(np.mean(pairs)) if pairs else 0.0)

    @property
    def score(self) -> float:
        """Higher is kept."""
        return 0.5 * self.frames + 0.05 * self.area + 200.0 * self.recent_iou


def released_cleanup(tracks: Mapping[int, Trajectory], settings: ReleaseSettings) -> dict[int, Trajectory]:
    """Stage 3: what lies inside another is deleted, of mutual doubles the less steady one, then masks are opened."""
    order = sorted((i for i, t in tracks.items() if len(t)), key=lambda i: -len(tracks[i]))
    steady = {i: Steadiness.of(tracks[i]).score for i in order}
    dead: set[int] = set()
    for place, a in enumerate(order):
        for b in order[place + 1 :]:
            if a in dead:
                break
            if b not in dead:
                loser = _loser(a, b, tracks, steady, settings)
                if loser is not None:
                    dead.add(loser)
    opened = {i: _opened(tracks[i], settings) for i in tracks if i in steady and i not in dead}
    return {i: t for i, t in opened.items() if len(t)}


def _loser(
    a: int, b: int, tracks: Mapping[int, Trajectory], steady: Mapping[int, float], settings: ReleaseSettings
) -> int | None:
    other = dict(zip(tracks[b].frames, tracks[b].masks, strict=True))
    pairs = [(m, other[f]) for f, m in zip(tracks[a].frames, tracks[a].masks, strict=True) if f in other]
    if len(pairs) < settings.min_overlap_frames:
        return None
    common = np.asarray([mask_algebra.intersection_areas([x], [y])[0, 0] for x, y in pairs])
    in_b = np.mean(common / [x.area for x, _ in pairs] >= settings.contain_ratio) >= settings.coverage_share
    in_a = np.mean(common / [y.area for _, y in pairs] >= settings.contain_ratio) >= settings.coverage_share
    if in_b and in_a:
        return b if steady[a] >= steady[b] else a
    return a if in_b else b if in_a else None


def _opened(trajectory: Trajectory, settings: ReleaseSettings) -> Trajectory:
    """Each mask eroded and dilated once; what is left with too few pixels is dropped."""
    kernel = np.ones((settings.opening, settings.opening), np.uint8)
    masks: list[Mask | None] = []
    for mask in trajectory.masks:
        pixels = cv2.morphologyEx(mask.to_array().astype(np.uint8), cv2.MORPH_OPEN, kernel)
        masks.append(Mask.from_array(pixels) if int(pixels.sum()) >= settings.min_area else None)
    return Trajectory.of(trajectory.frames, masks)

"""Masks that points led to: which are stable, whole and not said twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resources.sam2.grids import Crop
from resources.sam2.outputs import encoded_masks
from resources.sam2.package import make_importable
from resources.sam2.settings import SegmentSettings
from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.protocols import Proposal

if TYPE_CHECKING:
    import torch

AT_ONCE = 8  # masks enlarged together: a 4K crop takes 33 MB each as float32
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Masks at the frame's size with what is known of each.

    `boxes`: first and last column and row (left, top, right, bottom). `crop_areas`: pixels of the crop each was found
    in.
    """

    masks: tuple[Mask, ...] = ()
    scores: tuple[float, ...] = ()
    stabilities: tuple[float, ...] = ()
    boxes: tuple[Box, ...] = ()
    crop_areas: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        logits: torch.Tensor,
        scores: torch.Tensor,
        *,
        crop: Crop,
        size: tuple[int, int],
        settings: SegmentSettings,
    ) -> Candidates:
        """Those of `logits` [N, 1, h, w] that are stable and do not end where only the crop ends.

        `scores` [N] are the model's; `size`: height and width of the frame.
        """
        parts = [
            _some(logits[i : i + AT_ONCE], scores[i : i + AT_ONCE], crop=crop, size=size, settings=settings)
            for i in range(0, len(logits), AT_ONCE)
        ]
        return joined(parts)

    def chosen(self, which: Sequence[int]) -> Candidates:
        """Those at `which`, in its order."""
        return Candidates(
            tuple(self.masks[i] for i in which),
            tuple(self.scores[i] for i in which),
            tuple(self.stabilities[i] for i in which),
            tuple(self.boxes[i] for i in which),
            tuple(self.crop_areas[i] for i in which),
        )


def joined(parts: Sequence[Candidates]) -> Candidates:
    """All of `parts`, in order."""
    return Candidates(
        tuple(v for p in parts for v in p.masks),
        tuple(v for p in parts for v in p.scores),
        tuple(v for p in parts for v in p.stabilities),
        tuple(v for p in parts for v in p.boxes),
        tuple(v for p in parts for v in p.crop_areas),
    )


def only_best(found: Candidates, *, by: Sequence[float], overlap: float) -> Candidates:
    """Of those whose boxes overlap by more than `overlap` (IoU) only the one with the largest `by`, earlier ones first
    where equal; in that order.
    """
    import torch
    from torchvision.ops import nms

    if not found.masks:
        return found
    # Ranks instead of values: equal ones keep their order whatever the sorting inside.
    order = sorted(range(len(by)), key=lambda i: -by[i])
    ranks = torch.empty(len(by), dtype=torch.float64)
    ranks[torch.tensor(order)] = torch.arange(len(by), 0, -1, dtype=torch.float64)
    boxes = torch.tensor(found.boxes, dtype=torch.float64)
    return found.chosen(nms(boxes, ranks, overlap).tolist())


def best_first(found: Candidates) -> tuple[Proposal, ...]:
    """Proposals in order of falling score."""
    order = sorted(range(len(found.scores)), key=lambda i: -found.scores[i])
    return tuple(Proposal(found.masks[i], min(1.0, found.scores[i]), found.stabilities[i]) for i in order)


def _some(
    logits: torch.Tensor, scores: torch.Tensor, *, crop: Crop, size: tuple[int, int], settings: SegmentSettings
) -> Candidates:
    make_importable()
    from sam2.utils.amg import calculate_stability_score
    from torch.nn import functional

    large = functional.interpolate(logits.float(), size=crop.size, mode="bilinear", align_corners=False)[:, 0]
    stability = calculate_stability_score(large, 0.0, settings.stability_offset)
    stable = stability >= settings.least_stability  # false for a mask without a pixel, which has no stability
    pixels = _tidied(large[stable] > 0, settings.least_region)
    return _at_frame_size(pixels, scores[stable], stability[stable], crop=crop, size=size, settings=settings)


def _at_frame_size(
    pixels: torch.Tensor,
    scores: torch.Tensor,
    stability: torch.Tensor,
    *,
    crop: Crop,
    size: tuple[int, int],
    settings: SegmentSettings,
) -> Candidates:
    """`pixels` [N, h, w] bool of the crop as masks of the frame, without those that its inner border cuts."""
    make_importable()
    from sam2.utils.amg import batched_mask_to_box, is_box_near_crop_edge, uncrop_masks

    height, width = size
    boxes = batched_mask_to_box(pixels)
    cut = is_box_near_crop_edge(boxes, list(crop.box), [0, 0, width, height], atol=settings.crop_edge_margin)
    whole = ~cut
    masks = encoded_masks(uncrop_masks(pixels[whole], list(crop.box), height, width).bool())
    left, top = crop.box[:2]
    rows = zip(masks, scores[whole].tolist(), stability[whole].tolist(), boxes[whole].tolist(), strict=True)
    kept = [(m, s, st, (b[0] + left, b[1] + top, b[2] + left, b[3] + top)) for m, s, st, b in rows if m is not None]
    area = crop.size[0] * crop.size[1]
    return Candidates(
        tuple(m for m, *_ in kept),
        tuple(float(s) for _, s, *_ in kept),
        tuple(float(st) for *_, st, _ in kept),
        tuple(b for *_, b in kept),
        (area,) * len(kept),
    )


def _tidied(pixels: torch.Tensor, least_region: int) -> torch.Tensor:
    """`pixels` [N, h, w] without holes and specks of fewer than `least_region` pixels, by components on the CPU.

    The package itself needs a CUDA extension for this, and leaves it out without one.
    """
    make_importable()
    import torch
    from sam2.utils.amg import remove_small_regions

    if least_region <= 0 or not len(pixels):
        return pixels
    tidied = []
    for mask in pixels.cpu().numpy():
        filled, _ = remove_small_regions(mask, least_region, "holes")
        cleaned, _ = remove_small_regions(filled, least_region, "islands")
        tidied.append(np.asarray(cleaned, dtype=bool))
    return torch.from_numpy(np.stack(tidied)).to(pixels.device)

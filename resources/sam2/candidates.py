"""Masks that points led to: which are stable, whole and not said twice.

Most are said twice. So a mask stays as the network's logits until it is known to stay, and is encoded then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resources.sam2.grids import Crop
from resources.sam2.outputs import at_once, encoded_masks
from resources.sam2.package import make_importable
from resources.sam2.settings import SegmentSettings
from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.protocols import Proposal

if TYPE_CHECKING:
    import torch

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Raw:
    """N masks of one crop before they are encoded: `logits` [N, 1, h, w] on the device, the model's `scores` [N], how
    stable each is, [N], and `boxes` [N, 4] in pixels of the crop: first and last column and row (left, top, right,
    bottom).
    """

    logits: torch.Tensor
    scores: torch.Tensor
    stabilities: torch.Tensor
    boxes: torch.Tensor

    def chosen(self, which: torch.Tensor) -> Raw:
        """Those at `which` (places or a mask of truth), in its order."""
        return Raw(self.logits[which], self.scores[which], self.stabilities[which], self.boxes[which])


@dataclass(frozen=True, slots=True)
class Candidates:
    """Masks at the frame's size with what is known of each.

    `boxes`: as `Raw`, in pixels of the frame. `crop_areas`: pixels of the crop each was found in.
    """

    masks: tuple[Mask, ...] = ()
    scores: tuple[float, ...] = ()
    stabilities: tuple[float, ...] = ()
    boxes: tuple[Box, ...] = ()
    crop_areas: tuple[int, ...] = ()

    def chosen(self, which: Sequence[int]) -> Candidates:
        """Those at `which`, in its order."""
        return Candidates(
            tuple(self.masks[i] for i in which),
            tuple(self.scores[i] for i in which),
            tuple(self.stabilities[i] for i in which),
            tuple(self.boxes[i] for i in which),
            tuple(self.crop_areas[i] for i in which),
        )


def good_ones(
    logits: torch.Tensor, scores: torch.Tensor, *, crop: Crop, size: tuple[int, int], settings: SegmentSettings
) -> Raw:
    """Those of `logits` [N, 1, h, w] that are stable and do not end where only the crop ends.

    `scores` [N] are the model's; `size`: height and width of the frame.
    """
    make_importable()
    import torch
    from sam2.utils.amg import batched_mask_to_box, calculate_stability_score, is_box_near_crop_edge

    height, width = size
    stabilities, boxes = [scores[:0]], [scores.new_zeros(0, 4)]
    for large in _enlarged(logits, crop):
        stabilities.append(calculate_stability_score(large, 0.0, settings.stability_offset))
        boxes.append(batched_mask_to_box(_tidied(large > 0, settings.least_region)).float())
    found = Raw(logits, scores, torch.cat(stabilities), torch.cat(boxes))
    # False for a mask without a pixel, which has no stability.
    stable = found.chosen(found.stabilities >= settings.least_stability)
    cut = is_box_near_crop_edge(stable.boxes, list(crop.box), [0, 0, width, height], atol=settings.crop_edge_margin)
    return stable.chosen(~cut)


def best_of_crop(parts: Sequence[Raw], *, crop: Crop, size: tuple[int, int], settings: SegmentSettings) -> Candidates:
    """The best of `parts`, which overlap no better one of the same crop, encoded at the frame's `size`."""
    import torch

    every = Raw(
        *(torch.cat([getattr(p, name) for p in parts]) for name in ("logits", "scores", "stabilities", "boxes"))
    )
    kept = every.chosen(_without_overlaps(every.boxes, every.scores.tolist(), settings.nms).to(every.scores.device))
    masks = [m for large in _enlarged(kept.logits, crop) for m in _encoded(large, crop, size, settings)]
    left, top = crop.box[:2]
    rows = zip(masks, kept.scores.tolist(), kept.stabilities.tolist(), kept.boxes.tolist(), strict=True)
    shown = [(m, s, st, (b[0] + left, b[1] + top, b[2] + left, b[3] + top)) for m, s, st, b in rows if m is not None]
    return Candidates(
        tuple(m for m, *_ in shown),
        tuple(s for _, s, *_ in shown),
        tuple(st for *_, st, _ in shown),
        tuple(b for *_, b in shown),
        (crop.size[0] * crop.size[1],) * len(shown),
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

    if not found.masks:
        return found
    return found.chosen(_without_overlaps(torch.tensor(found.boxes), by, overlap).tolist())


def _without_overlaps(boxes: torch.Tensor, by: Sequence[float], overlap: float) -> torch.Tensor:
    """Places of the `boxes` [N, 4] that stay, as `only_best` says."""
    import torch
    from torchvision.ops import nms

    # Ranks instead of values: equal ones keep their order whatever the sorting inside.
    order = sorted(range(len(by)), key=lambda i: -by[i])
    ranks = torch.empty(len(by), dtype=torch.float64)
    ranks[torch.tensor(order, dtype=torch.long)] = torch.arange(len(by), 0, -1, dtype=torch.float64)
    return nms(boxes.to("cpu", torch.float64), ranks, overlap)


def best_first(found: Candidates) -> tuple[Proposal, ...]:
    """Proposals in order of falling score."""
    order = sorted(range(len(found.scores)), key=lambda i: -found.scores[i])
    return tuple(Proposal(found.masks[i], min(1.0, found.scores[i]), found.stabilities[i]) for i in order)


def _enlarged(logits: torch.Tensor, crop: Crop) -> Iterator[torch.Tensor]:
    """`logits` [N, 1, h, w] at the crop's size, [n, H, W], some at a time."""
    from torch.nn import functional

    step = at_once(*crop.size)
    for start in range(0, len(logits), step):
        part = logits[start : start + step].float()
        yield functional.interpolate(part, size=crop.size, mode="bilinear", align_corners=False)[:, 0]


def _encoded(large: torch.Tensor, crop: Crop, size: tuple[int, int], settings: SegmentSettings) -> list[Mask | None]:
    """Logits [n, H, W] of the crop as masks of the frame."""
    from sam2.utils.amg import uncrop_masks

    pixels = _tidied(large > 0, settings.least_region)
    return encoded_masks(uncrop_masks(pixels, list(crop.box), *size).bool())


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

"""Mask logits as run-length encodings at the video's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from svg2_assets.scene.masks import Mask

if TYPE_CHECKING:
    import torch

PIXELS_AT_ONCE = 2**24  # of masks enlarged together: 64 MB as float32, and as much again at each step
BYTES_AT_ONCE = 2**25  # of masks that leave the device as they are; of more, only what lies in their boxes


def at_once(height: int, width: int) -> int:
    """How many masks of this size are enlarged together."""
    return max(1, PIXELS_AT_ONCE // (height * width))


def masks_of(logits: Sequence[torch.Tensor], *, height: int, width: int) -> list[Mask | None]:
    """Where each of `logits` [h, w] lies above 0 once enlarged to `height` × `width`; None where nowhere."""
    found: list[Mask | None] = []
    step = at_once(height, width)
    for start in range(0, len(logits), step):
        found += _some(logits[start : start + step], height, width)
    return found


def _some(logits: Sequence[torch.Tensor], height: int, width: int) -> list[Mask | None]:
    import torch
    from torch.nn import functional

    low = torch.stack(tuple(logits))[:, None].float()
    seen = (low.amax(dim=(1, 2, 3)) > 0).tolist()  # enlarging never exceeds the largest value
    if not any(seen):
        return [None] * len(seen)
    kept = low[torch.tensor(seen, device=low.device)]
    pixels = functional.interpolate(kept, size=(height, width), mode="bilinear", align_corners=False)[:, 0] > 0
    encoded = iter(encoded_masks(pixels))
    return [next(encoded) if there else None for there in seen]


def encoded_masks(pixels: torch.Tensor) -> list[Mask | None]:
    """`pixels` [N, H, W] bool as masks; None for an empty one."""
    if pixels.numel() <= BYTES_AT_ONCE:
        pixels = pixels.cpu()  # one wait for the device instead of one a mask
    rows, columns = pixels.any(dim=2).cpu().numpy(), pixels.any(dim=1).cpu().numpy()
    canvas = np.zeros((pixels.shape[2], pixels.shape[1]), dtype=bool).T  # column-major, as the codec wants it
    found: list[Mask | None] = []
    for i in range(len(pixels)):
        if not rows[i].any():
            found.append(None)
            continue
        (top, bottom), (left, right) = _ends(rows[i]), _ends(columns[i])
        canvas[top:bottom, left:right] = pixels[i, top:bottom, left:right].cpu().numpy()
        found.append(Mask.from_array(canvas))
        canvas[top:bottom, left:right] = False
    return found


def _ends(line: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int]:
    at = np.flatnonzero(line)
    return int(at[0]), int(at[-1]) + 1

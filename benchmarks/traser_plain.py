"""TRASER's token selection and arrangement as the specification words them: dense, one step after the other.

Independent of `svg2_assets.traser`: it decodes every mask into one float table of the model's frame size, pools that,
and builds the sequence as a list. The yardstick of tests and of `benchmarks.traser_tokens`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pycocotools import mask as coco
from torch.nn import functional

Rle = dict[str, Any]


@dataclass(frozen=True)
class Rules:
    """Threshold, how far and how often it is lowered, and how two frames become one."""

    threshold: float = 0.5
    step: float = 0.2
    retries: int = 2
    reduction: str = "max"


def mask_table(masks: Sequence[Sequence[Rle | None]], height: int, width: int) -> torch.Tensor:
    """[objects, frames, height, width] float, 1 inside."""
    table = torch.zeros(len(masks), max(len(row) for row in masks), height, width)
    for o, row in enumerate(masks):
        for f, rle in enumerate(row):
            if rle is None or coco.area(rle) == 0:
                continue
            pixels = torch.from_numpy(coco.decode(rle)).float()[None, None]
            table[o, f] = functional.interpolate(pixels, size=(height, width), mode="nearest")[0, 0] > 0.5
    return table


def select(
    masks: Sequence[Sequence[Rle | None]], grid: tuple[int, int, int], rules: Rules | None = None
) -> tuple[list[int], list[npt.NDArray[np.int64]], list[npt.NDArray[np.float32]]]:
    """The objects kept, the tokens of each, how much of each token it covers. `grid`: steps, rows, cols of cells."""
    how = rules or Rules()
    steps, rows, cols = grid
    table = mask_table(masks, 28 * rows, 28 * cols)
    kept = [o for o in range(len(masks)) if table[o].any()]
    if len(kept) < len(masks):
        table = table[kept]
    if table.shape[1] < 2 * steps:
        table = torch.cat([table] + [table[:, -1:]] * (2 * steps - table.shape[1]), dim=1)
    table = table[:, : 2 * steps]
    pooled = functional.avg_pool2d(table.flatten(0, 1)[:, None], 28)[:, 0]
    paired = pooled.reshape(len(kept), steps, 2, rows, cols)
    coverage = {"max": paired.amax(2), "mean": paired.mean(2), "min": paired.amin(2)}[how.reduction]
    tokens, shares = [], []
    for flat in coverage.flatten(1):
        chosen = _tokens_of(flat, how)
        tokens.append(chosen.numpy())
        shares.append(flat[chosen].numpy())
    return kept, tokens, shares


def _tokens_of(coverage: torch.Tensor, how: Rules) -> torch.Tensor:
    for attempt in range(how.retries + 1):
        found = torch.nonzero(coverage >= max(how.threshold - attempt * how.step, 0.0))[:, 0]
        if len(found):
            return found
    return coverage.argmax()[None]


@dataclass(frozen=True)
class Ids:
    """The ids of the marks."""

    object_start: int
    object_end: int
    vision_start: int
    vision_end: int
    video: int


def arrange(
    tokens: Sequence[npt.NDArray[np.int64]],
    grid: tuple[int, int, int],
    chat: tuple[list[int], list[int]],
    *,
    encode: Callable[[str], list[int]],
    ids: Ids,
) -> tuple[list[int], list[tuple[int, list[int]]]]:
    """The ids of the sequence, and for every resampler's slots where they begin and the tokens that they stand for."""
    steps, rows, cols = grid
    together = int(4 / 2.0)
    windows = math.ceil(steps / together)
    stamps = [f"<{4 * w} - {4 * (w + 1)} sec>" for w in range(windows)]
    sequence, filled = list(chat[0]), []
    for k, chosen in enumerate(tokens, 1):
        sequence += [ids.object_start, *encode(f"Object {k}: "), ids.vision_start]
        filled.append((len(sequence), chosen.tolist()))
        sequence += [ids.video] * 32
        for w in range(windows):
            inside = chosen[chosen // (together * rows * cols) == w].tolist()
            if inside:
                sequence += encode(stamps[min(w, len(stamps) - 1)])
                filled.append((len(sequence), inside))
                sequence += [ids.video] * 32
        sequence += [ids.vision_end, ids.object_end]
    return sequence + list(chat[1]), filled

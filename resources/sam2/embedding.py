"""Appearance of masks: the network's features and colours under each, on the grid of the deepest features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from resources.sam2.network import Features
from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.protocols import Vectors

if TYPE_CHECKING:
    import torch

COLOURS = 6  # mean and spread of red, green and blue


def embedded(features: Features, masks: Sequence[Mask], *, colour_weight: float) -> Vectors:
    """[N, C + 6], unit length: mean features under each mask, unit length, beside `colour_weight` times its colours.

    A mask without a pixel gets zeros: it is like nothing. A mask smaller than a cell takes the cells it has a part in.
    """
    import torch

    channels = features.deep.shape[1] + COLOURS
    if not masks:
        return np.zeros((0, channels), dtype=np.float32)
    with torch.inference_mode():
        weights = _weights(masks, features)  # [N, h·w]
        seen = features.deep[0].flatten(1).float() @ weights.T  # [C, N]
        colours = _colours(weights, features)
        both = torch.cat([_unit(seen.T), colour_weight * _unit(colours)], dim=1)
        return np.asarray(_unit(both).cpu().numpy(), dtype=np.float32)


def _weights(masks: Sequence[Mask], features: Features) -> torch.Tensor:
    """Part of each mask in each cell, summing to one; zeros for an empty mask."""
    import torch
    from torch.nn import functional

    grid = features.deep.shape[-2:]
    rows = []
    for mask in masks:
        pixels = torch.from_numpy(mask.to_array()).to(features.deep.device)[None, None].float()
        rows.append(functional.adaptive_avg_pool2d(pixels, grid).flatten())
    parts = torch.stack(rows)
    return parts / parts.sum(dim=1, keepdim=True).clamp(min=1e-12)


def _colours(weights: torch.Tensor, features: Features) -> torch.Tensor:
    """[N, 6]: mean and standard deviation of the normalised colours over the cells."""
    import torch

    cells = features.colours[0].flatten(1).T.float()  # [h·w, 3]
    mean = weights @ cells
    spread = (weights @ cells.square() - mean.square()).clamp(min=0).sqrt()
    return torch.cat([mean, spread], dim=1)


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    return vectors / vectors.norm(dim=1, keepdim=True).clamp(min=1e-12)

"""Who was seen before: one rule for what was lost and what an earlier shot showed, whatever backend asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.protocols import Vectors
from svg2_assets.trajectories.panoptic.settings import RelinkSettings


@dataclass(frozen=True, slots=True)
class Lost:
    """An object that is not seen any more: what it looked like, and its last mask unless that is of another shot."""

    appearance: Vectors
    last: Mask | None = None


def lost_twin(look: Vectors, mask: Mask | None, lost: Mapping[int, Lost], settings: RelinkSettings) -> int | None:
    """The lost object that a new one is: it lies where that one was and looks much like it, or looks very much like it
    and clearly less like every other lost one. `look` [D]; None for a `mask` that is not known yet.
    """
    ids = list(lost)
    if not ids:
        return None
    likeness = np.stack([lost[i].appearance for i in ids]) @ look
    overlap = np.asarray([_overlap(mask, lost[i].last) for i in ids])
    here = np.where(likeness >= settings.least_here, overlap, 0.0)
    if here.max() >= settings.here:
        return ids[int(here.argmax())]
    best = int(likeness.argmax())
    others = np.delete(likeness, best)
    clear = not len(others) or likeness[best] - others.max() >= settings.margin
    return ids[best] if likeness[best] >= settings.least and clear else None


def _overlap(mask: Mask | None, last: Mask | None) -> float:
    return float(mask_algebra.iou([mask], [last])[0, 0]) if mask is not None and last is not None else 0.0

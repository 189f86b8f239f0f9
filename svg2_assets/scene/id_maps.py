"""Maps of ids, [H, W] whole numbers: what panoptic data sets have in place of masks. 0 is nothing."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import IntArray, Mask
from svg2_assets.scene.trajectory import Trajectory

NOTHING = 0


def trajectories_of(maps: Iterable[tuple[int, npt.NDArray[Any]]], ids: Iterable[int]) -> dict[int, Trajectory]:
    """The trajectories of the objects `ids` in `maps`: the number of a frame, increasing, and its map.

    One map is held at a time. An object that no map shows has a trajectory without frames.
    """
    found: dict[int, dict[int, Mask]] = {i: {} for i in ids}
    for frame, shown in maps:
        for i, mask in masks_of(shown, found):
            found[i][frame] = mask
    return {i: Trajectory(tuple(masks), tuple(masks.values())) for i, masks in found.items()}


def masks_of(shown: npt.NDArray[Any], ids: Container[int] | None = None) -> Iterator[tuple[int, Mask]]:
    """The mask of each of `ids` that the map shows, by rising id; of all but 0 where none are named."""
    for i in np.unique(shown).tolist():
        if (i in ids) if ids is not None else (i != NOTHING):
            yield i, Mask.from_array(shown == i)


def painted(shown: Iterable[tuple[int, Mask]], *, height: int, width: int) -> IntArray:
    """The map of ids with masks. Where masks overlap, the one with fewer pixels is on top, of equal ones the later."""
    ids = np.zeros((height, width), dtype=np.int64)
    for i, mask in sorted(shown, key=lambda item: -item[1].area):
        ids[mask.to_array()] = i
    return ids

"""Masks that take in what they did not hold before: a tracker's mask leaks into its neighbour."""

from __future__ import annotations

from collections.abc import Mapping

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.settings import GateSettings


def repaired(
    now: Mapping[int, Mask], before: Mapping[int, Mask], usual: Mapping[int, float], gates: GateSettings
) -> dict[int, Mask]:
    """The masks of `now` that have leaked, without what they took in.

    `before`: the last mask of every object, also of those that are not seen now. `usual`: areas of late, pixels. A mask
    that has grown by `leak_growth` at once and now holds another object that it did not hold gives that one back.
    """
    kept: dict[int, Mask] = {}
    for object_id, mask in now.items():
        normal = usual.get(object_id, 0.0)
        if not normal or object_id not in before or mask.area < gates.leak_growth * normal:
            continue
        taken = _taken_in(object_id, mask, {**before, **now}, before, gates)
        if not taken:
            continue
        # A part lies where its whole does: what was its own before stays its own.
        theirs = mask_algebra.difference(mask_algebra.union(taken), before[object_id])
        left = mask_algebra.difference(mask, theirs)
        if left.area:
            kept[object_id] = left
    return kept


def _taken_in(
    object_id: int, mask: Mask, around: Mapping[int, Mask], before: Mapping[int, Mask], gates: GateSettings
) -> list[Mask]:
    """The objects that `mask` holds now and that it did not hold before."""
    others = [i for i in around if i != object_id and i in before]
    if not others:
        return []
    now = mask_algebra.containment([around[i] for i in others], [mask])[:, 0]
    then = mask_algebra.containment([before[i] for i in others], [before[object_id]])[:, 0]
    return [around[i] for i, a, b in zip(others, now, then, strict=True) if a >= gates.leak_holds > 2 * b]

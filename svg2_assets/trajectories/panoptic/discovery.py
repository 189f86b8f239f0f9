"""Which proposals show objects that nobody follows yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.protocols import Proposal, Vectors
from svg2_assets.trajectories.panoptic.settings import DiscoverySettings


@dataclass(frozen=True, slots=True)
class Known:
    """An object that is followed: its mask on the frame in question and what it looks like."""

    mask: Mask
    appearance: Vectors


@dataclass(frozen=True, slots=True)
class Findings:
    """`matched`: object -> position of the proposal that shows it. `new`: positions of what nobody follows."""

    matched: Mapping[int, int] = field(default_factory=dict)
    new: tuple[int, ...] = ()


def worthy(proposals: Sequence[Proposal], settings: DiscoverySettings) -> list[Proposal]:
    """The proposals large enough to be followed, best first, each thing once."""
    kept: list[Proposal] = []
    for proposal in sorted(proposals, key=lambda p: -p.score * p.stability):
        pixels = proposal.mask.height * proposal.mask.width
        if proposal.mask.area < max(settings.least_pixels, settings.least_area * pixels):
            continue
        masks = [k.mask for k in kept]
        if not masks or mask_algebra.iou([proposal.mask], masks).max() < settings.same_iou:
            kept.append(proposal)
    return kept


def compare(
    proposals: Sequence[Proposal], looks: Vectors, known: Mapping[int, Known], settings: DiscoverySettings
) -> Findings:
    """Tell known objects from new ones.

    A proposal is a known object where both cover the same pixels (IoU), less of them where both look the same too.
    Lying inside a known object is no reason to be it: parts, and things before it, do so too. `looks` [N, D].
    """
    if not proposals:
        return Findings()
    ids = list(known)
    if not ids:
        return Findings(new=tuple(range(len(proposals))))
    overlap = mask_algebra.iou([p.mask for p in proposals], [known[i].mask for i in ids])
    alike = looks @ np.stack([known[i].appearance for i in ids]).T
    same = (overlap >= settings.same_iou) | ((overlap >= settings.drifted_iou) & (alike >= settings.alike))
    # One proposal speaks for one object: a whole that is found again says nothing of a piece of it.
    rows, columns = linear_sum_assignment(np.where(same, overlap, 0.0), maximize=True)
    matched = {ids[c]: int(r) for r, c in zip(rows, columns, strict=True) if same[r, c]}
    return Findings(matched, tuple(int(i) for i in np.flatnonzero(~same.any(axis=1))))


def twins(known: Mapping[int, Mask], settings: DiscoverySettings) -> list[tuple[int, int]]:
    """Pairs (earlier, later) of objects whose masks cover each other."""
    ids = sorted(known)
    if len(ids) < 2:
        return []
    overlap = mask_algebra.iou([known[i] for i in ids], [known[i] for i in ids])
    rows, columns = np.nonzero(np.triu(overlap >= settings.twin_iou, k=1))
    return [(ids[int(a)], ids[int(b)]) for a, b in zip(rows, columns, strict=True)]

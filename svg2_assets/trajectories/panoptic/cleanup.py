"""From what was followed to what is handed on: continuations joined, doubles dropped, parts linked to their wholes.

Everything is an operation on runs. A thing is dropped for lying inside another only where that one lies inside it too;
otherwise it is a part, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.panoptic.settings import CleanupSettings

MOST_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trajectory before clean-up: `score` (0..1) decides between doubles.

    `several`: it is a region that may show several things, so that nothing is called a part of it. Results are
    `part_of`, `level` and, of such a region, `members`: ids of the things it holds, if they are two or more.
    """

    id: int
    trajectory: Trajectory
    score: float
    several: bool = False
    part_of: int | None = None
    level: int = 1
    members: tuple[int, ...] = ()


def clean(
    candidates: Iterable[Candidate], *, fps: float, num_frames: int, settings: CleanupSettings
) -> list[Candidate]:
    """The candidates worth handing on, in order of their ids, each with its whole and level (1 whole, 2 part, 3)."""
    least = max(1.0, min(settings.least_seconds * fps, num_frames))
    kept = [c for c in (_without_specks(c, settings) for c in candidates) if len(c.trajectory) >= least]
    kept = _filled(kept, fps, settings)
    pairs = Pairs.of([c.trajectory for c in kept], settings)
    doubles = _doubles(kept, pairs, settings)
    left = [i for i in range(len(kept)) if i not in doubles]
    for worse, better in doubles.items():
        kept[better] = _joined(kept[better], kept[worse])
    things, regions = [i for i in left if not kept[i].several], [i for i in left if kept[i].several]
    wholes = {i: whole for i in left if (whole := _whole_of(i, things, kept, pairs, settings)) is not None}
    found = {
        i: replace(kept[i], part_of=kept[wholes[i]].id if i in wholes else None, level=_level(i, wholes)) for i in left
    }
    for i in regions:
        members = tuple(sorted(kept[j].id for j in things if _holds(i, j, kept, pairs, settings)))
        found[i] = replace(found[i], members=members if len(members) > 1 else ())
    return [found[i] for i in left]


@dataclass(frozen=True, slots=True)
class Pairs:
    """For each ordered pair (i, j), [N, N]: `together` common frames; `mutual` those on which either mask holds the
    other; `inside` those on which j holds i."""

    together: FloatArray
    mutual: FloatArray
    inside: FloatArray

    @classmethod
    def of(cls, trajectories: Sequence[Trajectory], settings: CleanupSettings) -> Pairs:
        """Compare all trajectories frame by frame; one pycocotools call a frame."""
        n = len(trajectories)
        together, mutual, inside = (np.zeros((n, n)) for _ in range(3))
        for present, masks in _by_frame(trajectories):
            held = mask_algebra.containment(masks, masks)
            at = np.ix_(present, present)
            together[at] += 1
            mutual[at] += np.minimum(held, held.T) >= settings.mutual
            inside[at] += held >= settings.inside
        return cls(together, mutual, inside)


def _by_frame(trajectories: Sequence[Trajectory]) -> Iterable[tuple[list[int], list[Mask]]]:
    """Positions and masks of who shows together, frame by frame."""
    frames = _frames_of(trajectories)
    return (frames[f] for f in sorted(frames) if len(frames[f][0]) > 1)


def _frames_of(trajectories: Sequence[Trajectory]) -> dict[int, tuple[list[int], list[Mask]]]:
    frames: dict[int, tuple[list[int], list[Mask]]] = {}
    for i, trajectory in enumerate(trajectories):
        for frame, mask in zip(trajectory.frames, trajectory.masks, strict=True):
            present, masks = frames.setdefault(frame, ([], []))
            present.append(i)
            masks.append(mask)
    return frames


def _without_specks(candidate: Candidate, settings: CleanupSettings) -> Candidate:
    """`candidate` without the masks that are too small to be one, for the size of the frame."""
    track = candidate.trajectory
    if not len(track):
        return candidate
    pixels = track.masks[0].height * track.masks[0].width
    large = track.areas >= max(settings.least_pixels, settings.least_area * pixels)
    return replace(
        candidate,
        trajectory=Trajectory(
            tuple(f for f, keep in zip(track.frames, large, strict=True) if keep),
            tuple(m for m, keep in zip(track.masks, large, strict=True) if keep),
        ),
    )


def _doubles(kept: Sequence[Candidate], pairs: Pairs, settings: CleanupSettings) -> dict[int, int]:
    """Of two that are one thing for most of their common time, the one less sure, or shorter, -> the other."""
    doubles: dict[int, int] = {}
    lives = np.asarray([len(c.trajectory) for c in kept])
    order = sorted(range(len(kept)), key=lambda i: (-kept[i].score * np.sqrt(lives[i]), kept[i].id))
    for place, better in enumerate(order):
        if better in doubles:
            continue
        for worse in order[place + 1 :]:
            common = pairs.together[better, worse]
            enough = common >= settings.duplicate_life * min(lives[better], lives[worse])
            one = common and enough and pairs.mutual[better, worse] >= settings.share * common
            if one and worse not in doubles:
                doubles[worse] = better
    return doubles


def _joined(better: Candidate, worse: Candidate) -> Candidate:
    """`better` with the masks of `worse` on frames where it has none."""
    masks = dict(zip(worse.trajectory.frames, worse.trajectory.masks, strict=True))
    masks |= dict(zip(better.trajectory.frames, better.trajectory.masks, strict=True))
    return replace(better, trajectory=Trajectory.of(sorted(masks), [masks[f] for f in sorted(masks)]))


def _filled(candidates: Sequence[Candidate], fps: float, settings: CleanupSettings) -> list[Candidate]:
    """Short times unseen are filled where nothing moved and nobody else lies there: the tracker blinked."""
    longest = round(settings.fill_seconds * fps)
    covers = {f: mask_algebra.union(masks) for f, (_, masks) in _frames_of([c.trajectory for c in candidates]).items()}
    filled = []
    for c in candidates:
        masks = dict(zip(c.trajectory.frames, c.trajectory.masks, strict=True))
        for before, after in pairwise(c.trajectory.frames):
            if 1 < after - before <= longest and _rests(masks[before], masks[after], settings):
                gap = range(before + 1, after)
                masks |= {f: m for f in gap if (m := _seen_of(masks[before], covers.get(f), settings)) is not None}
        filled.append(replace(c, trajectory=Trajectory.of(sorted(masks), [masks[f] for f in sorted(masks)])))
    return filled


def _rests(before: Mask, after: Mask, settings: CleanupSettings) -> bool:
    return bool(mask_algebra.iou([before], [after])[0, 0] >= settings.fill_iou)


def _seen_of(mask: Mask, cover: Mask | None, settings: CleanupSettings) -> Mask | None:
    left = mask if cover is None else mask_algebra.difference(mask, cover)
    return left if left.area >= settings.fill_left * mask.area else None


def _whole_of(
    i: int, others: Sequence[int], kept: Sequence[Candidate], pairs: Pairs, settings: CleanupSettings
) -> int | None:
    """The smallest of `others` that holds `i` for most of its life."""
    holding = [j for j in others if j != i and _holds(j, i, kept, pairs, settings)]
    return min(holding, key=lambda j: (_size(kept[j]), kept[j].id), default=None)


def _holds(whole: int, part: int, kept: Sequence[Candidate], pairs: Pairs, settings: CleanupSettings) -> bool:
    """Whether the smaller `part` lies in `whole` for most of its life."""
    smaller = _size(kept[part]) < settings.part_size * _size(kept[whole])
    return smaller and bool(pairs.inside[part, whole] >= settings.part_life * len(kept[part].trajectory))


def _size(candidate: Candidate) -> float:
    return float(np.median(candidate.trajectory.areas))


def _level(i: int, wholes: Mapping[int, int]) -> int:
    level = 1
    while i in wholes and level < MOST_LEVELS:
        i, level = wholes[i], level + 1
    return level

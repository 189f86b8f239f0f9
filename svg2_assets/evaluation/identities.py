"""Identity measures of tracks against boxes that are labelled on some frames only.

IDF1 as in Ristani et al. (ECCV workshop 2016): one-to-one assignment of tracks to identities over the whole video.
Switches and fragmentations as in CLEAR MOT (Bernardin and Stiefelhagen 2008): on each labelled frame, a pair that
matched before stays matched while it still overlaps enough.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

from svg2_assets.evaluation.boxes import Box, box_containment, box_iou
from svg2_assets.scene.masks import FloatArray

Boxes: TypeAlias = Mapping[Any, Box]
"""identity or track id -> its box on one frame"""

MATCH_IOU = 0.5
IGNORED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """One frame with everybody labelled: `people` by identity, and boxes on which a track counts neither way."""

    people: Boxes
    ignored: Sequence[Box] = ()


@dataclass(frozen=True, slots=True)
class IdentityScores:
    """Counts over the labelled frames; `owners` gives, for each identity, the tracks that followed it in order."""

    labelled: int
    tracked: int
    matched: int
    id_true_positives: int
    switches: int
    fragmentations: int
    owners: Mapping[Hashable, tuple[Hashable, ...]] = field(default_factory=dict)

    @property
    def idf1(self) -> float:
        """2 IDTP / (labelled boxes + tracked boxes)."""
        return 2 * self.id_true_positives / (self.labelled + self.tracked) if self.labelled + self.tracked else 0.0

    @property
    def id_precision(self) -> float:
        """IDTP / tracked boxes."""
        return self.id_true_positives / self.tracked if self.tracked else 0.0

    @property
    def id_recall(self) -> float:
        """IDTP / labelled boxes."""
        return self.id_true_positives / self.labelled if self.labelled else 0.0

    @property
    def recall(self) -> float:
        """Share of the labelled boxes that some track matches, whichever."""
        return self.matched / self.labelled if self.labelled else 0.0

    @property
    def precision(self) -> float:
        """Share of the tracked boxes that match a labelled one."""
        return self.matched / self.tracked if self.tracked else 0.0


def identity_scores(
    truth: Sequence[LabelledFrame], tracks: Sequence[Boxes], *, least_iou: float = MATCH_IOU
) -> IdentityScores:
    """Compare `tracks` with `truth`, both one entry a labelled frame in time order."""
    kept = [_without_ignored(t, s, least_iou) for t, s in zip(truth, tracks, strict=True)]
    people = [t.people for t in truth]
    followed = _followed(people, kept, least_iou)
    owners = {who: tuple(track for track in seen if track is not None) for who, seen in followed.items()}
    return IdentityScores(
        labelled=sum(len(p) for p in people),
        tracked=sum(len(k) for k in kept),
        matched=sum(len(o) for o in owners.values()),
        id_true_positives=_id_true_positives(people, kept, least_iou),
        switches=sum(_changes(o) for o in owners.values()),
        fragmentations=sum(_interruptions(seen) for seen in followed.values()),
        owners={who: _in_order(o) for who, o in owners.items()},
    )


def id_true_positives(together: FloatArray) -> int:
    """IDTP: matched detections under the best one-to-one assignment of tracks to identities.

    `together` [identities, tracks] counts the frames on which the two overlap enough.
    """
    return int(together[linear_sum_assignment(-together)].sum())


def _without_ignored(frame: LabelledFrame, tracks: Boxes, least_iou: float) -> dict[Hashable, Box]:
    """Tracks that match a person, and those of the rest that lie on no ignored box."""
    matched = set(_assign(frame.people, tracks, least_iou).values())
    if not frame.ignored:
        return dict(tracks)
    kept: dict[Hashable, Box] = {}
    for track, box in tracks.items():
        on_ignored = max(box_containment([box], frame.ignored).max(), box_iou([box], frame.ignored).max())
        if track in matched or on_ignored < IGNORED_SHARE:
            kept[track] = box
    return kept


def _assign(people: Boxes, tracks: Boxes, least_iou: float) -> dict[Hashable, Hashable]:
    """identity -> track: the most pairs, then the best overlap."""
    who, ids = list(people), list(tracks)
    if not who or not ids:
        return {}
    overlap = box_iou([people[w] for w in who], [tracks[i] for i in ids])
    gain = np.where(overlap >= least_iou, 1 + overlap, 0.0)
    pairs = zip(*linear_sum_assignment(-gain), strict=True)
    return {who[i]: ids[j] for i, j in pairs if gain[i, j] > 0}


def _followed(
    people: Sequence[Boxes], tracks: Sequence[Boxes], least_iou: float
) -> dict[Hashable, list[Hashable | None]]:
    """For each identity the track that follows it, one entry a frame on which it is labelled, None where missed."""
    last: dict[Hashable, Hashable] = {}
    followed: dict[Hashable, list[Hashable | None]] = {}
    for present, shown in zip(people, tracks, strict=True):
        pairs = {w: last[w] for w in present if w in last and _still(present[w], shown.get(last[w]), least_iou)}
        free = {w: b for w, b in present.items() if w not in pairs}
        taken = set(pairs.values())
        pairs |= _assign(free, {t: b for t, b in shown.items() if t not in taken}, least_iou)
        last |= pairs
        for who in present:
            followed.setdefault(who, []).append(pairs.get(who))
    return followed


def _still(person: Box, track: Box | None, least_iou: float) -> bool:
    return track is not None and float(box_iou([person], [track])[0, 0]) >= least_iou


def _id_true_positives(people: Sequence[Boxes], tracks: Sequence[Boxes], least_iou: float) -> int:
    """Matched boxes under the one-to-one assignment of tracks to identities that matches most."""
    who = sorted({w for p in people for w in p}, key=str)
    ids = sorted({t for s in tracks for t in s}, key=str)
    if not who or not ids:
        return 0
    together: FloatArray = np.zeros((len(who), len(ids)))
    row, column = {w: i for i, w in enumerate(who)}, {t: i for i, t in enumerate(ids)}
    for present, shown in zip(people, tracks, strict=True):
        if present and shown:
            hits = box_iou(list(present.values()), list(shown.values())) >= least_iou
            together[np.ix_([row[w] for w in present], [column[t] for t in shown])] += hits
    return id_true_positives(together)


def _changes(owners: Sequence[Hashable]) -> int:
    return sum(a != b for a, b in pairwise(owners))


def _interruptions(seen: Sequence[Hashable | None]) -> int:
    """How often following stops and starts again."""
    first = next((i for i, track in enumerate(seen) if track is not None), len(seen))
    return sum(a is None and b is not None for a, b in zip(seen[first:], seen[first + 1 :], strict=False))


def _in_order(owners: Sequence[Hashable]) -> tuple[Hashable, ...]:
    return tuple(o for i, o in enumerate(owners) if i == 0 or owners[i - 1] != o)

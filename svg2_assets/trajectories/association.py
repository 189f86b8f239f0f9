"""Which box belongs to which track."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.recognisers import Detections
from svg2_assets.trajectories.settings import AssociationSettings, DetectionSettings
from svg2_assets.trajectories.tracks import Life, Track

Pairs = list[tuple[int, int]]
Matrix = npt.NDArray[np.float32]


def associate(
    tracks: Sequence[Track],
    found: Detections,
    colours: Matrix,
    *,
    frames: int,
    detection: DetectionSettings,
    settings: AssociationSettings,
) -> Pairs:
    """(track, box) index pairs: strong boxes first, then weak ones; then what began weakly, and jumps last.

    `frames` have passed since the look before.
    """
    best = found.best
    strong = np.flatnonzero(best >= detection.open)
    weak = np.flatnonzero((best >= detection.keep) & (best < detection.open))
    doubtful = np.asarray([t.life is Life.TENTATIVE and t.hits[0].score < detection.open for t in tracks], bool)
    pairs: Pairs = []
    overlap = _overlap(tracks, found.boxes, settings)
    misplaced = overlap < overlap[:, weak].max(axis=1, initial=0.0)[:, None] - settings.misplaced
    for rows in (np.flatnonzero(~doubtful), np.flatnonzero(doubtful)):
        for columns, least in ((strong, settings.least_iou), (weak, settings.weak_iou)):
            free = np.setdiff1d(rows, [i for i, _ in pairs]), np.setdiff1d(columns, [j for _, j in pairs])
            # A sure box that a thing hardly reaches is another's while a weak one lies where the thing is.
            near = overlap if columns is weak else np.where(misplaced, 0, overlap)
            pairs += _match(tracks, found, colours, free, overlap=near, least=least, settings=settings)
    return _jumps(tracks, found, pairs, frames=frames, detection=detection, settings=settings)


def _match(
    tracks: Sequence[Track],
    found: Detections,
    colours: Matrix,
    among: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    *,
    overlap: Matrix,
    least: float,
    settings: AssociationSettings,
) -> Pairs:
    rows, columns = among
    if not len(rows) or not len(columns):
        return []
    chosen = [tracks[int(i)] for i in rows]
    iou = overlap[np.ix_(rows, columns)]
    gain = iou + settings.class_weight * _class_likeness(chosen, found.scores[columns])
    gain += settings.colour_weight * _colour_likeness(chosen, colours[columns])
    gain = np.where(iou >= least, gain, -1.0)
    picked_rows, picked_columns = linear_sum_assignment(-gain)
    return [
        (int(rows[r]), int(columns[c])) for r, c in zip(picked_rows, picked_columns, strict=True) if gain[r, c] >= 0
    ]


def _overlap(tracks: Sequence[Track], boxes: geometry.Boxes, settings: AssociationSettings) -> Matrix:
    """IoU with where flow says a track is, or, hidden for some looks, where its velocity takes it."""
    if not tracks:
        return np.zeros((0, len(boxes)), np.float32)
    iou = geometry.iou(np.stack([t.box for t in tracks]), boxes)
    for row, track in enumerate(tracks):
        if track.inertia is not None and (track.missed >= settings.inertia_looks or track.crowded):
            iou[row] = np.maximum(iou[row], geometry.iou(track.inertia[None], boxes)[0])
    return iou


def _colour_likeness(tracks: Sequence[Track], colours: Matrix) -> Matrix:
    """Cosine of colour descriptors, [tracks, boxes]; 0 where a track has none."""
    none = np.zeros(colours.shape[1], np.float32)
    known = np.stack([t.colours if t.colours is not None else none for t in tracks])
    return np.asarray(known @ colours.T, dtype=np.float32)


def _class_likeness(tracks: Sequence[Track], scores: Matrix) -> Matrix:
    """Cosine of class vectors, [tracks, boxes]."""
    width = scores.shape[1]
    totals = [t.class_total() for t in tracks]
    known = np.stack([total if total is not None else np.zeros(width, np.float32) for total in totals])
    known = known / np.maximum(np.linalg.norm(known, axis=1, keepdims=True), 1e-6)
    seen = scores / np.maximum(np.linalg.norm(scores, axis=1, keepdims=True), 1e-6)
    return np.asarray(known @ seen.T, dtype=np.float32)


def _jumps(
    tracks: Sequence[Track],
    found: Detections,
    taken: Pairs,
    *,
    frames: int,
    detection: DetectionSettings,
    settings: AssociationSettings,
) -> Pairs:
    """`taken` and the jumps of small fast things, which leave their flow.

    Only for those: among slow crowds the same round swaps people. What an unconfirmed track took is open to them: it
    began at a piece of the fast thing more often than not.
    """
    owner = {j: i for i, j in taken}
    seen = {i for i, _ in taken}
    for i, track in enumerate(tracks):
        if i in seen or not _is_fast(track, frames, settings):
            continue
        near = [
            int(j)
            for j in np.flatnonzero(found.best >= detection.keep)
            if (int(j) not in owner or tracks[owner[int(j)]].life is Life.TENTATIVE)
            and _may_jump(track, found, int(j), settings)
        ]
        if len(near) == 1 and not _rival(tracks, i, seen, settings):
            owner[near[0]] = i
            seen.add(i)
    return [(i, j) for j, i in owner.items()]


def _is_fast(track: Track, frames: int, settings: AssociationSettings) -> bool:
    """Whether it comes far between two looks, and was seen at the last ones: an older pace says nothing."""
    travelled = track.pace * frames / max(1.0, geometry.size(track.box))
    return travelled >= settings.jump_speed and len(track.hits) >= 2 and track.missed < settings.inertia_looks


def _may_jump(track: Track, found: Detections, j: int, settings: AssociationSettings) -> bool:
    """Near enough, of like size, and taken for like things: a ball is a disc at every other look."""
    own, other = geometry.size(track.box), geometry.size(found.boxes[j])
    distance = float(np.hypot(*(geometry.centre(track.box) - geometry.centre(found.boxes[j]))))
    same = _class_likeness([track], found.scores[j : j + 1])[0, 0] >= settings.jump_likeness
    return bool(same) and distance <= settings.jump_lengths * own and 0.5 <= other / max(own, 1e-3) <= 2.0


def _rival(tracks: Sequence[Track], i: int, seen: Collection[int], settings: AssociationSettings) -> bool:
    """Another confirmed track of the class close by that has no box either makes a jump a guess."""
    reach = settings.jump_lengths * geometry.size(tracks[i].box)
    middle = geometry.centre(tracks[i].box)
    return any(
        j != i
        and j not in seen
        and other.life is Life.LIVE
        and other.best_class() == tracks[i].best_class()
        and float(np.hypot(*(geometry.centre(other.box) - middle))) <= reach
        for j, other in enumerate(tracks)
    )

"""Which objects are described when not all can be: by salience, not by area alone.

The largest things of a video are its walls and floors; what it is about is often small, moves and stands in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.descriptions.geometry import Course
from svg2_assets.descriptions.motion import MotionRule, typical_speed
from svg2_assets.descriptions.presets import DEFAULT, SalienceRule, ViewRules
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult

LOOKS = 5  # frames of an object on which its neighbours are looked at


@dataclass(frozen=True, slots=True)
class Budget:
    """Object ids to describe, most salient first, and those left out; `scores` of all that are visible."""

    chosen: tuple[int, ...]
    left_out: tuple[int, ...]
    scores: Mapping[int, float]


def spend(tracks: TrackingResult, courses: Mapping[int, Course], rules: ViewRules) -> Budget:
    """The `rules.most_objects` best of the objects in `courses` (id -> course, never empty). Ties: the lower id first.

    A part counts in full until its whole, or a whole of its whole, is chosen.
    """
    objects = [o for o in tracks.objects if o.id in courses]
    if rules.preset == DEFAULT:
        scores = salience(objects, courses, tracks, rules.salience)
        order = _parts_after_wholes(objects, scores, rules.salience.part_worth)
    else:
        scores = {o.id: float(courses[o.id].areas.sum()) for o in objects}
        order = sorted(scores, key=lambda i: (-scores[i], i))
    most = rules.most_objects
    return Budget(tuple(order[:most]), tuple(sorted(order[most:])), scores)


def salience(
    objects: Sequence[TrackedObject], courses: Mapping[int, Course], tracks: TrackingResult, rule: SalienceRule
) -> dict[int, float]:
    """Object id -> score, before parts are discounted; 0 to the sum of the weights."""
    free = _alone(objects, courses)
    return {o.id: _score(courses[o.id], free[o.id], tracks, rule) for o in objects}


def _score(course: Course, free: float, tracks: TrackingResult, rule: SalienceRule) -> float:
    video = course.video
    share = float(np.median(course.areas)) / (video.width * video.height)
    span = np.log(rule.largest / rule.smallest)
    area = float(np.clip(np.log(max(share, 1e-9) / rule.smallest) / span, 0, 1))
    away = np.median(np.abs(course.centres / (video.width, video.height) - 0.5), axis=0) * 2
    speed = typical_speed(course, camera=tracks.camera, rule=MotionRule())
    return float(
        rule.area * area
        + rule.duration * len(course.frames) / video.num_frames
        + rule.motion * min(1.0, speed / rule.fast)
        + rule.central * (1 - min(1.0, float(np.hypot(*away)) / np.sqrt(2)))
        + rule.alone * free
    )


def _parts_after_wholes(objects: Sequence[TrackedObject], scores: Mapping[int, float], part_worth: float) -> list[int]:
    """Ids by score; a part is worth less from when any of its wholes is taken."""
    part_of = {o.id: o.part_of for o in objects}
    left, order = dict(scores), list[int]()
    taken: set[int] = set()
    while left:
        best = max(left, key=lambda i: (left[i] * (part_worth if _wholes(i, part_of) & taken else 1.0), -i))
        del left[best]
        taken.add(best)
        order.append(best)
    return order


def _wholes(object_id: int, part_of: Mapping[int, int | None]) -> set[int]:
    """Everything that `object_id` is a part of, itself left out; a circle ends the search."""
    found: set[int] = set()
    above = part_of.get(object_id)
    while above is not None and above not in found and above != object_id:
        found.add(above)
        above = part_of.get(above)
    return found


def _alone(objects: Sequence[TrackedObject], courses: Mapping[int, Course]) -> dict[int, float]:
    """Object id -> median share of its box, doubled, that no other object takes, over a few frames; its own parts and
    wholes do not count.

    Works on the runs of masks, nothing is decoded.
    """
    part_of = {o.id: o.part_of for o in objects}
    looks = {o.id: _some(courses[o.id]) for o in objects}
    wanted = {frame for frames in looks.values() for frame in frames}
    present: dict[int, list[tuple[int, Mask]]] = {}
    for o in objects:
        for frame, mask in zip(o.trajectory.frames, o.trajectory.masks, strict=True):
            if frame in wanted:
                present.setdefault(frame, []).append((o.id, mask))
    return {o.id: float(np.median([_free(o.id, present[f], part_of) for f in looks[o.id]])) for o in objects}


def _some(course: Course) -> list[int]:
    rows = np.linspace(0, len(course.frames) - 1, min(LOOKS, len(course.frames))).round().astype(int)
    return [int(f) for f in course.frames[rows]]


def _free(object_id: int, present: Sequence[tuple[int, Mask]], part_of: Mapping[int, int | None]) -> float:
    masks = dict(present)
    own = masks[object_id]
    x, y, w, h = own.box
    around = (x - w / 2, y - h / 2, 2 * w, 2 * h)
    box = Mask.from_box(around, height=own.height, width=own.width)
    kin = {object_id} | _wholes(object_id, part_of) | {i for i in masks if object_id in _wholes(i, part_of)}
    others = [m for i, m in present if i not in kin]
    if not others:
        return 1.0
    taken: FloatArray = mask_algebra.intersection_areas([mask_algebra.union(others)], [box])
    return 1.0 - float(taken[0, 0]) / max(1, box.area)

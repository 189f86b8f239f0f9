"""Objects of a sample: which are told, their masks on the sampled frames, how salient they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.graph import SceneObject
from svg2_assets.scene.masks import IntArray, Mask
from svg2_assets.scene.parts import nearest_wholes
from svg2_assets.scene.video import Video
from svg2_assets.traser.samples.counting import Counts, Reason
from svg2_assets.traser.samples.settings import AttributeSettings, BuildSettings, ObjectSettings, SalienceSettings
from svg2_assets.traser.samples.values import DraftRelation, SampleObject
from svg2_assets.traser.samples.wording import cleaned_attributes, cleaned_name

Row = tuple[Mask | None, ...]
"""One object's mask on each sampled frame."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An object that can be told, with its masks on the sampled frames."""

    told: SampleObject
    masks: Row


def objects_of(
    objects: Sequence[SceneObject],
    relations: Iterable[DraftRelation],
    *,
    video: Video,
    frames: IntArray,
    settings: BuildSettings,
    counts: Counts,
) -> tuple[Seen, ...]:
    """The objects that are told of a clip sampled at `frames`, in the order given, parts without a whole in it free."""
    named = [o for o in (_named(o, settings.objects, counts) for o in objects) if o is not None]
    rows = _masks_on(named, frames, video, counts)
    seen = [(o, rows[o.id]) for o in named if sum(m is not None for m in rows[o.id]) >= settings.objects.least_frames]
    counts.note(Reason.UNSEEN, len(named) - len(seen))
    scores = _salience(seen, relations, rules=settings.salience)
    chosen = set(sorted(scores, key=lambda i: (-scores[i], i))[: settings.objects.most])
    counts.note(Reason.TOO_MANY, len(seen) - len(chosen))
    counts.note(Reason.OBJECT, len(chosen))
    wholes = nearest_wholes({o.id: o.part_of for o in objects}, kept=chosen)
    return tuple(
        Seen(_told(o, wholes[o.id], scores[o.id], rules=settings.attributes, counts=counts), row)
        for o, row in seen
        if o.id in chosen
    )


def _told(
    o: SceneObject, whole: int | None, salience: float, *, rules: AttributeSettings, counts: Counts
) -> SampleObject:
    attributes = cleaned_attributes(o.attributes, name=o.name, rules=rules, counts=counts)
    return SampleObject(o.id, o.name, attributes, whole, o.verification, salience)


def _named(o: SceneObject, rules: ObjectSettings, counts: Counts) -> SceneObject | None:
    """The object with a clean name; None, counted, where its name may not be told."""
    if o.verification.verdict not in rules.verdicts or o.verification.score < rules.least_score:
        counts.note(Reason.VERDICT)
        return None
    name = cleaned_name(o.name, generic=rules.generic, counts=counts)
    return None if name is None else replace(o, name=name)


def _masks_on(objects: Sequence[SceneObject], frames: IntArray, video: Video, counts: Counts) -> dict[int, Row]:
    """Object id -> its mask on each of `frames`: None where it shows nothing or the RLE cannot be one of the video."""
    rows = {o.id: [o.trajectory.at(int(frame)) for frame in frames] for o in objects}
    there = [(id_, i, m) for id_, row in rows.items() for i, m in enumerate(row) if m is not None]
    size = _common_size([m for _, _, m in there], video)
    fitting = mask_algebra.covered([m.counts for _, _, m in there]) == size[0] * size[1]
    for (id_, i, mask), fits in zip(there, fitting, strict=True):
        if (mask.height, mask.width) != size:
            counts.note(Reason.WRONG_SIZE)
            rows[id_][i] = None
        elif not fits:
            counts.note(Reason.WRONG_AREA)
            rows[id_][i] = None
    return _without_empty(rows)


def _without_empty(rows: Mapping[int, list[Mask | None]]) -> dict[int, Row]:
    there = [(id_, i, m) for id_, row in rows.items() for i, m in enumerate(row) if m is not None]
    for (id_, i, _), area in zip(there, mask_algebra.areas([m for _, _, m in there]), strict=True):
        if area == 0:
            rows[id_][i] = None
    return {id_: tuple(row) for id_, row in rows.items()}


def _common_size(masks: Sequence[Mask], video: Video) -> tuple[int, int]:
    """Height and width of the video, or what most masks have where none has that."""
    sizes = Counter((m.height, m.width) for m in masks)
    own = (video.height, video.width)
    return own if own in sizes or not sizes else sizes.most_common(1)[0][0]


def _salience(
    seen: Sequence[tuple[SceneObject, Row]],
    relations: Iterable[DraftRelation],
    *,
    rules: SalienceSettings,
) -> dict[int, float]:
    """Object id -> how much it matters beside the others."""
    touched = Counter(end for r in relations for end in {r.subject, r.object})
    ids = {o.id for o, _ in seen}
    scores: dict[int, float] = {}
    for o, row in seen:
        worth = rules.part_worth if o.part_of in ids else 1.0
        related = rules.related * min(1.0, touched[o.id] / rules.many)
        scores[o.id] = worth * (_looks(row, rules) + related)
    return scores


def _looks(row: Row, rules: SalienceSettings) -> float:
    """What an object's masks alone say of its salience."""
    masks = [m for m in row if m is not None]
    height, width = masks[0].height, masks[0].width
    share = float(np.median(mask_algebra.areas(masks))) / (height * width)
    area = np.log(max(share, 1e-9) / rules.smallest) / np.log(rules.largest / rules.smallest)
    boxes = mask_algebra.boxes(masks)
    centres = (boxes[:, :2] + boxes[:, 2:] / 2) / (width, height)
    away = np.median(np.abs(centres - 0.5), axis=0) * 2
    ways = [float(np.hypot(*(b - a))) for a, b in pairwise(centres)]
    return float(
        rules.area * np.clip(area, 0, 1)
        + rules.duration * len(masks) / len(row)
        + rules.motion * min(1.0, float(np.mean(ways)) / rules.far if ways else 0.0)
        + rules.central * (1 - min(1.0, float(np.hypot(*away)) / np.sqrt(2)))
    )

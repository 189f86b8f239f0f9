"""Panoptic quality: PQ, SQ and RQ of images, equal to cocodataset/panopticapi (`panopticapi/evaluation.py`).

Source: Kirillov et al., "Panoptic Segmentation", CVPR 2019; commit 7bb4655. An image is a `Frame`: a map of segment
ids, and the entry `segments_info` of the COCO panoptic JSON file, whose records hold `id`, `category_id` and, in the
truth, `iscrowd` and `area`. Categories are the records `id`, `isthing` of the truth's file.

- Id 0 is void. In RGB maps id = R + 256 G + 256² B.
- A true and a predicted segment of one category match at IoU > 0.5, where IoU = common / (predicted + true - common -
  void under the predicted segment). Crowds match nothing. No assignment is needed: with disjoint segments at most one
  pair can pass.
- The area of a true segment is what its record says, that of a predicted one is counted in the map.
- True segments without a match are false negatives, crowds excepted. Predicted ones are false positives unless more
  than half of their pixels lie on void or on the crowd of their category; of several crowds of a category that is the
  last one listed.
- True pixels of an id without a record are neither void nor anything to match.
- PQ = sum of IoU / (TP + FP/2 + FN/2), SQ = sum of IoU / TP (0 without), RQ = TP / (TP + FP/2 + FN/2) of a category
  over all images; the means are over the categories that occur on either side. The public program stops where none
  does (nothing that is a thing, say); here such a mean is None.
- True segments of categories outside the list are left out of the means as there, and counted. Predicted ones, ids
  without a record, and records without a pixel are errors, as there.

Numbers are shares in 0..1, as the public functions return them (they print percent).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Record, field, number
from svg2_assets.scene.errors import printable
from svg2_assets.scene.masks import IntArray

VOID = 0
IDS = 256**3
"""Segment ids are below this."""

Categories: TypeAlias = Sequence[Record] | Mapping[int, Record]
"""Records `{"id": number, "isthing": 0 or 1, ...}`, in a list or by id."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A record of `segments_info`; `crowd` and `area` are None where it says nothing of them."""

    id: int
    category: int
    crowd: bool | None = None
    area: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image: `ids` [H, W], the segment that each pixel belongs to, and the segments in the order of the file."""

    ids: IntArray
    segments: tuple[Segment, ...]

    @classmethod
    def of(cls, pixels: npt.ArrayLike, segments_info: Iterable[Record]) -> Frame:
        """A map [H, W] of ids or [H, W, 3] of their RGB, and the records. Raises `InvalidBenchmarkInput`."""
        given = np.asarray(pixels)
        if given.ndim == 3 and given.shape[2] >= 3:
            given = given[..., :3].astype(np.int64) @ np.asarray([1, 256, 256 * 256])
        if (
            given.ndim != 2
            or given.dtype.kind not in "iub"
            or (given.size and not 0 <= given.min() <= given.max() < IDS)
        ):
            raise InvalidBenchmarkInput(
                "a map of segments: expected [H, W] ids from 0 to 256³ - 1 or [H, W, 3] RGB, found an array "
                f"{given.shape} of {given.dtype}."
            )
        return cls(given.astype(np.int64), tuple(_segment(r, i) for i, r in enumerate(segments_info)))


@dataclass(slots=True)
class Tally:
    """Of one category: the sum of the IoU of its matches, and how many are right, invented and missed."""

    iou: float = 0.0
    tp: int = 0
    fp: int = 0
    fn: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """PQ, SQ and RQ: of one category, or means over `n` of them, None over none."""

    pq: float | None
    sq: float | None
    rq: float | None
    n: int = 1


@dataclass(frozen=True, slots=True)
class PanopticQuality:
    """Means over all categories, things and stuff, and each category with its counts.

    A category that occurs on neither side has zeros. `left_out`: true segments of unlisted categories. `unknown`:
    predicted images that the truth does not have.
    """

    all: Quality
    things: Quality
    stuff: Quality
    per_class: Mapping[int, Quality]
    tallies: Mapping[int, Tally]
    left_out: int = 0
    unknown: tuple[str, ...] = ()


@dataclass(slots=True)
class Region:
    """A segment, or several frames of it: category, crowd or not, pixels."""

    category: int
    crowd: bool
    area: float


@dataclass(slots=True)
class Compared:
    """What is known of one frame, or several: common pixels of (true id, predicted id), and the regions by id."""

    common: dict[tuple[int, int], int] = attribute(default_factory=dict)
    true: dict[int, Region] = attribute(default_factory=dict)
    found: dict[int, Region] = attribute(default_factory=dict)


def quality(truth: Mapping[Any, Frame], predicted: Mapping[Any, Frame], categories: Categories) -> PanopticQuality:
    """PQ of images by id; the mappings may load an image when asked for it, one of a side is held at a time.

    Raises `InvalidBenchmarkInput`, where an image has no prediction too.
    """
    things = is_thing(categories)
    check_predicted(truth, predicted, "image")
    tallies: dict[int, Tally] = {}
    for image in truth:
        where = printable(str(image))
        true, found = truth[image], predicted[image]
        add(tallies, compare(true, found, things, where, common=common_pixels(true, found, where)))
    unknown = tuple(str(image) for image in predicted if image not in truth)
    return averages(tallies, things, unknown=unknown)


def is_thing(categories: Categories) -> dict[int, bool]:
    """Category id -> whether it is one of things, in the order of the list."""
    records = list(categories.values()) if isinstance(categories, Mapping) else list(categories)
    return {number(r, "id", "categories"): field(r, "isthing", "categories") == 1 for r in records}


def check_predicted(truth: Mapping[Any, Any], predicted: Mapping[Any, Any], kind: str) -> None:
    """Raise `InvalidBenchmarkInput` that names what has no prediction."""
    missing = [str(name) for name in truth if name not in predicted]
    if missing:
        shown = printable(", ".join(missing[:5])) + (", ..." if len(missing) > 5 else "")
        raise InvalidBenchmarkInput(
            f"prediction: expected every {kind} of the truth, found none for {len(missing)} of {len(truth)} ({shown}). "
            "Predict them; maps may be all void."
        )


def common_pixels(truth: Frame, predicted: Frame, where: str) -> dict[tuple[int, int], int]:
    """(true id, predicted id) -> pixels, in rising order. Raises `InvalidBenchmarkInput` on maps of two sizes."""
    if truth.ids.shape != predicted.ids.shape:
        raise InvalidBenchmarkInput(
            f"{where}: expected a predicted map of {truth.ids.shape} (height, width) like the true one, found "
            f"{predicted.ids.shape}."
        )
    both = (truth.ids * IDS + predicted.ids).ravel()
    # Neighbours mostly belong together: runs are few, and only these are sorted.
    starts = np.flatnonzero(np.diff(both, prepend=-1))
    labels, place = np.unique(both[starts], return_inverse=True)
    pixels = np.bincount(place, weights=np.diff(starts, append=both.size)).astype(np.int64)
    pairs = zip((labels // IDS).tolist(), (labels % IDS).tolist(), pixels.tolist(), strict=True)
    return {(true, found): count for true, found, count in pairs}


def compare(
    truth: Frame, predicted: Frame, things: Mapping[int, bool], where: str, *, common: Mapping[tuple[int, int], int]
) -> Compared:
    """What a frame's two maps share (`common`: `common_pixels` of them), its segments checked as the public program
    checks them; of several records of an id the last one holds. Raises `InvalidBenchmarkInput`.
    """
    return Compared(
        dict(common),
        true={s.id: true_region(s, where) for s in truth.segments},
        found=found_regions({s.id: s.category for s in predicted.segments}, common, things, where),
    )


def true_region(segment: Segment, where: str) -> Region:
    """A true segment, whose record must say whether it is a crowd and how large."""
    if segment.crowd is None or segment.area is None:
        raise InvalidBenchmarkInput(
            f"{where}: expected `iscrowd` and `area` of the true segment {segment.id}, found a record without."
        )
    return Region(segment.category, segment.crowd, segment.area)


def found_regions(
    categories: Mapping[int, int], common: Mapping[tuple[int, int], int], things: Mapping[int, bool], where: str
) -> dict[int, Region]:
    """The predicted segments (id -> category) with their pixels in the map."""
    pixels: dict[int, int] = {}
    for (_, found), count in common.items():
        pixels[found] = pixels.get(found, 0) + count
    loose = sorted(pixels.keys() - categories.keys() - {VOID})
    blank = sorted(categories.keys() - pixels.keys())
    if loose or blank:
        raise InvalidBenchmarkInput(
            f"{where}: expected the same segments in the predicted map and in its records, found ids {loose} only in "
            f"the map and {blank} only in the records. Leave out records without pixels, and set other pixels to 0."
        )
    unlisted = {i: c for i, c in categories.items() if c not in things}
    if unlisted:
        raise InvalidBenchmarkInput(
            f"{where}: expected predicted categories of the list, found {unlisted} (id: category)."
        )
    return {i: Region(category, False, pixels[i]) for i, category in categories.items()}


def add(tallies: dict[int, Tally], compared: Compared, *, at_most_one: str | None = None) -> None:
    """Match true and predicted regions and count. With `at_most_one`, the name of a place, an IoU above 1 is an error:
    the areas of the records are then smaller than those in the maps.
    """
    matched_true, matched_found = set(), set()
    for (true_id, found_id), pixels in compared.common.items():
        true, found = compared.true.get(true_id), compared.found.get(found_id)
        if true is None or found is None or true.crowd or true.category != found.category:
            continue
        either = found.area + true.area - pixels - compared.common.get((VOID, found_id), 0)
        iou = pixels / either if either else math.inf
        if at_most_one is not None and iou > 1:
            raise InvalidBenchmarkInput(
                f"{at_most_one}: expected an IoU of at most 1, found {iou:.3f} for the true segment {true_id}. Write "
                "in its records the areas that it has in the maps."
            )
        if iou > 0.5:
            tally = tallies.setdefault(true.category, Tally())
            tally.tp, tally.iou = tally.tp + 1, tally.iou + iou
            matched_true.add(true_id)
            matched_found.add(found_id)
    crowds = {}
    for true_id, true in compared.true.items():
        if true_id in matched_true:
            continue
        if true.crowd:
            crowds[true.category] = true_id
        else:
            tallies.setdefault(true.category, Tally()).fn += 1
    for found_id, found in compared.found.items():
        if found_id not in matched_found and not _ignored(found_id, found, crowds, compared):
            tallies.setdefault(found.category, Tally()).fp += 1


def averages(
    tallies: Mapping[int, Tally], things: Mapping[int, bool], *, unknown: tuple[str, ...] = ()
) -> PanopticQuality:
    """Qualities from the counts of each category."""
    listed = {category: tallies.get(category, Tally()) for category in things}
    return PanopticQuality(
        all=_mean(listed.values()),
        things=_mean(t for c, t in listed.items() if things[c]),
        stuff=_mean(t for c, t in listed.items() if not things[c]),
        per_class={category: Quality(*_values(tally)) for category, tally in listed.items()},
        tallies=listed,
        left_out=sum(t.fn + t.tp for c, t in tallies.items() if c not in things),
        unknown=unknown,
    )


def _segment(record: Record, place: int) -> Segment:
    where = f"segments_info[{place}]"
    segment_id, category = number(record, "id", where), number(record, "category_id", where)
    crowd, area = record.get("iscrowd"), record.get("area")
    if area is not None and not isinstance(area, Real):
        raise InvalidBenchmarkInput(f"{where}: expected a number as `area`, found {printable(repr(area), limit=40)}.")
    return Segment(segment_id, category, None if crowd is None else crowd == 1, None if area is None else float(area))


def _ignored(found_id: int, found: Region, crowds: Mapping[int, int], compared: Compared) -> bool:
    """Whether more than half of a predicted region lies on void or on the crowd of its category."""
    pixels = compared.common.get((VOID, found_id), 0)
    if found.category in crowds:
        pixels += compared.common.get((crowds[found.category], found_id), 0)
    return pixels / found.area > 0.5


def _values(tally: Tally) -> tuple[float, float, float]:
    """(PQ, SQ, RQ); zeros of a category that does not occur."""
    total = tally.tp + 0.5 * tally.fp + 0.5 * tally.fn
    if not total:
        return 0.0, 0.0, 0.0
    return tally.iou / total, tally.iou / tally.tp if tally.tp else 0.0, tally.tp / total


def _mean(tallies: Iterable[Tally]) -> Quality:
    there = [_values(t) for t in tallies if t.tp + t.fp + t.fn]
    if not there:
        return Quality(None, None, None, 0)
    pq, sq, rq = (sum(column) / len(there) for column in zip(*there, strict=True))
    return Quality(pq, sq, rq, len(there))

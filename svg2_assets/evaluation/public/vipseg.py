"""Video panoptic segmentation on VIPSeg: VPQ and STQ, equal to VIPSeg-Dataset (`eval_vpq_vspw.py`, `eval_stq_vspw.py`).

Sources: Miao et al., CVPR 2022 (VIPSeg-Dataset/VIPSeg-Dataset, commit 92e1459); VPQ of Kim et al., CVPR 2020
(mcahny/vps, whose program counts alike over windows of 1 to 4); STQ of Weber et al., NeurIPS 2021. A video is a series
of `panoptic.Frame`, in which an object keeps its id from frame to frame.

VPQ is panoptic quality of tubes. For a window of k frames (all of them frames that are labelled) every run of k
successive frames is an image of its own, see `panoptic` for matching, void and crowds. In addition:

- A tube's true area is the sum of what its records say, its category and whether it is a crowd what the first record
  of its id in the window says; so are several records of an id in one frame joined.
- Videos with fewer than k frames do not count for k.
- Counts of all windows of all videos go into one PQ a category; VPQ is the mean over the k of the mean over categories.

STQ gives every pixel its segment's category, and as instance the number of its id, from 0 on in the order in which the
ids of a video are first listed. What no record names is void: category and instance 255. So, as there:

- `iscrowd` says nothing. But the first id of a video has instance 0, which is a crowd in STQ: if it is a thing it makes
  no tube, and predictions on it do not count in AQ.
- Sizes are whole numbers, not rounded to float32 as in deeplab2 (`stq`).
- Categories are numbers from 0; those from `num_classes` (124) on are errors, except 124 itself, which is void too.

The masks that VIPSeg itself ships count categories from 1; `frame_of_panomask` reads one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from svg2_assets.evaluation.public import panoptic
from svg2_assets.evaluation.public import stq as tracking
from svg2_assets.evaluation.public.panoptic import Categories, Compared, Frame, PanopticQuality, Region, Tally
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, positions
from svg2_assets.evaluation.public.stq import Labels, TrackingQuality, Tubes
from svg2_assets.scene.errors import printable

Videos: TypeAlias = Mapping[str, Iterable[Frame]]
"""Video id -> its frames in order; they may be made when asked for, one of a side is held at a time."""

WINDOWS = (1, 2, 4, 6, 8)
NUM_CLASSES = 124
UNNAMED = 255


@dataclass(frozen=True, slots=True)
class VideoPanopticQuality:
    """Means over the windows, in 0..1 (the public program prints percent); None where a window has no category.

    `windows`: frames k -> what was counted. `too_short`: k -> videos with fewer frames. `unknown`: predicted videos
    that the truth does not have.
    """

    vpq: float | None
    things: float | None
    stuff: float | None
    windows: Mapping[int, PanopticQuality]
    too_short: Mapping[int, int]
    unknown: tuple[str, ...] = ()


def vpq(
    truth: Videos, predicted: Videos, categories: Categories, *, windows: Sequence[int] = WINDOWS
) -> VideoPanopticQuality:
    """VPQ over `windows`, numbers of frames. Raises `InvalidBenchmarkInput`, where a video has no prediction too."""
    ks = positions(windows, "windows")
    things = panoptic.is_thing(categories)
    panoptic.check_predicted(truth, predicted, "video")
    tallies: dict[int, dict[int, Tally]] = {k: {} for k in ks}
    too_short = dict.fromkeys(ks, 0)
    for video in truth:
        count = 0
        recent: deque[Compared] = deque(maxlen=max(ks))
        for where, true, found in _frames(video, truth[video], predicted[video]):
            recent.append(_compared(true, found, things, where))
            count += 1
            for k in ks:
                if count >= k:
                    panoptic.add(tallies[k], _joined(list(recent)[-k:]), at_most_one=where)
        for k in ks:
            too_short[k] += count < k
    unknown = tuple(str(v) for v in predicted if v not in truth)
    found_of = {k: panoptic.averages(tallies[k], things, unknown=unknown) for k in ks}
    return VideoPanopticQuality(
        vpq=_mean([q.all.pq for q in found_of.values()]),
        things=_mean([q.things.pq for q in found_of.values()]),
        stuff=_mean([q.stuff.pq for q in found_of.values()]),
        windows=found_of,
        too_short=too_short,
        unknown=unknown,
    )


def stq(truth: Videos, predicted: Videos, categories: Categories, *, num_classes: int = NUM_CLASSES) -> TrackingQuality:
    """STQ of all videos and of each. Raises `InvalidBenchmarkInput`, where a video has no prediction too."""
    things = panoptic.is_thing(categories)
    labels = Labels(num_classes, frozenset(c for c, thing in things.items() if thing), UNNAMED)
    panoptic.check_predicted(truth, predicted, "video")
    sequences: dict[Any, Tubes] = {}
    for video in truth:
        tubes = Tubes.of(labels, single=False)
        true_numbers: dict[int, int] = {}
        found_numbers: dict[int, int] = {}
        for where, true, found in _frames(video, truth[video], predicted[video]):
            common = panoptic.common_pixels(true, found, where)
            true_labels = _labels(true, true_numbers, labels.shift)
            found_labels = _labels(found, found_numbers, labels.shift)
            void = (UNNAMED << labels.shift) + UNNAMED
            tubes.add(
                np.asarray([true_labels.get(t, void) for t, _ in common], dtype=np.int64),
                np.asarray([found_labels.get(f, void) for _, f in common], dtype=np.int64),
                np.asarray(list(common.values()), dtype=np.int64),
                where,
            )
        sequences[video] = tubes
    return tracking.totals(sequences, unknown=tuple(str(v) for v in predicted if v not in truth))


def frame_of_panomask(values: npt.NDArray[np.integer[Any]]) -> Frame:
    """The true frame of one of VIPSeg's own masks [H, W].

    0 is void, a value below 125 stuff of category value - 1, any other a thing of category value // 100 - 1 whose
    instance the last two digits say. As when the data set's own scripts turn it into COCO's form, nothing is a crowd,
    segments are listed by rising value, and a value is the same object in all of a video.
    """
    there, pixels = np.unique(values, return_counts=True)
    records = [
        {"id": value, "category_id": (value if value < 125 else value // 100) - 1, "iscrowd": 0, "area": area}
        for value, area in zip(there.tolist(), pixels.tolist(), strict=True)
        if value
    ]
    return Frame.of(values, records)


def _frames(video: str, truth: Iterable[Frame], predicted: Iterable[Frame]) -> Iterable[tuple[str, Frame, Frame]]:
    """(name of the place, true frame, predicted frame)."""
    name = printable(str(video))
    true, found = iter(truth), iter(predicted)
    number = 0
    while True:
        pair = (next(true, None), next(found, None))
        if pair[0] is None and pair[1] is None:
            return
        if pair[0] is None or pair[1] is None:
            side = "true" if pair[0] is None else "predicted"
            raise InvalidBenchmarkInput(
                f"{name}: expected as many predicted frames as true ones; the {side} ones end after {number}. Predict "
                "every frame of the truth and no other."
            )
        yield f"{name}: frame {number}", pair[0], pair[1]
        number += 1


def _compared(true: Frame, found: Frame, things: Mapping[int, bool], where: str) -> Compared:
    """What the two maps of a frame share; records of the same id are joined, the first says what it is."""
    common = panoptic.common_pixels(true, found, where)
    regions: dict[int, Region] = {}
    for segment in true.segments:
        _join(regions, segment.id, panoptic.true_region(segment, where))
    categories: dict[int, int] = {}
    for segment in found.segments:
        categories.setdefault(segment.id, segment.category)
    return Compared(common, regions, panoptic.found_regions(categories, common, things, where))


def _joined(frames: Sequence[Compared]) -> Compared:
    """Several frames as one image."""
    whole = Compared()
    for frame in frames:
        for pair, pixels in frame.common.items():
            whole.common[pair] = whole.common.get(pair, 0) + pixels
        for regions, further in ((whole.true, frame.true), (whole.found, frame.found)):
            for i, region in further.items():
                _join(regions, i, region)
    whole.common = dict(sorted(whole.common.items()))
    return whole


def _join(regions: dict[int, Region], region_id: int, further: Region) -> None:
    if region_id in regions:
        regions[region_id].area += further.area
    else:
        regions[region_id] = Region(further.category, further.crowd, further.area)


def _labels(frame: Frame, numbers: dict[int, int], shift: int) -> dict[int, int]:
    """Segment id -> label on this frame; `numbers` holds the instances of the video so far and grows."""
    return {s.id: (s.category << shift) + numbers.setdefault(s.id, len(numbers)) for s in frame.segments}


def _mean(values: Sequence[float | None]) -> float | None:
    there = [v for v in values if v is not None]
    return sum(there) / len(there) if len(there) == len(values) else None

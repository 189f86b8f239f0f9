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
from svg2_assets.evaluation.public.pairs import FramePair, frame_pairs
from svg2_assets.evaluation.public.panoptic import Categories, Compared, Frame, PanopticQuality, Region, Tally
from svg2_assets.evaluation.public.records import positions
from svg2_assets.evaluation.public.step import add_labelled
from svg2_assets.evaluation.public.stq import Labels, TrackingQuality, Tubes

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


class WindowCounts:
    """VPQ while it is counted: `start` a video, `add` its frames in order, `end` it."""

    def __init__(self, categories: Categories, windows: Sequence[int] = WINDOWS) -> None:
        self.windows = positions(windows, "windows")
        self.things = panoptic.is_thing(categories)
        self._tallies: dict[int, dict[int, Tally]] = {k: {} for k in self.windows}
        self._too_short = dict.fromkeys(self.windows, 0)
        self._recent: deque[Compared] = deque(maxlen=max(self.windows))
        self._frames = 0

    def start(self, video: str) -> None:
        """The frames that come are of another video."""
        del video
        self._recent.clear()
        self._frames = 0

    def add(self, pair: FramePair) -> None:
        """Count every window that ends with this frame. Raises `InvalidBenchmarkInput`."""
        self._recent.append(_compared(pair, self.things))
        self._frames += 1
        for k in self.windows:
            if self._frames >= k:
                panoptic.add(self._tallies[k], _joined(list(self._recent)[-k:]), at_most_one=pair.where)

    def end(self) -> None:
        """The video has no further frames."""
        for k in self.windows:
            self._too_short[k] += self._frames < k

    def quality(self, *, unknown: tuple[str, ...] = ()) -> VideoPanopticQuality:
        """Of all that was counted."""
        found_of = {k: panoptic.averages(self._tallies[k], self.things, unknown=unknown) for k in self.windows}
        return VideoPanopticQuality(
            vpq=_mean([q.all.pq for q in found_of.values()]),
            things=_mean([q.things.pq for q in found_of.values()]),
            stuff=_mean([q.stuff.pq for q in found_of.values()]),
            windows=found_of,
            too_short=dict(self._too_short),
            unknown=unknown,
        )


class TubeCounts:
    """STQ while it is counted, as `WindowCounts`."""

    def __init__(self, categories: Categories, *, num_classes: int = NUM_CLASSES) -> None:
        things = panoptic.is_thing(categories)
        self._labels = Labels(num_classes, frozenset(c for c, thing in things.items() if thing), UNNAMED)
        self._sequences: dict[Any, Tubes] = {}
        self._tubes = Tubes.of(self._labels, single=False)
        self._numbers: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def start(self, video: str) -> None:
        """The frames that come are of another video."""
        self._tubes = self._sequences[video] = Tubes.of(self._labels, single=False)
        self._numbers = ({}, {})

    def add(self, pair: FramePair) -> None:
        """Count a frame. Raises `InvalidBenchmarkInput`."""
        shift = self._labels.shift
        sides = [_labels(f, n, shift) for f, n in zip((pair.true, pair.found), self._numbers, strict=True)]
        add_labelled(self._tubes, pair, *sides, void=(UNNAMED << shift) + UNNAMED)

    def end(self) -> None:
        """The video has no further frames."""

    def quality(self, *, unknown: tuple[str, ...] = ()) -> TrackingQuality:
        """Of all that was counted. Raises `InvalidBenchmarkInput` where nothing was."""
        return tracking.totals(self._sequences, unknown=unknown)


def vpq(
    truth: Videos, predicted: Videos, categories: Categories, *, windows: Sequence[int] = WINDOWS
) -> VideoPanopticQuality:
    """VPQ over `windows`, numbers of frames. Raises `InvalidBenchmarkInput`, where a video has no prediction too."""
    counts = WindowCounts(categories, windows)
    return counts.quality(unknown=_count(counts, truth, predicted))


def stq(truth: Videos, predicted: Videos, categories: Categories, *, num_classes: int = NUM_CLASSES) -> TrackingQuality:
    """STQ of all videos and of each. Raises `InvalidBenchmarkInput`, where a video has no prediction too."""
    counts = TubeCounts(categories, num_classes=num_classes)
    return counts.quality(unknown=_count(counts, truth, predicted))


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


def _count(counts: WindowCounts | TubeCounts, truth: Videos, predicted: Videos) -> tuple[str, ...]:
    """Count all videos of the truth; gives those that it does not have."""
    panoptic.check_predicted(truth, predicted, "video")
    for video in truth:
        counts.start(video)
        for pair in frame_pairs(video, truth[video], predicted[video]):
            counts.add(pair)
        counts.end()
    return tuple(str(v) for v in predicted if v not in truth)


def _compared(pair: FramePair, things: Mapping[int, bool]) -> Compared:
    """What the two maps of a frame share; records of the same id are joined, the first says what it is."""
    regions: dict[int, Region] = {}
    for segment in pair.true.segments:
        _join(regions, segment.id, panoptic.true_region(segment, pair.where))
    categories: dict[int, int] = {}
    for segment in pair.found.segments:
        categories.setdefault(segment.id, segment.category)
    return Compared(dict(pair.common), regions, panoptic.found_regions(categories, pair.common, things, pair.where))


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

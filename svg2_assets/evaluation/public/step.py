"""STQ of panoptic maps with segment records, by the conventions of KITTI-STEP as deeplab2 reads them.

Source: Weber et al., NeurIPS 2021; google-research/deeplab2 64bc1c1 (`evaluation/numpy/`). What `stq` computes takes
label maps; here they are made of `panoptic.Frame`:

- A thing's instances count from 1 in the order in which the ids of a video are first listed; 0 is a crowd (`iscrowd`),
  which makes no tube. Stuff has instance 0.
- Pixels of id 0, of an id without a record, and of a true category that the list lacks are ignored. A predicted
  category that the list lacks is an error.
- Categories are numbered by their place in the list: means are over categories that occur, so numbers say nothing.
- Sizes are float32, as there.

`vipseg.TubeCounts` is the other convention: there the first id of a video is the crowd, and `iscrowd` says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from svg2_assets.evaluation.public import panoptic, stq
from svg2_assets.evaluation.public.pairs import FramePair
from svg2_assets.evaluation.public.panoptic import Categories, Frame
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.evaluation.public.stq import Labels, TrackingQuality, Tubes

SHIFT = 16
MOST_CLASSES = 2**14
"""Above it, pairs of labels leave 64 bits; the public program's own labels hold 255 classes."""


class StepCounts:
    """STQ while it is counted: `start` a video, `add` its frames in order."""

    def __init__(self, categories: Categories) -> None:
        things = panoptic.is_thing(categories)
        if len(things) > MOST_CLASSES:
            raise InvalidBenchmarkInput(f"categories: expected at most {MOST_CLASSES}, found {len(things)}.")
        self._things = things
        self._classes = {category: place for place, category in enumerate(things)}
        count = max(len(things), 1)
        of_things = frozenset(place for category, place in self._classes.items() if things[category])
        offset = max(2**24, (count + 1) << SHIFT)
        self._labels = Labels(count, of_things, ignore=count, shift=SHIFT, offset=offset)
        self._sequences: dict[Any, Tubes] = {}
        self._tubes = Tubes.of(self._labels, single=True)
        self._numbers: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def start(self, video: str) -> None:
        """The frames that come are of another video."""
        self._tubes = self._sequences[video] = Tubes.of(self._labels, single=True)
        self._numbers = ({}, {})

    def add(self, pair: FramePair) -> None:
        """Count a frame. Raises `InvalidBenchmarkInput`."""
        true = self._labelled(pair.true, self._numbers[0], pair.where)
        unlisted = sorted({s.category for s in pair.found.segments} - self._classes.keys())
        if unlisted:
            raise InvalidBenchmarkInput(f"{pair.where}: expected predicted categories of the list, found {unlisted}.")
        found = self._labelled(pair.found, self._numbers[1], pair.where)
        add_labelled(self._tubes, pair, true, found, void=self._labels.ignore << SHIFT)

    def end(self) -> None:
        """The video has no further frames."""

    def quality(self, *, unknown: tuple[str, ...] = ()) -> TrackingQuality:
        """Of all that was counted. Raises `InvalidBenchmarkInput` where nothing was."""
        return stq.totals(self._sequences, unknown=unknown)

    def _labelled(self, frame: Frame, numbers: dict[int, int], where: str) -> dict[int, int]:
        """Segment id -> label on this frame; `numbers` holds the instances of the video so far and grows."""
        found = {}
        for segment in frame.segments:
            if segment.category not in self._classes:
                continue
            apart = self._things[segment.category] and not segment.crowd
            instance = numbers.setdefault(segment.id, len(numbers) + 1) if apart else 0
            if instance >= 1 << SHIFT:
                raise InvalidBenchmarkInput(f"{where}: expected fewer than {1 << SHIFT} things in a video, found more.")
            found[segment.id] = (self._classes[segment.category] << SHIFT) + instance
        return found


def add_labelled(
    tubes: Tubes, pair: FramePair, true: Mapping[int, int], found: Mapping[int, int], *, void: int
) -> None:
    """Count a frame whose segments have the labels `true` and `found` by id; other pixels are `void`."""
    tubes.add(
        np.asarray([true.get(t, void) for t, _ in pair.common], dtype=np.int64),
        np.asarray([found.get(f, void) for _, f in pair.common], dtype=np.int64),
        np.asarray(list(pair.common.values()), dtype=np.int64),
        pair.where,
    )

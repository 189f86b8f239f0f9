"""Segmentation and tracking quality (STQ), equal to google-research/deeplab2 (`evaluation/numpy/`).

Source: Weber et al., "STEP: Segmenting and Tracking Every Pixel", NeurIPS 2021 (arXiv 2102.11859); commit 64bc1c1. A
sequence is a series of pairs of label maps, true and predicted: label = (class << `label_bit_shift`) + instance.

- STQ = √(AQ · IoU), of each sequence and of all of them together.
- IoU: mean class IoU over all pixels. True pixels of `ignore_label` do not count at all. Predicted ones of it elsewhere
  miss the true class, and with `ignore_label` >= `num_classes` they make one more class, of IoU 0. The mean is over the
  classes that occur on either side; it is not a number where none does.
- AQ: a tube is a label of a class of things over a sequence. AQ = mean over true tubes g of
  Σ_p |g ∩ p|² / |g ∪ p| / |g|, 0 without a true tube.
- A true label of a thing with instance 0 is a crowd: no tube, and predictions on it do not count in AQ. A predicted
  instance 0 is a tube like any other, and predictions on void count in their tubes' sizes.
- Over sequences, AQ adds up the sums of all tubes, and IoU the confusions of all pixels; neither is a mean of those of
  the sequences.
- Sizes of tubes and sums of AQ are float32 with `single`, as in deeplab2 (with NumPy 2), so that tubes of more than
  2^24 pixels are rounded; float64, exact for all sizes, without. Both agree to 1e-6 on tubes of fewer pixels.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.scene.errors import printable
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray

Maps: TypeAlias = Iterable[tuple[npt.NDArray[Any], npt.NDArray[Any]]]
"""(true, predicted) label map of each frame, [H, W] each."""

NOTHING = 1e-15  # what is divided by at least, as there


@dataclass(frozen=True, slots=True)
class Tracked:
    """STQ, AQ and IoU in 0..1, of so many frames. `stq` and `iou` are not a number where no class occurs."""

    stq: float
    aq: float
    iou: float
    frames: int


@dataclass(frozen=True, slots=True)
class TrackingQuality:
    """Over all sequences, and of each."""

    all: Tracked
    per_sequence: Mapping[Hashable, Tracked]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Labels:
    """What labels mean. `offset` is above every label of a thing; the public program tells pairs apart by it."""

    num_classes: int
    things: frozenset[int]
    ignore: int
    shift: int = 16
    offset: int = 2**24

    def __post_init__(self) -> None:
        if self.num_classes < 1 or self.ignore < 0 or self.offset < self.num_classes << self.shift:
            raise InvalidBenchmarkInput(
                f"labels: expected a class or more, an ignored label from 0 on and an offset of at least "
                f"{self.num_classes << self.shift} (classes << {self.shift}), found {self.num_classes}, {self.ignore} "
                f"and {self.offset}."
            )

    @property
    def size(self) -> int:
        """Rows of the confusion: one more than classes where the ignored label is none of them."""
        return self.num_classes + 1 if self.ignore >= self.num_classes else self.num_classes

    def classes(self, labels: IntArray) -> IntArray:
        """The class of each label; an ignored label beyond the classes becomes the one after the last."""
        found = labels >> self.shift
        return np.where(found == self.ignore, self.num_classes, found) if self.ignore > self.num_classes else found

    def instances(self, labels: IntArray) -> IntArray:
        """The instance of each label."""
        return labels & ((1 << self.shift) - 1)

    def is_thing(self, classes: IntArray) -> BoolArray:
        """Whether each class is one of things."""
        return np.isin(classes, sorted(self.things))


def quality(
    sequences: Mapping[Any, Maps],
    *,
    num_classes: int,
    things: Collection[int],
    ignore_label: int,
    label_bit_shift: int = 16,
    offset: int = 2**24,
    single: bool = True,
) -> TrackingQuality:
    """STQ of sequences of label maps, one frame in memory at a time. Raises `InvalidBenchmarkInput`."""
    labels = Labels(num_classes, frozenset(things), ignore_label, label_bit_shift, offset)
    counted: dict[Hashable, Tubes] = {}
    for name, frames in sequences.items():
        tubes = Tubes.of(labels, single=single)
        for number, (true, found) in enumerate(frames):
            where = f"{printable(str(name))}: frame {number}"
            tubes.add(*_pairs(_checked(true, where), _checked(found, where), where), where)
        counted[name] = tubes
    return totals(counted)


@dataclass(slots=True)
class Tubes:
    """What is counted of one sequence: class confusion [C, C], and pixels by label and by pair of labels."""

    labels: Labels
    confusion: FloatArray
    number: type[np.floating[Any]] = np.float64
    true: dict[int, Any] = attribute(default_factory=dict)
    found: dict[int, Any] = attribute(default_factory=dict)
    common: dict[int, Any] = attribute(default_factory=dict)
    frames: int = 0

    @classmethod
    def of(cls, labels: Labels, *, single: bool) -> Tubes:
        """Nothing counted yet; sizes are float32 with `single`."""
        return cls(labels, np.zeros((labels.size, labels.size)), np.float32 if single else np.float64)

    def add(self, true: IntArray, found: IntArray, pixels: IntArray, where: str) -> None:
        """One frame as the true and predicted labels of each pair that occurs, and its pixels, [P] each."""
        labels = self.labels
        true_class, found_class = labels.classes(true), labels.classes(found)
        # As there, the confusion is counted by one number a pair, in which more classes than 2^shift run together.
        pairs = (true_class << labels.shift) + found_class
        place = (pairs >> labels.shift, labels.instances(pairs))
        for classes, side in zip(place, ("true", "predicted"), strict=True):
            if classes.size and classes.max() >= labels.size:
                raise InvalidBenchmarkInput(
                    f"{where}: expected {side} classes from 0 to {labels.size - 1}, or {labels.ignore} for what is "
                    f"ignored, found {int(classes.max())}."
                )
        np.add.at(self.confusion, place, pixels)
        crowd = labels.is_thing(true_class) & (labels.instances(true) == 0)
        of_true = labels.is_thing(true_class) & ~crowd
        of_found = labels.is_thing(found_class) & ~crowd
        both = of_true & of_found
        self._add(self.found, found[of_found], pixels[of_found])
        self._add(self.true, true[of_true], pixels[of_true])
        self._add(self.common, true[both] * labels.offset + found[both], pixels[both])
        self.frames += 1

    def association(self) -> tuple[Any, int]:
        """The sum over true tubes that AQ averages, and their number."""
        total: Any = 0.0
        for true, size in self.true.items():
            inner: Any = 0.0
            for found, other in self.found.items():
                common = self.common.get(self.labels.offset * true + found)
                if common is not None:
                    inner += common * (common / (common + (other - common) + (size - common)))
            total += 1.0 / size * inner
        return total, len(self.true)

    def counted_confusion(self) -> FloatArray:
        """The confusion without the true pixels that are ignored."""
        counts = self.confusion.copy()
        counts[min(self.labels.ignore, self.labels.num_classes)] = 0
        return counts

    def _add(self, counts: dict[int, Any], labels: IntArray, pixels: IntArray) -> None:
        there, place = np.unique(labels, return_inverse=True)
        sums = np.bincount(place, weights=pixels, minlength=there.size)
        for label, count in zip(there.tolist(), sums.astype(self.number), strict=True):
            counts[label] = counts[label] + count if label in counts else count


def totals(sequences: Mapping[Hashable, Tubes], *, unknown: tuple[str, ...] = ()) -> TrackingQuality:
    """Qualities of the counted sequences. Raises `InvalidBenchmarkInput` on none, and on one without frames."""
    empty = [printable(str(name)) for name, tubes in sequences.items() if not tubes.frames]
    if empty or not sequences:
        raise InvalidBenchmarkInput(
            f"sequences: expected frames in each of at least one, found none in {empty or 'all'}."
        )
    found: dict[Hashable, Tracked] = {}
    sums: list[Any] = []
    for name, tubes in sequences.items():
        total, count = tubes.association()
        sums.append(total)
        iou = _mean_iou(tubes.counted_confusion())
        found[name] = _tracked(float(total / np.maximum(count, NOTHING)), iou, tubes.frames)
    count = sum(len(t.true) for t in sequences.values())
    aq = float(np.sum(sums) / np.maximum(count, NOTHING))
    iou = _mean_iou(np.sum([t.counted_confusion() for t in sequences.values()], axis=0))
    return TrackingQuality(_tracked(aq, iou, sum(t.frames for t in sequences.values())), found, unknown)


def _tracked(aq: float, iou: float, frames: int) -> Tracked:
    return Tracked(stq=math.sqrt(aq * iou) if aq * iou >= 0 else math.nan, aq=aq, iou=iou, frames=frames)


def _mean_iou(confusion: FloatArray) -> float:
    """Mean over the classes that occur; rows are true classes. Not a number where none does."""
    right = confusion.diagonal()
    either = confusion.sum(axis=0) + confusion.sum(axis=1) - right
    there = either > 0
    return float((right[there] / either[there]).sum() / there.sum()) if there.any() else math.nan


def _checked(labels: npt.ArrayLike, where: str) -> IntArray:
    given = np.asarray(labels)
    whole = given.astype(np.int64)
    if given.dtype.kind not in "iubf" or (whole != given).any() or (whole < 0).any() or (whole >= 2**31).any():
        raise InvalidBenchmarkInput(f"{where}: expected label maps of whole numbers from 0 to 2^31 - 1.")
    return whole


def _pairs(true: IntArray, found: IntArray, where: str) -> tuple[IntArray, IntArray, IntArray]:
    """The pairs of labels that occur, and their pixels."""
    if true.shape != found.shape:
        raise InvalidBenchmarkInput(
            f"{where}: expected a predicted map of {true.shape} like the true one, found {found.shape}."
        )
    both = ((true << 31) + found).ravel()
    starts = np.flatnonzero(np.diff(both, prepend=-1))  # neighbours mostly belong together: runs are few
    labels, place = np.unique(both[starts], return_inverse=True)
    pixels = np.bincount(place, weights=np.diff(starts, append=both.size)).astype(np.int64)
    return labels >> 31, labels & (2**31 - 1), pixels

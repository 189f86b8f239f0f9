"""Segmentation and tracking quality as deeplab2 counts it."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import stq
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from tests.evaluation.public import inputs

# (seed, ignored label, shift) of `sequences` -> STQ, AQ, IoU and STQ of each sequence of the public program.
PUBLIC = {
    (1, 255, 16): (0.462368746, 0.460861127, 0.463881297, [0.265292938, 0.693956328, 0.356042957]),
    (2, 255, 16): (0.484159026, 0.536299706, 0.437087622, [0.511593097, 0.344868133, 0.577613222]),
    (3, 3, 16): (0.436758223, 0.422136267, 0.451886655, [0.503892979, 0.0, 0.424620569]),
    (4, 255, 8): (0.446626925, 0.413368596, 0.482561114, [0.297078679, 0.648945382, 0.402308345]),
    (5, 0, 4): (0.41916956, 0.376506686, 0.466666667, [0.378166593, 0.319833706, 0.483473816]),
}


def sequences(seed, ignored=255, shift=16):
    """Three sequences of 2, 3 and 4 frames; void has the class `ignored`."""
    found = {}
    for i in range(3):
        frames = inputs.label_maps(seed * 3 + i, frames=2 + i, shift=shift)
        found[f"s{i}"] = [
            tuple(np.where(m >> shift == 255, (ignored << shift) + (m & ((1 << shift) - 1)), m) for m in pair)
            for pair in frames
        ]
    return found


def quality(given_sequences, *, num_classes=4, things=(1, 2), ignored=255, shift=16, **more):
    return stq.quality(
        given_sequences, num_classes=num_classes, things=things, ignore_label=ignored, label_bit_shift=shift, **more
    )


def two(true, found, **more):
    """One frame of cars (class 0, things) and sky (class 1)."""
    return quality({"s": [(np.asarray([true]), np.asarray([found]))]}, num_classes=2, things=[0], **more).all


SKY = 1 << 16
VOID = 255 << 16


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize(("seed", "ignored", "shift"), PUBLIC)
def test_the_numbers_are_those_of_the_public_program(seed, ignored, shift, single):
    found = quality(sequences(seed, ignored, shift), ignored=ignored, shift=shift, single=single)
    *whole, each = PUBLIC[seed, ignored, shift]
    assert (found.all.stq, found.all.aq, found.all.iou) == pytest.approx(tuple(whole), abs=2e-7)
    assert [t.stq for t in found.per_sequence.values()] == pytest.approx(each, abs=2e-7)
    assert (found.all.frames, [t.frames for t in found.per_sequence.values()]) == (9, [2, 3, 4])


def test_association_is_weighted_by_what_each_predicted_tube_shares():
    # The car of five pixels: 2 · 2/5 / 5 + 3 · 3/5 / 5.
    assert two([1] * 5, [1, 1, 2, 2, 2]).aq == pytest.approx(0.52, abs=1e-7)
    assert two([1] * 5, [1, 2, 3, 4, 5]).aq == pytest.approx(0.2, abs=1e-7)
    assert two([1] * 5, [1] * 5) == stq.Tracked(1, 1, 1, 1)


def test_a_tube_is_one_over_all_frames():
    frames = [(np.full((1, 4), 1), np.full((1, 4), i)) for i in (1, 2)]
    assert quality({"s": frames}, num_classes=2, things=[0]).all.aq == 0.5


def test_a_crowd_is_no_tube_and_predictions_on_it_do_not_count():
    assert two([0, 1, 1, 1], [7, 7, 7, 7]).aq == 1
    assert two([0, 0], [3, 4]).aq == 0  # no tube at all
    assert two([1, 1], [0, 0]).aq == 1  # a predicted instance 0 is a tube like others


def test_void_in_the_truth_counts_for_no_class_but_for_the_size_of_a_predicted_tube():
    found = two([VOID, 1, 1, 1], [5, 5, 5, 5])
    assert found.iou == 1
    assert found.aq == pytest.approx(3 / 4)


def test_predicted_void_is_one_more_class_beyond_the_list_and_none_within_it():
    # The car has half of its pixels; void is a class of IoU 0.
    assert two([1, 1, SKY], [1, VOID, SKY]).iou == pytest.approx((1 / 2 + 1 + 0) / 3)
    inside = quality(
        {"s": [(np.asarray([[1, 1, SKY]]), np.asarray([[1, 2 << 16, SKY]]))]}, num_classes=3, things=[0], ignored=2
    )
    assert inside.all.iou == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_over_sequences_tubes_and_pixels_are_pooled():
    one = [(np.asarray([[1, 1]]), np.asarray([[1, 1]]))]
    other = [(np.asarray([[1, 2, SKY, SKY]]), np.asarray([[SKY, SKY, SKY, SKY]]))]
    found = quality({"a": one, "b": other}, num_classes=2, things=[0])
    assert found.all.aq == pytest.approx(1 / 3)  # three tubes, not the mean of 1 and 0
    assert found.all.iou == pytest.approx((2 / 4 + 2 / 4) / 2)


def test_where_nothing_counts_there_is_no_number():
    found = two([VOID] * 3, [1] * 3)
    assert (found.aq, math.isnan(found.iou), math.isnan(found.stq)) == (0, True, True)


def test_tubes_of_many_pixels_are_rounded_as_there_or_not():
    odd = stq.Tubes.of(stq.Labels(2, frozenset([0]), 255), single=True)
    exact = stq.Tubes.of(odd.labels, single=False)
    for tubes in (odd, exact):
        for pixels in (2**24, 1):
            tubes.add(np.asarray([1]), np.asarray([1]), np.asarray([pixels]), "s")
    assert (int(odd.true[1]), int(exact.true[1])) == (2**24, 2**24 + 1)


@pytest.mark.parametrize(
    ("true", "found", "message"),
    [
        ([1 << 18], [1], "s: frame 0: expected true classes from 0 to 2, or 255 for what is ignored, found 4"),
        ([1], [1 << 18], "expected predicted classes"),
        ([-1], [1], "expected label maps of whole numbers"),
        ([0.5], [1], "expected label maps of whole numbers"),
        ([1, 1], [1], "expected a predicted map of"),
    ],
)
def test_labels_that_mean_nothing_are_errors(true, found, message):
    with pytest.raises(InvalidBenchmarkInput, match=message):
        two(true, found)


def test_settings_and_empty_sequences_are_checked():
    with pytest.raises(InvalidBenchmarkInput, match="an offset of at least 131072"):
        two([1], [1], offset=1000)
    for given_sequences in ({}, {"s": []}):
        with pytest.raises(InvalidBenchmarkInput, match="expected frames in each"):
            quality(given_sequences)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_the_truth_is_perfect_and_numbers_of_instances_mean_nothing(seed):
    given_sequences = sequences(seed)
    same = {name: [(t, t) for t, _ in frames] for name, frames in given_sequences.items()}
    assert quality(same).all.iou == pytest.approx(1)
    draw = random.Random(seed)
    numbers = np.asarray([0, *draw.sample(range(1, 90), 89)])
    renamed = {
        name: [((t >> 16 << 16) + numbers[t & 0xFFFF], (p >> 16 << 16) + numbers[p & 0xFFFF]) for t, p in frames]
        for name, frames in given_sequences.items()
    }
    first, second = quality(given_sequences, single=False).all, quality(renamed, single=False).all
    assert (first.aq, first.iou) == pytest.approx((second.aq, second.iou))

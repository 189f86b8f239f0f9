"""Panoptic quality as panopticapi counts it."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import panoptic
from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from tests.evaluation.public import inputs

# seed of `images` -> (PQ, SQ, RQ, categories) over all, things, stuff of the public program.
PUBLIC = {
    1: (
        (0.317948718, 0.515384615, 0.355555556, 5),
        (0.333333333, 0.5, 0.333333333, 2),
        (0.307692308, 0.525641026, 0.37037037, 3),
    ),
    4: (
        (0.724124161, 0.764124161, 0.76, 5),
        (0.458333333, 0.458333333, 0.5, 2),
        (0.901318047, 0.967984713, 0.933333333, 3),
    ),
    5: (
        (0.611648404, 0.78696875, 0.768939394, 4),
        (0.669270833, 0.8359375, 0.833333333, 2),
        (0.554025974, 0.738, 0.704545455, 2),
    ),
    8: (
        (0.352698413, 0.843822751, 0.405952381, 5),
        (0.434027778, 0.915509259, 0.473214286, 2),
        (0.298478836, 0.796031746, 0.361111111, 3),
    ),
}

THING, STUFF, OTHER = 1, 2, 3
CATEGORIES = [{"id": THING, "isthing": 1}, {"id": STUFF, "isthing": 0}, {"id": OTHER, "isthing": 1}]


def images(seed):
    """Eight images of four videos, as (truth, prediction) by name."""
    found = {}
    for v in range(4):
        for i, pair in enumerate(zip(*inputs.panoptic_video(seed * 10 + v, frames=2), strict=True)):
            found[f"{v}/{i}"] = pair
    return [{name: Frame.of(*pair[side]) for name, pair in found.items()} for side in (0, 1)]


def frame(ids, categories, *, crowds=(), areas=None):
    """A map of one row, and its segments {id: category}."""
    ids = np.asarray([ids])
    segments = [
        {"id": i, "category_id": c, "iscrowd": int(i in crowds), "area": (areas or {}).get(i, int((ids == i).sum()))}
        for i, c in categories.items()
    ]
    return Frame.of(ids, segments)


def quality(true, found, **more):
    return panoptic.quality({"a": true}, {"a": found}, CATEGORIES, **more)


@pytest.mark.parametrize("seed", PUBLIC)
def test_the_numbers_are_those_of_the_public_program(seed):
    found = panoptic.quality(*images(seed), inputs.CATEGORIES)
    for mine, public in zip((found.all, found.things, found.stuff), PUBLIC[seed], strict=True):
        assert (mine.pq, mine.sq, mine.rq, mine.n) == pytest.approx(public, abs=1e-8)


def test_a_match_needs_more_than_half():
    true = frame([1, 1, 1, 1], {1: THING})
    half = quality(true, frame([7, 7, 8, 8], {7: THING, 8: THING}))
    assert (half.all.pq, half.tallies[THING]) == (0, panoptic.Tally(0, 0, 2, 1))
    more = quality(true, frame([7, 7, 7, 8], {7: THING, 8: THING}))
    assert (more.all.pq, more.all.sq, more.all.rq) == (0.75 / 1.5, 0.75, 1 / 1.5)


def test_void_under_a_prediction_does_not_count_and_most_of_it_on_void_makes_it_no_error():
    assert quality(frame([1, 1, 0, 0], {1: THING}), frame([7, 7, 7, 7], {7: THING})).all.pq == 1
    lost = quality(frame([1, 1, 0, 0, 0], {1: THING}), frame([0, 8, 8, 8, 8], {8: STUFF}))
    assert lost.tallies[STUFF].fp == 0  # three of four pixels on void
    half = quality(frame([1, 1, 0, 0, 0], {1: THING}), frame([8, 8, 8, 8, 0], {8: STUFF}))
    assert half.tallies[STUFF].fp == 1  # two of four are not more than half


def test_a_crowd_is_neither_matched_nor_missed_and_excuses_its_own_category():
    true = frame([1, 1, 1, 2, 2], {1: THING, 2: STUFF}, crowds={1})
    alike = quality(true, frame([7, 7, 7, 8, 8], {7: THING, 8: STUFF}))
    assert (alike.tallies[THING], alike.all.pq) == (panoptic.Tally(), 1)
    other = quality(true, frame([7, 7, 7, 8, 8], {7: OTHER, 8: STUFF}))
    assert other.tallies[OTHER].fp == 1


def test_of_several_crowds_of_a_category_the_last_one_listed_excuses():
    crowds = frame([1, 1, 2, 2], {1: THING, 2: THING}, crowds={1, 2})
    assert quality(crowds, frame([0, 0, 7, 7], {7: THING})).tallies[THING].fp == 0
    assert quality(crowds, frame([7, 7, 0, 0], {7: THING})).tallies[THING].fp == 1


def test_the_area_of_a_true_segment_is_what_its_record_says():
    found = quality(frame([1, 1, 0], {1: THING}, areas={1: 3}), frame([7, 7, 0], {7: THING}))
    assert found.all.sq == pytest.approx(2 / 3)


def test_true_pixels_without_a_record_are_not_void():
    assert quality(frame([1, 5, 5], {1: THING}), frame([7, 7, 7], {7: THING})).all.pq == 0


def test_categories_that_do_not_occur_are_left_out_of_the_means():
    found = quality(frame([1, 1], {1: THING}), frame([7, 7], {7: THING}))
    assert (found.all.n, found.things.n, found.stuff) == (1, 1, panoptic.Quality(None, None, None, 0))
    assert found.per_class[OTHER] == panoptic.Quality(0.0, 0.0, 0.0)


def test_no_prediction_on_an_image_is_a_miss_and_no_truth_has_no_mean():
    assert quality(frame([1, 1], {1: THING}), frame([0, 0], {})).all.pq == 0
    assert quality(frame([0, 0], {}), frame([0, 0], {})).all.pq is None
    assert quality(frame([0, 0], {}), frame([7, 7], {7: THING})).all.pq is None  # all of it on void


def test_true_segments_of_unlisted_categories_are_counted_apart():
    found = quality(frame([1, 1, 2], {1: 99, 2: THING}), frame([0, 0, 7], {7: THING}))
    assert (found.left_out, found.all.pq) == (1, 1)


def test_of_several_records_of_an_id_the_last_one_holds():
    segments = [{"id": 1, "category_id": c, "iscrowd": 0, "area": 2} for c in (STUFF, THING)]
    assert quality(Frame.of([[1, 1]], segments), frame([7, 7], {7: THING})).things.pq == 1


def test_rgb_maps_hold_ids_below_256_cubed():
    pixels = np.asarray([[[1, 2, 3], [255, 255, 255]]], dtype=np.uint8)
    assert Frame.of(pixels, []).ids.tolist() == [[1 + 2 * 256 + 3 * 65536, 256**3 - 1]]


@pytest.mark.parametrize(
    ("true", "found", "message"),
    [
        (frame([1, 1], {1: THING}), frame([7, 8], {7: THING}), r"a: .*ids \[8\] only in the map"),
        (frame([1, 1], {1: THING}), frame([7, 7], {7: THING, 9: THING}), r"a: .*\[9\] only in the records"),
        (frame([1, 1], {1: THING}), frame([7, 7], {7: 99}), r"a: expected predicted categories of the list"),
        (frame([1, 1], {1: THING}), frame([7, 7, 7], {7: THING}), r"a: expected a predicted map of \(1, 2\)"),
        (
            Frame.of([[1]], [{"id": 1, "category_id": THING}]),
            frame([7], {7: THING}),
            "a: expected `iscrowd` and `area`",
        ),
    ],
)
def test_what_the_public_program_refuses_is_an_error_that_names_the_image(true, found, message):
    with pytest.raises(InvalidBenchmarkInput, match=message):
        quality(true, found)


def test_missing_images_are_named_and_further_ones_counted():
    one = frame([1], {1: THING})
    with pytest.raises(InvalidBenchmarkInput, match=r"every image of the truth, found none for 1 of 2 \(b\)"):
        panoptic.quality({"a": one, "b": one}, {"a": one}, CATEGORIES)
    assert panoptic.quality({"a": one}, {"a": one, "c": one}, CATEGORIES).unknown == ("c",)


@pytest.mark.parametrize("pixels", [[[-1]], [[256**3]], [[0.5]], [1, 2], np.zeros((1, 1, 2), dtype=int)])
def test_what_is_no_map_of_ids_is_an_error(pixels):
    with pytest.raises(InvalidBenchmarkInput, match="a map of segments"):
        Frame.of(pixels, [])


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"id": "1", "category_id": 1}, r"segments_info\[0\]: expected a whole number as `id`, found '1'"),
        ({"id": 1, "category_id": 1.5}, r"segments_info\[0\]: expected a whole number as `category_id`"),
        ({"id": 1, "category_id": 1, "area": "9"}, r"segments_info\[0\]: expected a number as `area`"),
        ({"id": 1}, r"segments_info\[0\]: expected a record with `category_id`, found the fields id"),
        (7, r"segments_info\[0\]: expected a record with `id`, found no record"),
    ],
)
def test_records_that_name_no_segment_are_errors(record, message):
    with pytest.raises(InvalidBenchmarkInput, match=message):
        Frame.of([[1]], [record])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_the_truth_as_prediction_is_perfect(seed):
    truth, _ = images(seed)
    # Without crowds: of two of a category the first would not excuse what lies on it.
    plain = {
        name: Frame(f.ids, tuple(replace(s, crowd=False) for s in f.segments))
        for name, f in truth.items()
        if {0, *(s.id for s in f.segments)} >= set(np.unique(f.ids))
    }
    assume(any(f.segments for f in plain.values()))
    assert panoptic.quality(plain, plain, inputs.CATEGORIES).all.pq == 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_ids_order_and_shape_do_not_matter(seed):
    truth, predicted = images(seed)
    draw = random.Random(seed)
    mixed = {}
    for name, f in draw.sample(list(predicted.items()), len(predicted)):
        renamed = [panoptic.Segment(s.id * 7, s.category) for s in f.segments]
        mixed[name] = Frame((f.ids * 7).T, tuple(draw.sample(renamed, len(renamed))))
    turned = {name: Frame(f.ids.T, f.segments) for name, f in truth.items()}
    first = panoptic.quality(truth, predicted, inputs.CATEGORIES).all
    second = panoptic.quality(turned, mixed, inputs.CATEGORIES).all
    assert (first.pq, first.sq, first.rq) == pytest.approx((second.pq, second.sq, second.rq))

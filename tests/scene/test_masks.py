"""Mask algebra against pycocotools' decoder and numpy as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from svg2_assets.scene import masks as algebra
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import Mask, covered, run_lengths
from tests.scene.strategies import Bits, bits, mask_sets, sides

many = settings(max_examples=60, deadline=None)


def encoded(pixels: list[Bits]) -> list[Mask]:
    return [Mask.from_array(p) for p in pixels]


def runs_of(pixels: Bits) -> list[int]:
    """Column-major runs, background first, counted by hand."""
    flat, runs, value = pixels.flatten(order="F"), [0], False
    for bit in flat:
        if bit != value:
            runs.append(0)
            value = not value
        runs[-1] += 1
    return runs


@many
@given(mask_sets(most=1))
def test_decoding_undoes_encoding(pixels: list[Bits]) -> None:
    mask = Mask.from_array(pixels[0])
    assert np.array_equal(mask.to_array(), pixels[0])
    assert Mask.from_json(mask.to_json()) == mask
    assert np.array_equal(coco.decode(mask.rle), pixels[0])


def with_empty_runs(pixels: Bits, data: st.DataObject) -> dict[str, object]:
    """`pixels` as the RLE of a writer that leaves runs of no length where it likes."""
    runs = runs_of(pixels)
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(runs)))
        if place == len(runs):
            runs.append(0)
        else:
            cut = data.draw(st.integers(0, runs[place]))
            runs[place : place + 1] = [cut, 0, runs[place] - cut]
    height, width = pixels.shape
    rle = coco.frPyObjects({"size": [height, width], "counts": runs}, height, width)
    return {"size": [height, width], "counts": rle["counts"].decode()}


@settings(max_examples=200, deadline=None)
@given(mask_sets(least=2, most=3), st.data())
def test_runs_of_no_length_change_nothing(pixels: list[Bits], data: st.DataObject) -> None:
    read = [Mask.from_json(with_empty_runs(p, data)) for p in pixels]
    assert read == encoded(pixels)
    first, *others = pixels
    assert np.array_equal(algebra.union(read).to_array(), np.any(pixels, axis=0))
    assert np.array_equal(algebra.intersection(read).to_array(), np.all(pixels, axis=0))
    common = [[(first & o).sum() for o in others]]
    assert np.array_equal(algebra.intersection_areas(read[:1], read[1:]), common)
    either = np.asarray([[(first | o).sum() for o in others]], dtype=float)
    assert np.allclose(algebra.iou(read[:1], read[1:]), np.divide(common, either, where=either > 0, out=0 * either))


def test_pycocotools_does_not_see_past_a_run_of_no_length() -> None:
    """Why they are taken out: where two masks have them at one place, it counts none of ten common pixels."""
    runs = [0, 0, 20, 10, 0, 0, 70]
    rle = coco.frPyObjects({"size": [10, 10], "counts": runs}, 10, 10)
    same = Mask.from_json({"size": [10, 10], "counts": rle["counts"]})
    assert coco.area(rle) == same.area == 10
    assert coco.iou([rle], [rle], [False])[0, 0] == 0
    assert algebra.iou([same], [same])[0, 0] == 1


@many
@given(mask_sets(most=1))
def test_run_lengths_are_those_of_the_pixels(pixels: list[Bits]) -> None:
    assert run_lengths(Mask.from_array(pixels[0]).counts).tolist() == runs_of(pixels[0])


@many
@given(mask_sets())
def test_area_and_box(pixels: list[Bits]) -> None:
    masks = encoded(pixels)
    assert algebra.areas(masks).tolist() == [int(p.sum()) for p in pixels] == [m.area for m in masks]
    for p, m, box in zip(pixels, masks, algebra.boxes(masks), strict=True):
        assert m.box == tuple(box) == _box(p)


def _box(pixels: Bits) -> tuple[float, ...]:
    if not pixels.any():
        return (0.0, 0.0, 0.0, 0.0)
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    return tuple(float(v) for v in (columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1))


@many
@given(mask_sets())
def test_union_and_intersection(pixels: list[Bits]) -> None:
    masks = encoded(pixels)
    assert np.array_equal(algebra.union(masks).to_array(), np.any(pixels, axis=0))
    assert np.array_equal(algebra.intersection(masks).to_array(), np.all(pixels, axis=0))


@many
@given(mask_sets())
@example([np.ones((2, 3), bool), np.zeros((2, 3), bool)])
@example([np.zeros((1, 1), bool), np.ones((1, 1), bool)])
def test_complement_and_difference(pixels: list[Bits]) -> None:
    masks = encoded(pixels)
    for p, m in zip(pixels, masks, strict=True):
        assert algebra.complement(m) == Mask.from_array(~p)
    assert algebra.difference(masks[0], masks[-1]) == Mask.from_array(pixels[0] & ~pixels[-1])


@many
@given(mask_sets(least=2, most=5), st.data())
def test_pairwise_measures(pixels: list[Bits], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(pixels) - 1))
    first, second = pixels[:cut], pixels[cut:]
    common = np.asarray([[(a & b).sum() for b in second] for a in first], dtype=float)
    either = np.asarray([[(a | b).sum() for b in second] for a in first], dtype=float)
    own = np.asarray([[a.sum()] * len(second) for a in first], dtype=float)
    with np.errstate(invalid="ignore"):
        inside, iou = np.nan_to_num(common / own), np.nan_to_num(common / either)
    a, b = encoded(first), encoded(second)
    assert np.array_equal(algebra.intersection_areas(a, b), common)
    assert np.allclose(algebra.containment(a, b), inside)
    assert np.allclose(algebra.iou(a, b), iou)
    assert np.allclose(algebra.iou(b, a), iou.T)


@many
@given(sides, sides, *(st.floats(-30, 60, allow_nan=False) for _ in range(4)))
def test_a_box_is_cut_at_the_frame(height: int, width: int, x: float, y: float, w: float, h: float) -> None:
    mask = Mask.from_box((x, y, w, h), height=height, width=width)
    mask.check()
    inside = [(r, c) for r in range(height) for c in range(width) if round(y) <= r < round(y + h)]
    assert mask.area == sum(round(x) <= c < round(x + w) for _, c in inside)


@settings(max_examples=250, deadline=None)
@given(st.binary(max_size=12), sides, sides)
@example(b"", 1, 1)
@example(b"0" * 12, 1, 1)
@example(b"P" * 40, 4, 4)
def test_malformed_runs_are_refused_and_never_decoded(counts: bytes, height: int, width: int) -> None:
    try:
        mask = Mask.from_json({"size": [height, width], "counts": counts})
    except InvalidSceneValue:
        return
    runs = run_lengths(counts)
    assert runs.sum() == height * width
    assert mask.area == runs[1::2].sum() == mask.to_array().sum()


@many
@given(mask_sets(), st.data())
def test_damaged_runs_are_refused_or_still_fill_the_frame(pixels: list[Bits], data: st.DataObject) -> None:
    mask = Mask.from_array(pixels[0])
    place = data.draw(st.integers(0, len(mask.counts)))
    other = data.draw(st.binary(max_size=2))
    damaged = mask.counts[:place] + other + mask.counts[place + data.draw(st.integers(0, 2)) :]
    try:
        read = Mask.from_json({"size": [mask.height, mask.width], "counts": damaged})
    except InvalidSceneValue:
        return
    assert read.to_array().shape == pixels[0].shape
    assert read.area == read.to_array().sum()


@pytest.mark.parametrize("wraps", [b"0" + b"ooooooo?" * 3, b"ooooooooooo1" * 16])
def test_runs_too_long_for_any_image_are_refused(wraps: bytes) -> None:
    with pytest.raises(InvalidSceneValue, match="longer than any image"):
        run_lengths(wraps)


@many
@given(st.lists(st.one_of(st.binary(max_size=8), bits(5, 7).map(lambda p: Mask.from_array(p).counts)), max_size=8))
def test_covered_pixels_of_many_are_those_of_each(counts: list[bytes]) -> None:
    expected = []
    for one in counts:
        try:
            expected.append(int(run_lengths(one).sum()))
        except InvalidSceneValue:
            expected.append(-1)
    assert covered(counts).tolist() == expected


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"size": [2, 2], "counts": "1"}, "covers 1 pixels, its size 2x2 needs 4"),
        ({"size": [2, 2], "counts": [1, 3]}, "compressed string, not list"),
        ({"size": [2], "counts": "4"}, "a mask is"),
        ({"size": "22", "counts": "ä"}, "outside COCO's code"),
        ({"size": [0, 4], "counts": ""}, "has no pixel"),
        ({"size": [2**16, 2**15], "counts": ""}, "more than 2147483647 pixels"),
        ({"size": ["a", 4], "counts": ""}, "a mask is"),
        ({"size": [float("nan"), 4], "counts": ""}, "a mask is"),
        ({"size": [float("inf"), 4], "counts": "4"}, "a mask is"),
        ({"size": [2, 2], "counts": "\ud800"}, "outside COCO's code"),
        ({"counts": "4"}, "a mask is"),
        (None, "a mask is"),
        (7, "a mask is"),
    ],
)
def test_what_is_no_mask_is_refused_with_a_reason(value: object, says: str) -> None:
    with pytest.raises(InvalidSceneValue, match=says):
        Mask.from_json(value)


def test_masks_of_different_sizes_cannot_be_compared() -> None:
    small, large = Mask.empty(2, 2), Mask.empty(3, 3)
    for operation in (algebra.iou, algebra.containment):
        with pytest.raises(InvalidSceneValue, match="different sizes"):
            operation([small], [large])
    with pytest.raises(InvalidSceneValue, match="different sizes"):
        algebra.union([small, large])


def test_nothing_has_no_union_but_no_area_either() -> None:
    with pytest.raises(InvalidSceneValue, match="at least one"):
        algebra.union([])
    assert algebra.areas([]).shape == (0,)
    assert algebra.boxes([]).shape == (0, 4)
    assert algebra.iou([], [Mask.empty(2, 2)]).shape == (0, 1)


def test_an_array_that_is_no_picture_is_refused() -> None:
    with pytest.raises(InvalidSceneValue, match=r"\[H, W\]"):
        Mask.from_array(np.zeros((2, 2, 3)))

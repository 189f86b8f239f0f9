"""VPQ and STQ of videos as VIPSeg's programs count them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import panoptic, vipseg
from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from tests.evaluation.public import inputs
from tests.evaluation.public.test_panoptic import CATEGORIES, OTHER, STUFF, THING, frame

# seed of `videos` -> PQ over all, things and stuff for windows of 1, 2 and 4 frames of the public program.
PUBLIC = {
    1: [(0.319776463, 0.347222222, 0.30147929), (0.294898865, 0.408333333, 0.219275885), (0.105555556, 0.263888889, 0)],
    4: [
        (0.353321856, 0.231933788, 0.434247234),
        (0.335536871, 0.232426804, 0.404276915),
        (0.274750884, 0.266666667, 0.282835101),
    ],
    6: [
        (0.51148034, 0.820538298, 0.3054417),
        (0.529401403, 0.830152655, 0.328900569),
        (0.454368471, 0.830152655, 0.203845682),
    ],
    8: [
        (0.593954796, 0.778101277, 0.471190476),
        (0.555012416, 0.747314312, 0.426811152),
        (0.773938874, 0.800625, 0.747252747),
    ],
}
# seed of `videos` -> STQ, AQ, IoU of the public program.
STQ = {
    1: (0.322720807, 0.244810411, 0.425426023),
    4: (0.224191217, 0.151703934, 0.331314424),
    6: (0.70433356, 0.873599004, 0.567864388),
    8: (0.590529748, 0.692288844, 0.503728156),
}


def videos(seed):
    """Three videos of 3, 4 and 5 frames, as (truth, prediction) by name."""
    pairs = {f"v{v}": inputs.panoptic_video(seed * 10 + v, frames=3 + v) for v in range(3)}
    return [{name: [Frame.of(*f) for f in pair[side]] for name, pair in pairs.items()} for side in (0, 1)]


def vpq(true, found, **more):
    return vipseg.vpq({"v": true}, {"v": found}, CATEGORIES, **more)


def tracking(true, found):
    return vipseg.stq({"v": true}, {"v": found}, CATEGORIES).all


@pytest.mark.parametrize("seed", PUBLIC)
def test_vpq_is_that_of_the_public_program(seed):
    found = vipseg.vpq(*videos(seed), inputs.CATEGORIES, windows=(1, 2, 4))
    for window, public in zip(found.windows.values(), PUBLIC[seed], strict=True):
        assert (window.all.pq, window.things.pq, window.stuff.pq) == pytest.approx(public, abs=1e-8)
    means = np.mean(PUBLIC[seed], axis=0)
    assert (found.vpq, found.things, found.stuff) == pytest.approx(tuple(means), abs=1e-8)
    assert found.too_short == {1: 0, 2: 0, 4: 1}


@pytest.mark.parametrize("seed", STQ)
def test_stq_is_that_of_the_public_program(seed):
    found = vipseg.stq(*videos(seed), inputs.CATEGORIES)
    assert (found.all.stq, found.all.aq, found.all.iou) == pytest.approx(STQ[seed], abs=1e-8)


def test_an_object_that_changes_its_id_matches_on_frames_and_not_over_windows():
    true = [frame([1, 1], {1: THING})] * 2
    found = vpq(true, [frame([7, 7], {7: THING}), frame([8, 8], {8: THING})], windows=(1, 2))
    assert (found.windows[1].all.pq, found.windows[2].all.pq) == (1, 0)  # half of the tube is not more than half
    assert found.vpq == 0.5


def test_every_run_of_frames_counts_once():
    true = [frame([1, 1], {1: THING})] * 5
    found = vpq(true, true, windows=(1, 2, 5, 6))
    assert [found.windows[k].tallies[THING].tp for k in (1, 2, 5, 6)] == [5, 4, 1, 0]
    assert (found.too_short, found.vpq) == ({1: 0, 2: 0, 5: 0, 6: 1}, None)


def test_a_tube_is_of_the_category_that_its_first_frame_in_the_window_says():
    true = [frame([1, 1], {1: THING}), frame([1, 1], {1: OTHER})]
    found = vpq(true, [frame([7, 7], {7: THING})] * 2, windows=(2,))
    assert found.windows[2].tallies[THING] == panoptic.Tally(1, 1, 0, 0)


def test_areas_are_added_up_from_the_records_and_must_not_be_too_small():
    twice = [{"id": 1, "category_id": THING, "iscrowd": 0, "area": 1}] * 2
    assert vpq([Frame.of([[1, 1]], twice)], [frame([7, 7], {7: THING})], windows=(1,)).vpq == 1
    small = frame([1, 1], {1: THING}, areas={1: 1})
    with pytest.raises(InvalidBenchmarkInput, match=r"v: frame 0: expected an IoU of at most 1, found 2\.000"):
        vpq([small], [frame([7, 7], {7: THING})], windows=(1,))


def test_the_first_id_of_a_video_is_no_tube_in_stq():
    first, second = [1, 1, 0, 0], [2, 2, 1, 1]
    true = [frame(first, {1: THING}), frame(second, {1: THING, 2: THING})]
    swapped = [frame(first, {1: THING}), frame([4, 5, 6, 6], {4: THING, 5: THING, 6: THING})]
    found = tracking(true, swapped)
    assert found.iou == 1
    assert found.aq == 2 * (1 / 2) / 2  # of id 2 alone: two predictions of one pixel each
    assert tracking(true[:1], true[:1]).aq == 0


def test_pixels_of_no_record_are_void_in_stq():
    true = [frame([2, 2, 5, 1], {2: STUFF, 1: THING})]  # 5 has no record
    assert tracking(true, [frame([7, 7, 8, 8], {7: STUFF, 8: THING})]).iou == 1
    # A predicted void pixel misses its class, and is one more class of IoU 0.
    found = tracking(true, [frame([7, 0, 8, 8], {7: STUFF, 8: THING})])
    assert found.iou == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_crowds_are_plain_segments_in_stq():
    true = [frame([1, 2, 2], {1: STUFF, 2: THING}, crowds={2})]
    assert tracking(true, true).aq == 1


def test_frames_may_be_made_when_asked_for():
    truth, predicted = videos(4)
    lazy = [{name: iter(frames) for name, frames in side.items()} for side in (truth, predicted)]
    assert vipseg.vpq(*lazy, inputs.CATEGORIES) == vipseg.vpq(truth, predicted, inputs.CATEGORIES)


@pytest.mark.parametrize("metric", [vipseg.vpq, vipseg.stq])
def test_videos_and_frames_must_be_predicted_and_further_videos_are_named(metric):
    one = frame([2, 1], {2: STUFF, 1: THING})
    with pytest.raises(InvalidBenchmarkInput, match=r"every video of the truth, found none for 1 of 1 \(v\)"):
        metric({"v": [one]}, {}, CATEGORIES)
    with pytest.raises(InvalidBenchmarkInput, match=r"v: expected as many .*; the predicted ones end after 1"):
        metric({"v": [one, one]}, {"v": [one]}, CATEGORIES)
    with pytest.raises(InvalidBenchmarkInput, match="the true ones end after 1"):
        metric({"v": [one]}, {"v": [one, one]}, CATEGORIES)
    assert metric({"v": [one]}, {"v": [one], "w": []}, CATEGORIES).unknown == ("w",)


def test_classes_beyond_the_list_are_an_error_and_the_one_behind_it_is_void():
    wall = {"id": 124, "isthing": 0}
    true = [frame([2, 1], {2: STUFF, 1: 124})]
    assert vipseg.stq({"v": true}, {"v": true}, [*CATEGORIES, wall]).all.iou == 1
    with pytest.raises(InvalidBenchmarkInput, match="v: frame 0: expected true classes from 0 to 124"):
        tracking([frame([1], {1: 125})], [frame([1], {1: THING})])


def test_vipseg_s_own_masks_count_categories_from_one():
    found = vipseg.frame_of_panomask(np.asarray([[0, 14, 124, 6100, 6101, 12400]], dtype=np.uint16))
    assert [(s.id, s.category, s.area) for s in found.segments] == [
        (14, 13, 1), (124, 123, 1), (6100, 60, 1), (6101, 60, 1), (12400, 123, 1),
    ]  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_windows_of_one_frame_are_panoptic_quality(seed):
    truth, predicted = videos(seed)
    listed = [{0, *(s.id for s in f.segments)} >= set(np.unique(f.ids)) for frames in truth.values() for f in frames]
    assume(all(listed))  # records that say less than the maps show are an error for tubes
    images = [{f"{v}/{i}": f for v, fs in side.items() for i, f in enumerate(fs)} for side in (truth, predicted)]
    ours = vipseg.vpq(truth, predicted, inputs.CATEGORIES, windows=(1,)).windows[1]
    assert ours.all.pq == pytest.approx(panoptic.quality(*images, inputs.CATEGORIES).all.pq)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20))
def test_the_truth_as_prediction_is_perfect(seed):
    draw = inputs.Draw(seed)
    blocks = np.kron(draw.randint(1, 5, (3, 3)), np.ones((2, 2), dtype=int))
    blocks[0, 0] = 1
    true = [frame(blocks.ravel().tolist(), {int(i): int(i) % 3 + 1 for i in np.unique(blocks)})] * 8
    found = vpq(true, true)
    assert found.vpq == 1
    assert tracking(true, true).iou == 1

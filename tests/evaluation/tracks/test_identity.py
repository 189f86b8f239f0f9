"""IDF1 and identity switches of masks, by hand and against TrackEval."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from svg2_assets.evaluation.tracks.identity import identity_scores, switches
from svg2_assets.evaluation.tracks.library import MissingEvaluator, library_scores
from svg2_assets.evaluation.tracks.overlaps import Overlaps
from tests.evaluation.tracks.scenes import LEFT, LOW, RIGHT, random_clip, shifted, still, track


def compared(truth, predicted, *, num_frames=6):
    return identity_scores(Overlaps.of(truth, predicted, num_frames=num_frames), least=0.5)


def test_two_that_swap_after_two_of_six_frames():
    truth = [still(LEFT, range(6)), still(RIGHT, range(6))]
    swapped = [
        track(dict.fromkeys(range(2), a) | dict.fromkeys(range(2, 6), b)) for a, b in ((LEFT, RIGHT), (RIGHT, LEFT))
    ]
    found = compared(truth, swapped)
    assert found.switches == 2
    assert found.idf1 == pytest.approx(2 * 8 / 24)  # the longer stretch of each
    assert (found.precision, found.recall) == (pytest.approx(8 / 12), pytest.approx(8 / 12))


def test_a_pair_goes_on_though_another_fits_better():
    truth = [still(LEFT, range(6))]
    first = track({0: LEFT} | dict.fromkeys(range(1, 6), shifted(LEFT, 3)))  # IoU 70 / 130
    assert compared(truth, [first, still(LEFT, range(1, 6))]).switches == 0


def test_after_a_gap_another_trajectory_is_a_switch_and_the_same_is_none():
    truth = [still(LEFT, range(6)), still(RIGHT, range(6))]
    there = still(RIGHT, range(6))
    assert compared(truth, [still(LEFT, [0, 1]), still(LEFT, [4, 5]), there]).switches == 1
    assert compared(truth, [still(LEFT, [0, 1, 4, 5]), there]).switches == 0


def test_continuity_ends_where_the_pair_was_not_seen_on_the_frame_before():
    truth = [still(LEFT, range(6)), still(RIGHT, range(6))]
    back = track({0: LEFT} | dict.fromkeys(range(2, 6), shifted(LEFT, 3)))
    better = still(LEFT, range(2, 6))
    assert compared(truth, [back, better, still(RIGHT, range(6))]).switches == 1


def test_frames_without_any_prediction_end_no_pair():
    pytest.importorskip("trackeval")
    truth = [still(LEFT, range(6))]
    back = track({0: LEFT} | dict.fromkeys(range(2, 6), shifted(LEFT, 3)))
    overlaps = Overlaps.of(truth, [back, still(LEFT, range(2, 6))], num_frames=6)
    assert switches(overlaps, least=0.5) == 0
    assert library_scores(overlaps, least=0.5).switches == 0


def test_an_overlap_of_exactly_a_half_is_a_match():
    first, then = still((0, 0, 20, 10), [0]), still(LEFT, range(1, 6))
    found = compared([still(LEFT, range(6))], [first, then])
    assert (found.switches, found.idf1) == (1, pytest.approx(2 * 5 / 12))


def test_nothing_on_either_side():
    assert compared([], []).idf1 is None
    silent = compared([still(LEFT, range(6))], [])
    assert (silent.idf1, silent.precision, silent.recall, silent.switches) == (0, None, 0, 0)


@pytest.mark.parametrize("seed", range(40))
def test_idf1_and_switches_are_trackeval_s(seed):
    pytest.importorskip("trackeval")
    overlaps = Overlaps.of(*random_clip(seed), num_frames=12)
    ours, theirs = identity_scores(overlaps, least=0.5), library_scores(overlaps, least=0.5)
    assert ours.idf1 == pytest.approx(theirs.idf1, abs=1e-12)
    assert ours.switches == theirs.switches


def test_the_random_clips_do_switch_and_do_err():
    found = [identity_scores(Overlaps.of(*random_clip(seed), num_frames=12), least=0.5) for seed in range(40)]
    assert sum(f.switches for f in found) > 100
    assert 0.2 < np.mean([f.idf1 for f in found]) < 0.9


def test_hota_of_a_prediction_of_half_the_frames():
    """All detections right, half of them missing: DetA 1/2, AssA 1/2, thus HOTA 1/2 at every threshold."""
    pytest.importorskip("trackeval")
    found = library_scores(Overlaps.of([still(LEFT, range(6))], [still(LEFT, range(3))], num_frames=6), least=0.5)
    assert (found.hota, found.deta, found.assa, found.loca) == (0.5, 0.5, 0.5, 1)
    assert found.mota == 0.5
    assert found.idf1 == pytest.approx(2 * 3 / 9)


def test_mota_falls_below_zero_with_false_masks():
    pytest.importorskip("trackeval")
    truth, false = still(LEFT, [0, 1]), [still(RIGHT, [0, 1]), still(LOW, [0, 1])]
    assert library_scores(Overlaps.of([truth], false, num_frames=2), least=0.5).mota == -2


def test_trajectories_without_a_mask_do_not_confuse_trackeval():
    pytest.importorskip("trackeval")
    truth = [still(RIGHT, []), still(LEFT, range(6))]
    with np.errstate(all="raise"):
        found = library_scores(Overlaps.of(truth, [still(LOW, []), truth[1]], num_frames=6), least=0.5)
    assert (found.hota, found.idf1, found.mota, found.switches) == (1, 1, 1, 0)


def test_trackeval_on_empty_sides():
    pytest.importorskip("trackeval")
    nothing = library_scores(Overlaps.of([], [], num_frames=6), least=0.5)
    assert (nothing.hota, nothing.mota, nothing.idf1, nothing.switches) == (None, None, None, 0)
    assert library_scores(Overlaps.of([], [still(LEFT, [0])], num_frames=6), least=0.5).mota is None
    assert library_scores(Overlaps.of([still(LEFT, [0])], [], num_frames=6), least=0.5).hota == 0


def test_without_trackeval_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "trackeval", None)
    with pytest.raises(MissingEvaluator, match="pip install"):
        library_scores(Overlaps.of([], [], num_frames=1), least=0.5)


def test_the_overlap_that_counts_is_a_parameter():
    overlaps = Overlaps.of([still(LEFT, range(6))], [still(shifted(LEFT, 4), range(6))], num_frames=6)  # 60 / 140
    assert identity_scores(overlaps, least=0.5).idf1 == 0
    assert identity_scores(overlaps, least=0.4).idf1 == 1
    assert switches(overlaps, least=0.4) == 0

"""Identity measures on small scenarios whose counts can be checked by hand."""

from __future__ import annotations

import pytest

from svg2_assets.evaluation.identities import LabelledFrame, identity_scores

LEFT, MIDDLE, RIGHT = (0.0, 0.0, 10.0, 20.0), (40.0, 0.0, 10.0, 20.0), (80.0, 0.0, 10.0, 20.0)


def shifted(box, dx):
    return box[0] + dx, *box[1:]


def frames(*people):
    return [LabelledFrame(p) for p in people]


def test_perfect_tracks_score_one_whatever_their_ids():
    s = identity_scores(frames({"a": LEFT, "b": RIGHT}, {"a": LEFT, "b": RIGHT}), [{7: LEFT, 3: RIGHT}] * 2)
    assert (s.idf1, s.id_precision, s.id_recall, s.recall, s.precision) == (1, 1, 1, 1, 1)
    assert (s.switches, s.fragmentations) == (0, 0)
    assert s.owners == {"a": (7,), "b": (3,)}


def test_tracks_that_swap_after_two_of_five_frames():
    truth = frames(*[{"a": LEFT, "b": RIGHT}] * 5)
    tracks = [{1: LEFT, 2: RIGHT}] * 2 + [{1: RIGHT, 2: LEFT}] * 3
    s = identity_scores(truth, tracks)
    assert s.id_true_positives == 6  # the longer stretch of each
    assert s.idf1 == pytest.approx(0.6)
    assert (s.recall, s.precision) == (1, 1)
    assert s.switches == 2
    assert s.owners == {"a": (1, 2), "b": (2, 1)}


def test_a_track_that_breaks_in_two_costs_one_switch_and_one_fragmentation():
    truth = frames(*[{"a": LEFT}] * 5)
    s = identity_scores(truth, [{1: LEFT}, {1: LEFT}, {}, {2: LEFT}, {2: LEFT}])
    assert (s.switches, s.fragmentations, s.matched) == (1, 1, 4)
    assert s.idf1 == pytest.approx(2 * 2 / (5 + 4))


def test_coming_back_under_the_same_id_is_a_fragmentation_but_no_switch():
    s = identity_scores(frames(*[{"a": LEFT}] * 3), [{1: LEFT}, {}, {1: LEFT}])
    assert (s.switches, s.fragmentations) == (0, 1)
    assert s.idf1 == pytest.approx(2 * 2 / (3 + 2))


def test_being_found_late_or_lost_early_is_no_fragmentation():
    s = identity_scores(frames(*[{"a": LEFT}] * 4), [{}, {1: LEFT}, {1: LEFT}, {}])
    assert (s.switches, s.fragmentations, s.recall) == (0, 0, 0.5)


def test_a_false_track_costs_precision_only():
    s = identity_scores(frames({"a": LEFT}), [{1: LEFT, 2: MIDDLE}])
    assert (s.id_recall, s.id_precision) == (1, 0.5)


def test_one_track_over_two_people_is_right_for_one_of_them():
    s = identity_scores(frames({"a": LEFT}, {"a": LEFT}, {"b": RIGHT}), [{1: LEFT}, {1: LEFT}, {1: RIGHT}])
    assert (s.id_true_positives, s.switches) == (2, 0)
    assert s.idf1 == pytest.approx(2 * 2 / 6)


def test_nothing_tracked_and_nothing_labelled():
    assert identity_scores(frames({"a": LEFT}), [{}]).idf1 == 0
    assert identity_scores(frames({}), [{}]).idf1 == 0
    only_false = identity_scores(frames({}), [{1: LEFT}])
    assert (only_false.precision, only_false.idf1) == (0, 0)


def test_the_overlap_must_reach_the_threshold():
    moved = shifted(LEFT, 4)  # IoU 6 / 14
    assert identity_scores(frames({"a": LEFT}), [{1: moved}]).matched == 0
    assert identity_scores(frames({"a": LEFT}), [{1: moved}], least_iou=0.4).matched == 1


def test_a_pair_that_matched_before_stays_matched_though_another_track_fits_better():
    truth = frames({"a": LEFT}, {"a": LEFT})
    s = identity_scores(truth, [{1: LEFT}, {1: shifted(LEFT, 2), 2: LEFT}])
    assert s.switches == 0
    assert s.owners == {"a": (1,)}


def test_two_people_side_by_side_are_matched_jointly():
    near = shifted(LEFT, 3)
    s = identity_scores(frames({"a": LEFT, "b": near}), [{1: shifted(LEFT, 1), 2: shifted(LEFT, -2)}])
    assert s.matched == 2
    assert s.owners == {"a": (2,), "b": (1,)}


def test_tracks_on_ignored_boxes_count_neither_way():
    frame = LabelledFrame({"a": LEFT}, ignored=[RIGHT])
    inside = (82.0, 5.0, 5.0, 10.0)
    s = identity_scores([frame], [{1: LEFT, 2: RIGHT, 3: inside, 4: MIDDLE}])
    assert (s.tracked, s.matched) == (2, 1)


def test_a_track_that_matches_a_person_counts_even_on_an_ignored_box():
    frame = LabelledFrame({"a": LEFT}, ignored=[(0.0, 0.0, 40.0, 40.0)])
    assert identity_scores([frame], [{1: LEFT}]).matched == 1


def test_ids_and_identities_may_share_numbers():
    s = identity_scores(frames({1: LEFT, 2: RIGHT}), [{2: LEFT, 1: RIGHT}])
    assert (s.idf1, s.owners) == (1, {1: (2,), 2: (1,)})

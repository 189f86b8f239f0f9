"""Everything together: what holds of all clips, and how long it takes."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.tracks.scores import measure
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from tests.evaluation.tracks.scenes import LEFT, RIGHT, random_clip, still, worlds

BEST = {
    "recall.at_matched": 1,
    "recall.averaged": 1,
    "coverage.truth": 1,
    "identity.idf1": 1,
    "discovery.delay": 0,
    "discovery.wait": 0,
    "discovery.undiscovered_share": 0,
    "boundaries.j_and_f_of_all": 1,
    "parts_kept": 1,
    "library.hota": 1,
    "library.mota": 1,
    "library.idf1": 1,
    "library.switches": 0,
}
WORST = {"invention.seconds": 0, "invention.false_trajectories": 0, "invention.false_seconds": 0}


def test_the_truth_itself_scores_best():
    pytest.importorskip("trackeval")
    truth = [still(LEFT, range(2, 6)), still(RIGHT, range(6)), still((0, 20, 30, 15), [5])]
    found = measure(truth, truth, num_frames=6, fps=3.0, parts=[0], boundaries=True, library=True).figures()
    assert {name: found[name] for name in BEST | WORST} == BEST | WORST
    assert found["identity.switches"] == 0


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_the_truth_itself_scores_best_in_any_world(world):
    truth, _, num_frames = world
    found = measure(truth, truth, num_frames=num_frames, fps=5.0, boundaries=True)
    assert found.recall.averaged in (1, None)
    assert found.coverage.truth in (1, None)
    assert found.identity.idf1 in (1, None)
    assert found.boundaries.j_and_f_of_all in (1, None)
    assert (found.discovery.undiscovered, found.invention.seconds, found.invention.false_trajectories) == (0, 0, 0)


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_the_columns_changes_nothing(world, chance):
    truth, predicted, num_frames = world
    other = predicted.copy()
    chance.shuffle(other)
    ids = list(range(len(truth)))
    chance.shuffle(ids)
    first = measure(truth, predicted, num_frames=num_frames, fps=5.0, boundaries=True)
    second = measure(
        {i: truth[i] for i in ids}, dict(enumerate(other, 10)), num_frames=num_frames, fps=5.0, boundaries=True
    )
    assert first == second


@given(worlds(), st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_one_prediction_less_never_raises_recall_or_coverage(world, which):
    truth, predicted, num_frames = world
    fewer = [p for i, p in enumerate(predicted) if i != which]
    before, after = (measure(truth, p, num_frames=num_frames, fps=5.0) for p in (predicted, fewer))
    if before.recall.at_matched is not None:
        assert after.recall.at_matched <= before.recall.at_matched
        assert after.recall.averaged <= before.recall.averaged
        assert after.coverage.truth <= before.coverage.truth
    assert after.coverage.predicted <= before.coverage.predicted


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_all_scores_are_within_their_range_and_silence_waits_longest(world):
    truth, predicted, num_frames = world
    found = measure(truth, predicted, num_frames=num_frames, fps=5.0, boundaries=True)
    silent = measure(truth, [], num_frames=num_frames, fps=5.0)
    for name, value in found.figures().items():
        group = name.split(".", maxsplit=1)[0]
        if value is not None and group in {"recall", "coverage", "boundaries", "parts_kept"}:
            assert 0 <= value <= 1, name
    if found.discovery.wait is not None:
        assert 0 <= found.discovery.wait <= silent.discovery.wait
    assert 0 <= found.invention.absent_seconds <= found.invention.seconds
    assert 0 <= found.invention.empty_seconds <= found.invention.seconds


def test_the_flat_figures_leave_out_what_was_not_asked_for_and_all_survives_json():
    found = measure(*random_clip(1), num_frames=12, fps=10.0)
    assert not any(name.startswith(("library", "boundaries")) for name in found.figures())
    assert json.loads(json.dumps(found.as_dict()))["recall"]["counts"]["all"] == found.truth_trajectories
    assert found.as_dict()["criteria"]["matched"] == 0.5


def test_a_clip_without_anything_has_no_shares_and_no_seconds():
    found = measure([], [], num_frames=3, fps=1.0, boundaries=True).figures()
    assert {v for v in found.values() if v is not None} == {0}


def test_masks_of_another_size_and_frames_outside_are_refused():
    small = Trajectory((0,), (Mask.from_array(np.ones((4, 5), dtype=bool)),))
    with pytest.raises(InvalidSceneValue, match="different sizes"):
        measure([still(LEFT, [0])], [small], num_frames=1, fps=1.0)
    with pytest.raises(InvalidSceneValue, match="frame 3, the clip has 3 frames"):
        measure([still(LEFT, [0])], [still(LEFT, [3])], num_frames=3, fps=1.0)


@pytest.mark.parametrize(("num_frames", "fps"), [(0, 1.0), (1, 0.0), (1, float("inf"))])
def test_a_clip_needs_frames_and_a_rate(num_frames, fps):
    with pytest.raises(InvalidSceneValue, match="positive rate"):
        measure([], [], num_frames=num_frames, fps=fps)


def test_twelve_objects_over_72_frames_are_measured_at_once():
    truth, predicted = random_clip(0, num_frames=72, objects=12)
    seconds = []
    for _ in range(3):
        start = time.process_time()  # of this process alone: the machine may be busy
        measure(truth, predicted, num_frames=72, fps=24.0)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.15

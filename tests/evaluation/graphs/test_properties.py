"""What must hold of scores whatever the graphs."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from svg2_assets.evaluation.graphs.scores import VideoScore, pairs_of, score_video
from svg2_assets.evaluation.graphs.settings import Criterion, Direction, Settings
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.evaluation.judges.cached import Cached
from svg2_assets.evaluation.judges.likeness import Likeness
from svg2_assets.scene.graph import SceneGraph
from tests.evaluation.graphs.scenes import Table, graph, graphs, relations, renumbered, thing

many = examples(max_examples=30, deadline=None)
SETTINGS = st.sampled_from([Settings(direction=d) for d in Direction])


def counts(score: VideoScore) -> list[list[int]]:
    return [np.concatenate([t.right.ravel(), t.of]).tolist() for t in score.tallies.values()]


@many
@given(graphs(), SETTINGS)
def test_the_truth_against_itself_is_all_right(truth, settings):
    score = score_video(truth, truth, settings)
    for tally in score.tallies.values():
        assert (tally.right == tally.of).all()
    for measure in Measure:
        where = Cell(measure)
        assert score.f1(where) == (1 if score.ratio(where).of else None)


@many
@given(graphs(), graphs(least=1), st.data(), SETTINGS)
def test_recall_never_falls_when_something_more_is_predicted(truth, predicted, data, settings):
    ids = [o.id for o in predicted.objects]
    more = [
        *predicted.relations,
        *data.draw(st.lists(relations(ids), min_size=1, max_size=3)),
    ]
    things = [
        thing(o.id, o.name, *(a.value for a in o.attributes), *data.draw(st.lists(st.sampled_from(["red", "tall"]))))
        for o in predicted.objects
    ] + [thing(9, "dog", "red")]
    before = score_video(truth, predicted, settings)
    after = score_video(truth, SceneGraph(truth.video, tuple(things), tuple(more)), settings)
    for measure in Measure:
        assert (after.tallies[Side.RECALL, measure].right >= before.tallies[Side.RECALL, measure].right).all()
        assert (after.tallies[Side.RECALL, measure].of == before.tallies[Side.RECALL, measure].of).all()


@many
@given(graphs(), graphs(), st.randoms(use_true_random=False), SETTINGS)
def test_order_changes_nothing(truth, predicted, draw, settings):
    def mixed(scene: SceneGraph) -> SceneGraph:
        return SceneGraph(scene.video, _shuffled(scene.objects, draw), _shuffled(scene.relations, draw))

    expected = score_video(truth, predicted, settings)
    found = score_video(mixed(truth), mixed(predicted), settings)
    assert counts(found) == counts(expected)
    assert (found.oddities, found.known) == (expected.oddities, expected.known)


@many
@given(graphs(), graphs(), st.permutations(range(5)), SETTINGS)
def test_other_ids_on_both_sides_change_nothing(truth, predicted, ids, settings):
    new = {old: 10 + i for old, i in enumerate(ids)}
    expected = score_video(truth, predicted, settings)
    found = score_video(renumbered(truth, new), renumbered(predicted, new), settings)
    assert counts(found) == counts(expected)


@many
@given(graphs(), graphs())
def test_nothing_is_easier_with_a_stricter_criterion_or_a_higher_threshold(truth, predicted):
    for tally in score_video(truth, predicted).tallies.values():
        assert (tally.right[0] <= tally.right[1]).all(), "strict is lenient"
        assert (np.diff(tally.right, axis=1) <= 0).all()
        assert (tally.right <= tally.of).all()


@many
@given(graphs(), graphs())
def test_triplets_are_relations_whose_ends_are_named_right(truth, predicted):
    score = score_video(truth, predicted)
    for side in Side:
        triplets, found = (score.tallies[side, m] for m in (Measure.TRIPLETS, Measure.RELATIONS))
        assert (triplets.right <= found.right).all()
        assert (triplets.of == found.of).all()


@many
@given(graphs(), graphs(), SETTINGS)
def test_scoring_asks_for_no_pair_that_was_not_told_beforehand(truth, predicted, settings):
    judge = Table({("dog", "puppy"): Likeness.HYPERNYM})
    like = Criterion("like", Cached(judge), frozenset(Likeness) - {Likeness.MISMATCH})
    settings = Settings(criteria=(like,), direction=settings.direction)
    told = pairs_of(truth, predicted, settings)
    like.judge.judge(list(told))
    asked = len(judge.calls)
    score_video(truth, predicted, settings)
    assert len(judge.calls) == asked
    assert all(len(set(call)) == len(call) for call in judge.calls)


def test_a_judge_is_asked_once_a_video_whatever_the_criteria_it_serves():
    judge = Table()
    criteria = tuple(Criterion(name, judge, frozenset({Likeness.IDENTICAL})) for name in ("one", "other"))
    truth = graph([thing(0, "dog", "red", "red", "tall"), thing(1, "dog", "red")])
    score_video(truth, truth, Settings(criteria=criteria))
    (asked,) = judge.calls
    assert len(asked) == len(set(asked)) == 5  # dog; red and tall with each other


def _shuffled(values: tuple, draw: random.Random) -> tuple:
    mixed = list(values)
    draw.shuffle(mixed)
    return tuple(mixed)

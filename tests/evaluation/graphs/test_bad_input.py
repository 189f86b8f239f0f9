"""What is empty, wrong or enormous: refused where the vocabulary refuses it, counted elsewhere, never divided by 0."""

from __future__ import annotations

import gc
import math
import random
import time

import pytest

from svg2_assets.evaluation.graphs.contents import Oddities
from svg2_assets.evaluation.graphs.scores import score_video
from svg2_assets.evaluation.graphs.settings import Settings
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.spans import Span, Spans, tiou
from svg2_assets.scene.taxonomy import Category
from svg2_assets.traser.training.scores import Ratio
from tests.evaluation.graphs.scenes import LENGTH, graph, says, thing

EMPTY = graph([])
FULL = graph([thing(0, "dog", "red"), thing(1, "cat", "blue")], [says(0, "near", 1)])


def where(measure: Measure) -> Cell:
    return Cell(measure, "strict", 0.5 if measure.timed else None)


@pytest.mark.parametrize("predicted", [EMPTY, None])
def test_nothing_against_nothing_has_no_share(predicted):
    score = score_video(EMPTY, predicted)
    for measure in Measure:
        for side in Side:
            assert score.ratio(where(measure), side) == Ratio(0, 0)
            assert score.ratio(where(measure), side).share is None
        assert score.f1(where(measure)) is None


@pytest.mark.parametrize("predicted", [EMPTY, None])
def test_nothing_predicted_has_no_recall_and_no_precision_to_speak_of(predicted):
    score = score_video(FULL, predicted)
    for measure in Measure:
        assert score.ratio(where(measure)).share == 0
        assert score.ratio(where(measure), Side.PRECISION).share is None
        assert score.f1(where(measure)) == 0
    assert score.oddities == Oddities(missing_objects=2)


def test_everything_predicted_where_nothing_is_true_has_no_recall_and_no_precision():
    score = score_video(EMPTY, FULL)
    for measure in Measure:
        assert score.ratio(where(measure)).share is None
        assert score.ratio(where(measure), Side.PRECISION).share == 0
        assert score.f1(where(measure)) is None
    assert score.oddities == Oddities(unknown_objects=2, unknown_ends=1)


def test_predicted_ids_that_the_truth_does_not_have_are_counted_and_never_right():
    said = graph([*FULL.objects, thing(8, "dog", "red")], [*FULL.relations, says(8, "near", 1), says(-1, "near", 8)])
    score = score_video(FULL, said)
    assert score.oddities == Oddities(unknown_objects=1, unknown_ends=2)
    assert score.ratio(where(Measure.OBJECTS), Side.PRECISION) == Ratio(2, 3)
    assert score.ratio(where(Measure.ATTRIBUTES), Side.PRECISION) == Ratio(2, 3)
    assert score.ratio(where(Measure.RELATIONS), Side.PRECISION) == Ratio(1, 3)
    assert score.ratio(where(Measure.TRIPLETS)) == Ratio(1, 1)


def test_ends_that_no_object_has_do_not_reach_a_score():
    with pytest.raises(InvalidSceneValue, match="no object has the id 5"):
        graph(FULL.objects, [says(0, "near", 5)])


def test_a_relation_that_holds_at_no_time_does_not_reach_a_score():
    with pytest.raises(InvalidSceneValue, match="holds at no time"):
        graph(FULL.objects, [Relation(0, "near", 1, Category.SPATIAL, Spans())])


@pytest.mark.parametrize(
    ("start", "end"), [(4.0, 2.0), (2.0, 2.0), (-1.0, 2.0), (math.nan, 2.0), (0.0, math.nan), (0.0, math.inf)]
)
def test_times_that_are_none_do_not_reach_a_score(start, end):
    with pytest.raises(InvalidSceneValue, match="a span is 0 <= start < end"):
        says(0, "near", 1, (start, end))


def test_spans_outside_the_video_are_counted_and_stay_as_they_are():
    said = graph(FULL.objects, [says(0, "near", 1, (0, LENGTH + 5)), says(0, "on", 1, (0, LENGTH + 1))])
    score = score_video(FULL, said)
    assert score.oddities == Oddities(outside=1), "answers count whole seconds: a second more is none"
    assert score_video(FULL, said, Settings(reach=0)).oddities.outside == 2
    assert score_video(said, said).oddities == Oddities(outside=1, true_outside=1)


def test_spans_that_overlap_are_counted_and_joined():
    raw = Spans((Span(3, 4), Span(0, 3), Span(1, 2)))  # as only the bare constructor makes them
    said = graph(FULL.objects, [Relation(0, "near", 1, Category.SPATIAL, raw)])
    score = score_video(FULL, said)
    assert score.oddities == Oddities(untidy=1)
    assert score.ratio(Cell(Measure.RELATIONS, "strict", 0.7)) == Ratio(1, 1), "0 to 4, as the truth has it"


def test_relations_that_come_twice_are_counted_and_count():
    twice = [says(0, "near", 1), says(0, "Near", 1), says(0, "near", 1, (0, 3))]
    score = score_video(FULL, graph(FULL.objects, [*twice, says(1, "near", 0)]))
    assert score.oddities == Oddities(duplicates=1)
    assert score.ratio(where(Measure.RELATIONS), Side.PRECISION) == Ratio(3, 4)
    assert score_video(graph(FULL.objects, twice), FULL).oddities == Oddities(true_duplicates=1)


def test_objects_that_are_only_called_object_are_counted():
    said = graph([thing(0, "Object", "red"), thing(1, "cat")])
    score = score_video(FULL, said)
    assert score.oddities.unnamed == 1
    assert score.ratio(Cell(Measure.OBJECTS, "lenient")) == Ratio(1, 2), "that is no hypernym of everything"


def test_labels_of_signs_alone_are_only_like_themselves():
    truth = graph([thing(0, "()", "", "?"), thing(1, "[]", "-")])
    assert score_video(truth, truth).ratio(Cell(Measure.ATTRIBUTES, "lenient")) == Ratio(3, 3)
    said = graph([thing(0, "[]", "!", "%"), thing(1, "()")])
    for measure in (Measure.OBJECTS, Measure.ATTRIBUTES):
        assert score_video(truth, said).ratio(Cell(measure, "lenient")).right == 0


def crowd(n: int, *, seed: int, things: int, predicates: int) -> SceneGraph:
    """`n` relations among a few things at random times."""
    draw = random.Random(seed)
    said = []
    for _ in range(n):
        subject, object_ = draw.sample(range(things), 2)
        start = draw.uniform(0, LENGTH - 1)
        spans = Spans((Span(start, draw.uniform(start + 0.1, LENGTH)),))
        said.append(Relation(subject, f"p{draw.randrange(predicates)}", object_, Category.SPATIAL, spans))
    return graph([thing(i, "dog") for i in range(things)], said)


def seconds(n: int, **more: int) -> float:
    truth, said = (crowd(n, seed=seed, **more) for seed in (1, 2))
    gc.disable()  # it would look at all that other tests left, in either of two measurements
    try:
        began = time.process_time()
        score_video(truth, said)
        return time.process_time() - began
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("small", "large", "things", "predicates"),
    [
        (8_000, 32_000, 40, 50),  # a few statements of each pair
        (4_000, 16_000, 2, 1),  # all say the same of one pair, each at another time
        (1_000, 4_000, 2, 10**9),  # all say something else of one pair
    ],
)
def test_time_grows_with_the_number_of_relations_not_with_its_square(small, large, things, predicates):
    seconds(200, things=things, predicates=predicates)  # reads the lexicon
    few, four_times = (seconds(n, things=things, predicates=predicates) for n in (small, large))
    assert four_times < 4 * 2.5 * few, "the square would be 16 times"


def test_among_many_relations_those_that_are_near_enough_are_found():
    truth, said = crowd(600, seed=1, things=2, predicates=1), crowd(40, seed=2, things=2, predicates=1)
    score = score_video(truth, said)
    for at in (0.1, 0.5, 0.7):
        near = [any(overlap(r, q) > at for q in said.relations) for r in truth.relations]
        assert 0 < sum(near) < 600
        assert score.ratio(Cell(Measure.RELATIONS, "strict", at)) == Ratio(sum(near), 600)


def overlap(r: Relation, q: Relation) -> float:
    return tiou(r.spans, q.spans) if r.key == q.key else 0.0

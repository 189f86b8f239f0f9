"""Scores of one video: systems of known quality, the protocol's rules one by one, and the strict scorer's counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from svg2_assets.evaluation.graphs.scores import score_video
from svg2_assets.evaluation.graphs.settings import Criterion, Direction, Settings, lenient, strict
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side, groups_of
from svg2_assets.evaluation.judges.exact import Exact
from svg2_assets.evaluation.judges.lexical import Lexical
from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair
from svg2_assets.evaluation.judges.normalised import Normalised
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.spans import tiou
from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.traser.text import told_of
from svg2_assets.traser.training import scores as training
from svg2_assets.traser.training.scores import Ratio
from tests.evaluation.graphs.scenes import graph, graphs, says, thing, told

many = settings(max_examples=40, deadline=None)
MAIN = 0.5


def cell(measure: Measure, criterion: str = "strict", at: float | None = MAIN, group: str = "all") -> Cell:
    return Cell(measure, criterion, at if measure.timed else None, group)


def recall(
    truth: SceneGraph, predicted: SceneGraph | None, measure: Measure, criterion: str = "strict", **more
) -> Ratio:
    settings = more.pop("settings", Settings())
    return score_video(truth, predicted, settings).ratio(cell(measure, criterion, **more))


THINGS = [
    thing(i, name, "red", "tall") for i, name in enumerate("dog cat horse car chair table tree cup ball man".split())
]
SAID = [says(i, "holding", i + 1, (0, 3)) for i in range(9)] + [says(CAMERA_ID, "following", 0, (0, 3))]
TRUTH = graph(THINGS, SAID)


def test_the_truth_is_right_everywhere():
    score = score_video(TRUTH, TRUTH)
    settings = score.settings
    for measure in Measure:
        for criterion in ("strict", "lenient"):
            for at in (None, *settings.thresholds) if measure.timed else (None,):
                for side in Side:
                    assert score.ratio(Cell(measure, criterion, at), side).share == 1
                assert score.f1(Cell(measure, criterion, at)) == 1


def test_names_wrong_in_a_known_share_cost_that_share_and_the_triplets_of_their_ends():
    wrong = [thing(o.id, "zorb" if o.id in {2, 5, 9} else o.name, "red", "tall") for o in THINGS]
    score = score_video(TRUTH, graph(wrong, SAID))
    assert score.ratio(cell(Measure.OBJECTS)) == Ratio(7, 10)
    assert score.ratio(cell(Measure.OBJECTS), Side.PRECISION) == Ratio(7, 10)
    assert score.ratio(cell(Measure.RELATIONS)) == Ratio(10, 10), "names do not matter to relations"
    # Each wrong name takes the relations before and after it, the last only the one before.
    assert score.ratio(cell(Measure.TRIPLETS)) == Ratio(10 - 5, 10)
    assert score.f1(cell(Measure.OBJECTS)) == pytest.approx(0.7)


def test_other_words_for_the_same_are_right_only_leniently():
    truth = graph([thing(0, "sofa", "wooden"), thing(1, "dog")], [says(1, "near", 0)])
    said = graph([thing(0, "couch", "made of wood"), thing(1, "puppy")], [says(1, "next to", 0)])
    for measure in Measure:
        assert recall(truth, said, measure).right == 0
        assert recall(truth, said, measure, "lenient").share == 1


def test_opposite_predicates_are_wrong_even_leniently():
    truth = graph(THINGS, [says(0, "left of", 1), says(1, "in front of", 2), says(2, "entering", 3)])
    said = graph(THINGS, [says(0, "right of", 1), says(1, "behind", 2), says(2, "leaving", 3)])
    assert recall(truth, said, Measure.RELATIONS, "lenient", at=None) == Ratio(0, 3)


def test_a_tiou_of_exactly_the_threshold_is_not_enough():
    truth, shifted = (
        graph(THINGS[:2], [says(0, "holding", 1, (0, 3))]),
        graph(THINGS[:2], [says(0, "holding", 1, (1, 4))]),
    )
    curve = {
        at: recall(truth, shifted, Measure.RELATIONS, at=at).right for at in (None, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    }
    assert curve == {None: 1, 0.1: 1, 0.2: 1, 0.3: 1, 0.4: 1, 0.5: 0, 0.6: 0, 0.7: 0}  # 2 s of 4 s


def test_every_threshold_is_exceeded_or_not_at_tenths_of_the_union():
    for tenths in range(1, 10):
        truth, said = (
            graph(THINGS[:2], [says(0, "holding", 1, (0, 10))]),
            graph(THINGS[:2], [says(0, "holding", 1, (0, tenths))]),
        )
        for i in range(1, 8):
            assert recall(truth, said, Measure.RELATIONS, at=i / 10).right == int(tenths > i)


def test_direction_matters():
    turned = graph(THINGS, [says(r.object, r.predicate, r.subject, (0, 3)) for r in SAID])
    assert recall(TRUTH, turned, Measure.RELATIONS, "lenient", at=None) == Ratio(0, 10)


def test_the_camera_is_always_named_right():
    said = graph([thing(0, "zorb"), thing(1, "cat")], [says(CAMERA_ID, "following", 1)])
    truth = graph([thing(0, "dog"), thing(1, "cat")], [says(CAMERA_ID, "following", 1)])
    assert recall(truth, said, Measure.TRIPLETS) == Ratio(1, 1)


def test_one_prediction_may_satisfy_several_references_and_the_other_way_round():
    truth = graph(
        THINGS[:2], [says(0, "holding", 1, (0, 4)), says(0, "carrying", 1, (0, 4)), says(0, "holding", 1, (0, 3))]
    )
    score = score_video(truth, graph(THINGS[:2], [says(0, "holding", 1, (0, 4))]))
    assert score.ratio(cell(Measure.RELATIONS)) == Ratio(2, 3)
    assert score.ratio(cell(Measure.RELATIONS, "lenient")) == Ratio(3, 3)
    assert score.ratio(cell(Measure.RELATIONS), Side.PRECISION) == Ratio(1, 1)


def test_attributes_count_for_their_own_object_alone():
    truth = graph([thing(0, "dog", "red", "tall"), thing(1, "cat", "blue")])
    said = graph([thing(0, "dog", "blue"), thing(1, "cat", "Blue", "red", "shiny")])
    score = score_video(truth, said)
    assert score.ratio(cell(Measure.ATTRIBUTES)) == Ratio(1, 3)
    assert score.ratio(cell(Measure.ATTRIBUTES), Side.PRECISION) == Ratio(1, 4)
    assert score.f1(cell(Measure.ATTRIBUTES)) == pytest.approx(2 * (1 / 3) * (1 / 4) / (1 / 3 + 1 / 4))


def test_better_systems_have_higher_scores():
    def system(names: int, relations: int) -> SceneGraph:
        things = [thing(o.id, o.name if o.id < names else "zorb", "red") for o in THINGS]
        return graph(things, SAID[:relations])

    ranked = [score_video(TRUTH, system(n, r)) for n, r in ((10, 10), (8, 8), (5, 5), (2, 3), (0, 0))]
    for measure in (Measure.OBJECTS, Measure.RELATIONS, Measure.TRIPLETS):
        shares = [s.ratio(cell(measure)).share for s in ranked]
        assert shares == sorted(shares, reverse=True)
        assert len(set(shares)) == len(shares)


def test_groups_hold_what_belongs_to_them():
    things = [thing(0, "man"), thing(1, "hand", part_of=0), thing(2, "cup")]
    truth = graph(
        things,
        [
            says(0, "holding", 2, (0, 0.5), category=Category.FUNCTIONAL),
            says(1, "holding", 2, (0, 1), category=Category.FUNCTIONAL),
            says(0, "near", 2, (0, 2), (5, 6)),
            says(CAMERA_ID, "following", 0, (0, 20), category=Category.MOTION),
        ],
    )
    score = score_video(truth, graph([thing(0, "man"), thing(1, "zorb"), thing(2, "cup")], truth.relations[1:]))

    def found(measure: Measure, group: str) -> tuple[int, int]:
        ratio = score.ratio(cell(measure, group=group))
        return ratio.right, ratio.of

    assert found(Measure.OBJECTS, "level:whole") == (2, 2)
    assert found(Measure.OBJECTS, "level:part") == (0, 1)
    assert found(Measure.RELATIONS, "level:whole") == (2, 3)
    assert found(Measure.RELATIONS, "level:part") == (1, 1)
    assert found(Measure.TRIPLETS, "level:part") == (0, 1)
    assert found(Measure.RELATIONS, "category:functional") == (1, 2)
    assert found(Measure.RELATIONS, "category:motion") == (1, 1)
    assert found(Measure.RELATIONS, "category:social") == (0, 0)
    assert found(Measure.RELATIONS, "length:<1s") == (0, 1)
    assert found(Measure.RELATIONS, "length:1-3s") == (1, 1)
    assert found(Measure.RELATIONS, "length:3-10s") == (1, 1)
    assert found(Measure.RELATIONS, "length:>=10s") == (1, 1)


def test_precision_goes_by_the_groups_of_the_predictions_and_the_levels_of_the_truth():
    truth = graph([thing(0, "man"), thing(1, "hand", part_of=0)], [says(1, "near", 0, category=Category.SPATIAL)])
    said = graph([thing(0, "man"), thing(1, "hand"), thing(7, "cup")], [says(1, "near", 0, category=Category.MOTION)])
    score = score_video(truth, said)
    assert score.ratio(cell(Measure.OBJECTS, group="level:part"), Side.PRECISION) == Ratio(1, 1)
    assert score.ratio(cell(Measure.OBJECTS, group="level:whole"), Side.PRECISION) == Ratio(1, 2)
    assert score.ratio(cell(Measure.RELATIONS, group="category:motion"), Side.PRECISION) == Ratio(1, 1)
    assert score.ratio(cell(Measure.RELATIONS, group="category:spatial"), Side.PRECISION) == Ratio(0, 0)


@many
@given(graphs(), graphs())
def test_groups_of_a_kind_add_up_to_all(truth, predicted):
    score = score_video(truth, predicted)
    for measure in Measure:
        for side in Side:
            for prefix in ("level", "category", "length") if measure.timed else ("level",):
                parts = [
                    score.ratio(cell(measure, "lenient", group=g), side)
                    for g in groups_of(measure, score.settings)
                    if g.startswith(prefix)
                ]
                assert sum(parts, Ratio()) == score.ratio(cell(measure, "lenient"), side)


TURNED = graph(THINGS[:2], [says(1, "Near", 0), says(1, "right of", 0), says(1, "holding", 0)])


@pytest.mark.parametrize(
    ("direction", "right"), [(Direction.AS_GIVEN, 0), (Direction.SYMMETRIC, 1), (Direction.INVERSE, 2)]
)
def test_what_holds_both_ways_counts_only_where_the_settings_say_so(direction, right):
    truth = graph(THINGS[:2], [says(0, "near", 1), says(0, "left of", 1), says(0, "holding", 1)])
    settings = Settings(direction=direction)
    score = score_video(truth, TURNED, settings)
    assert score.ratio(cell(Measure.RELATIONS)) == Ratio(right, 3)
    assert score.ratio(cell(Measure.RELATIONS), Side.PRECISION) == Ratio(right, 3)
    assert settings.record()["direction"] == direction.value
    assert Settings().direction is Direction.AS_GIVEN, "the protocol's"


STRICT = {
    "objects": (Measure.OBJECTS, Side.RECALL),
    "objects_precision": (Measure.OBJECTS, Side.PRECISION),
    "attributes": (Measure.ATTRIBUTES, Side.RECALL),
    "attributes_precision": (Measure.ATTRIBUTES, Side.PRECISION),
    "relations": (Measure.RELATIONS, Side.RECALL),
    "relations_precision": (Measure.RELATIONS, Side.PRECISION),
    "triplets": (Measure.TRIPLETS, Side.RECALL),
    "triplets_precision": (Measure.TRIPLETS, Side.PRECISION),
}


@many
@given(graphs(), graphs())
def test_strict_counts_are_those_of_the_scorer_of_training(truth, predicted):
    ours, theirs = score_video(truth, predicted), training.score(told(truth), told(predicted))
    assert {name: ours.ratio(cell(*where[:1]), where[1]) for name, where in STRICT.items()} == {
        name: getattr(theirs, name) for name in STRICT
    }


@many
@given(graphs(ids=(0, 1, 2)), graphs(ids=(0, 1, 2)))
def test_and_so_they_are_where_the_objects_are_those_that_training_shows(truth, predicted):
    shown = (2, 0, 1)
    ours, theirs = score_video(truth, predicted), training.score(told_of(truth, shown), told_of(predicted, shown))
    assert {name: ours.ratio(cell(*where[:1]), where[1]) for name, where in STRICT.items()} == {
        name: getattr(theirs, name) for name in STRICT
    }


def by_the_book(truth: SceneGraph, said: SceneGraph, criterion: Criterion, at: float | None) -> Iterator[Ratio]:
    """The protocol word by word, all with all."""

    def ok(a: str, b: str, kind: Kind) -> bool:
        a, b = (training.plain(text) for text in (a, b))
        return criterion.judge.judge([Pair(a, b, kind)])[0] in criterion.accepts

    there = {o.id: o for o in said.objects}
    named = {o.id for o in truth.objects if o.id in there and ok(o.name, there[o.id].name, Kind.OBJECT)} | {CAMERA_ID}
    yield Ratio(sum(o.id in named for o in truth.objects), len(truth.objects))
    attributes = [
        any(ok(a.value, b.value, Kind.ATTRIBUTE) for b in (there[o.id].attributes if o.id in there else ()))
        for o in truth.objects
        for a in o.attributes
    ]
    yield Ratio(sum(attributes), len(attributes))
    relations = [
        any(
            (r.subject, r.object) == (q.subject, q.object)
            and ok(r.predicate, q.predicate, Kind.PREDICATE)
            and (at is None or tiou(r.spans, q.spans) > at)
            for q in said.relations
        )
        for r in truth.relations
    ]
    yield Ratio(sum(relations), len(relations))
    both = [{r.subject, r.object} <= named for r in truth.relations]
    yield Ratio(sum(a and b for a, b in zip(relations, both, strict=True)), len(relations))


@many
@given(graphs(), graphs())
def test_all_counts_are_those_of_the_protocol_word_by_word(truth, predicted):
    criteria = (strict(), Criterion("normalised", Normalised(), frozenset({Likeness.IDENTICAL})), lenient())
    score = score_video(truth, predicted, Settings(criteria=criteria))
    for criterion in criteria:
        for at in (None, 0.1, 0.5, 0.7):
            ours = [score.ratio(cell(m, criterion.name, at)) for m in Measure]
            assert ours == list(by_the_book(truth, predicted, criterion, at))


@many
@given(graphs(), graphs())
def test_precision_is_recall_with_the_sides_exchanged(truth, predicted):
    there, back = score_video(truth, predicted), score_video(predicted, truth)
    for measure in Measure:
        for criterion in ("strict", "lenient"):
            where = cell(measure, criterion)
            assert there.ratio(where, Side.PRECISION) == back.ratio(where)


def test_graphs_of_different_videos_are_not_compared():
    with pytest.raises(InvalidSceneValue, match="a: expected a prediction for this video, not one for b"):
        score_video(graph([], video_id="a"), graph([], video_id="b"))


def test_cells_that_are_nowhere_are_refused():
    score = score_video(TRUTH, TRUTH)
    for wrong, told_ in (
        (Cell(Measure.OBJECTS, "soft"), "expected one of strict, lenient"),
        (Cell(Measure.OBJECTS, group="length:<1s"), "expected one of all, level:whole, level:part"),
        (Cell(Measure.RELATIONS, at=0.55), "tIoU 0.55 of relations"),
        (Cell(Measure.OBJECTS, at=0.5), "it has no time"),
    ):
        with pytest.raises(InvalidSceneValue, match=told_):
            score.ratio(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"criteria": ()},
        {"criteria": (strict(), strict(Lexical()))},
        {"thresholds": (0.5, 0.1)},
        {"thresholds": (0.5, 1.0)},
        {"thresholds": (0.4, 0.6)},
        {"lengths": (3.0, 1.0)},
        {"lengths": (0.0, 1.0)},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InvalidSceneValue, match="expected"):
        Settings(**wrong)


def test_settings_say_what_was_judged_by_what():
    record = Settings(criteria=(strict(), lenient())).record()
    assert record["criteria"][0] == {
        "name": "strict",
        "judge": "exact",
        "version": Exact().version,
        "accepts": ["identical"],
    }
    assert record["criteria"][1]["judge"] == "lexical"
    assert record["criteria"][1]["accepts"] == ["identical", "synonym", "hypernym/hyponym", "semantic overlap"]

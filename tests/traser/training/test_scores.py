"""Answers against truth, counted as the paper counts."""

from __future__ import annotations

from svg2_assets.scene.spans import Spans
from svg2_assets.traser.text import Statement, Thing, Told
from svg2_assets.traser.training.scores import Ratio, plain, score, total


def during(*parts: tuple[float, float]) -> Spans:
    return Spans.of(parts)


TRUTH = Told(
    (Thing(1, "Dog", ("brown", "small")), Thing(2, "ball", ("red",))),
    (Statement(1, "chases", 2, during((0, 4))), Statement(-1, "follows", 1, during((2, 6)))),
)


def test_the_truth_itself_is_all_right() -> None:
    assert all(share == 1.0 for share in score(TRUTH, TRUTH).figures().values())


def test_an_answer_that_cannot_be_read_has_no_recall_and_no_precision_to_speak_of() -> None:
    scores = score(TRUTH, None)
    assert scores.answers == Ratio(0, 1)
    assert scores.objects == Ratio(0, 2)
    assert scores.relations == Ratio(0, 2)
    assert "objects_precision" not in scores.figures()


def test_names_are_compared_after_case_underscores_and_marks_of_doubt() -> None:
    assert plain("  Big_Dog (uncertain) ") == "big dog"
    told = Told((Thing(1, "dog (Uncertain)"), Thing(2, "sphere"), Thing(3, "cat")))
    scores = score(TRUTH, told)
    assert scores.objects == Ratio(1, 2)
    assert scores.objects_precision == Ratio(1, 3)


def test_attributes_count_for_their_own_object_alone() -> None:
    told = Told((Thing(1, "dog", ("red", "Brown")), Thing(2, "ball")))
    scores = score(TRUTH, told)
    assert scores.attributes == Ratio(1, 3)
    assert scores.attributes_precision == Ratio(1, 2)


def test_a_relation_has_a_direction_and_must_overlap_by_more_than_half() -> None:
    def relations(*statements: Statement) -> Ratio:
        return score(TRUTH, Told(TRUTH.things, statements)).relations

    assert relations(Statement(2, "chases", 1, during((0, 4)))) == Ratio(0, 2)
    assert relations(Statement(1, "chases", 2, during((0, 2)))) == Ratio(0, 2), "exactly half is not enough"
    assert relations(Statement(1, "chases", 2, during((0, 2.1)))) == Ratio(1, 2)
    assert relations(Statement(1, "chases", 2, during((0, 1), (1, 3)))) == Ratio(1, 2)


def test_separate_answers_are_not_joined_over_time() -> None:
    halves = (Statement(1, "chases", 2, during((0, 2))), Statement(1, "chases", 2, during((2, 4))))
    scores = score(TRUTH, Told(TRUTH.things, halves))
    assert scores.relations == Ratio(0, 2)
    assert scores.relations_precision == Ratio(0, 2)


def test_a_triplet_needs_both_names_and_the_camera_is_always_right() -> None:
    told = Told((Thing(1, "dog"), Thing(2, "stone")), TRUTH.statements)
    scores = score(TRUTH, told)
    assert scores.relations == Ratio(2, 2)
    assert scores.triplets == Ratio(1, 2)
    assert scores.triplets_precision == Ratio(1, 2)


def test_counts_add_up_over_answers() -> None:
    both = total([score(TRUTH, TRUTH), score(TRUTH, None)])
    assert both.objects == Ratio(2, 4)
    assert both.rows()[0] == ("valid answers", "50.0 % (1/2)", "")

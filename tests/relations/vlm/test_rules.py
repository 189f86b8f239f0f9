"""Each rule fires on what it is for, and on nothing else."""

from __future__ import annotations

from collections import Counter

import pytest

from svg2_assets.relations.vlm.answers import Draft
from svg2_assets.relations.vlm.messages import PASSES
from svg2_assets.relations.vlm.rules import Rule, clean, without_contradictions
from svg2_assets.relations.vlm.settings import Cleaning
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import Category
from tests.relations.vlm.scenes import context, draft, kitchen
from tests.relations.worlds import World, still


def outcome(*drafts: Draft, **given: object) -> tuple[list[Relation], Counter[Rule]]:
    kept, counts = clean(drafts, context(**given))  # type: ignore[arg-type]
    return kept, +counts


def test_a_good_claim_passes_untouched() -> None:
    kept, counts = outcome(draft(1, "on", 2, (2.0, 6.0)))
    assert kept == [Relation(1, "on", 2, Category.SPATIAL, Spans.of([(2.0, 6.0)]), 0.8)]
    assert counts == Counter()


@pytest.mark.parametrize("ends", [(99, 2), (1, 99), (-2, 1), (7, 8)])
def test_unknown_ids_are_dropped(ends: tuple[int, int]) -> None:
    assert outcome(draft(ends[0], "on", ends[1])) == ([], Counter({Rule.UNKNOWN_ID: 1}))


def test_nothing_relates_to_itself() -> None:
    assert outcome(draft(1, "near", 1)) == ([], Counter({Rule.SELF_RELATION: 1}))
    assert outcome(draft(-1, "moving with", -1, category="motion")) == ([], Counter({Rule.SELF_RELATION: 1}))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Leaning_Against", "leaning against"),
        ("  tied   to. ", "tied to"),
        ("hanging\nfrom\u200b", "hanging from"),
        ("ЛЕЖИТ НА", "лежит на"),
        ("<b>leaning on</b>", "leaning on"),
    ],
)
def test_predicates_become_plain_words(said: str, kept: str) -> None:
    relations, counts = outcome(draft(1, said, 2))
    assert [r.predicate for r in relations] == [kept]
    assert counts == Counter({Rule.PREDICATE: 1})


@pytest.mark.parametrize(
    "said",
    [
        "",
        " _ ",
        "123",
        "{on}",
        "x" * 129,
        "one two three four five six seven eight nine",
        "word " * 10_000,
    ],
)
def test_predicates_that_cannot_be_one_are_dropped(said: str) -> None:
    assert outcome(draft(1, said, 2)) == ([], Counter({Rule.PREDICATE: 1}))


def test_a_synonym_becomes_the_word_of_the_vocabulary() -> None:
    assert [r.predicate for r in outcome(draft(0, "next to", 3))[0]] == ["near"]


def test_only_what_acts_rides() -> None:
    horse = (
        World(seconds=10)
        .add("person", still(0, 0, 40, 80))
        .add("horse", still(0, 60, 80, 80))
        .add("box", still(90, 0, 20, 20))
    )
    mounted = [draft(i, "mounted on", 1, (0.0, 9.0), category="stateful") for i in (0, 2)]
    assert [(r.subject, r.predicate) for r in outcome(*mounted, world=horse)[0]] == [(0, "riding"), (2, "mounted on")]


@pytest.mark.parametrize(
    "claim",
    [
        draft(2, "cutting", 1, category="functional"),
        draft(1, "watching", 0, category="attentional"),
        draft(0, "talking to", 1, category="social"),
        draft(-1, "carrying", 1, category="stateful"),
        draft(1, "resting on", 2, category="nonsense"),
    ],
)
def test_categories_that_the_ends_cannot_have_are_dropped(claim: Draft) -> None:
    assert outcome(claim) == ([], Counter({Rule.CATEGORY: 1}))


@pytest.mark.parametrize(
    "claim",
    [
        draft(3, "sniffing", 1, category="functional"),
        draft(0, "petting", 3, category="social"),
        draft(-1, "zooming in on", 1, category="attentional"),
        draft(0, "wearing", 2, category="stateful"),
        draft(1, "falling from", 2, category="motion"),
    ],
)
def test_categories_that_the_ends_may_have_stay(claim: Draft) -> None:
    kept, counts = outcome(claim)
    assert [r.category.value for r in kept] == [claim.category]
    assert counts == Counter()


def test_a_known_predicate_has_the_category_of_the_vocabulary() -> None:
    kept, counts = outcome(draft(0, "holding", 1, category="stateful"))
    assert kept[0].category is Category.FUNCTIONAL
    assert counts == Counter({Rule.CATEGORY: 1})


@pytest.mark.parametrize(("which", "said"), [("spatial", "motion"), ("dynamic", "spatial")])
def test_what_the_other_pass_is_asked_for_is_left_to_it(which: str, said: str) -> None:
    claim = draft(0, "standing before", 2, category=said)
    assert outcome(claim, categories=PASSES[which]) == ([], Counter({Rule.OTHER_PASS: 1}))


def test_layout_between_a_whole_and_its_part_goes_without_saying() -> None:
    trivial = [draft(4, "on", 0, (0.0, 9.0)), draft(0, "beside", 4), draft(4, "attached to", 0, category="stateful")]
    for claim in trivial:
        assert outcome(claim, o4=0) == ([], Counter({Rule.OWN_PART: 1}))


def test_what_a_whole_does_with_its_part_is_told() -> None:
    claim = draft(0, "raising", 4, (1.0, 3.0), category="functional")
    assert outcome(claim, o4=0)[1] == Counter()
    assert outcome(draft(4, "on", 2, (1.0, 3.0)), o4=0)[1] == Counter()


@pytest.mark.parametrize(
    "claim",
    [
        draft(-1, "observing", 1, category="attentional"),
        draft(-1, "filming closely", 1, category="attentional"),
        draft(1, "visible to", -1),
        draft(0, "in front of", -1),
    ],
)
def test_that_the_camera_sees_a_thing_is_no_relation(claim: Draft) -> None:
    assert outcome(claim) == ([], Counter({Rule.TRIVIAL_CAMERA: 1}))


@pytest.mark.parametrize(
    "claim",
    [
        draft(-1, "following", 3, category="motion"),
        draft(-1, "panning towards", 3, category="attentional"),
        draft(0, "looking at", -1, category="attentional"),
        draft(3, "approaching", -1, category="motion"),
    ],
)
def test_what_the_camera_does_is_a_relation(claim: Draft) -> None:
    kept, counts = outcome(claim)
    assert len(kept) == 1
    assert counts == Counter()


def test_a_reversed_span_is_turned_round() -> None:
    kept, counts = outcome(draft(1, "on", 2, (5.0, 3.0)))
    assert kept[0].spans == Spans.of([(3.0, 5.0)])
    assert counts == Counter({Rule.REVERSED_SPAN: 1})


def test_a_moment_becomes_the_time_of_its_frame() -> None:
    kept, counts = outcome(draft(1, "on", 2, (3.5, 3.5)))
    assert kept[0].spans == Spans.of([(3.0, 4.0)])
    assert counts == Counter({Rule.EMPTY_SPAN: 1})


def test_no_time_is_no_relation() -> None:
    claim = Draft(1, "on", 2, "spatial", (), 0.9)
    assert outcome(claim) == ([], Counter({Rule.EMPTY_SPAN: 1}))


def test_a_span_is_cut_to_the_window() -> None:
    kept, counts = outcome(draft(0, "near", 2, (8.0, 40.0)))
    assert kept[0].spans == Spans.of([(8.0, 10.0)])
    assert counts == Counter({Rule.OUTSIDE_WINDOW: 1})


def test_a_span_behind_the_window_is_dropped() -> None:
    assert outcome(draft(0, "near", 2, (12.0, 40.0))) == ([], Counter({Rule.OUTSIDE_WINDOW: 1}))


def test_a_little_outside_is_cut_and_not_held_against_it() -> None:
    kept, counts = outcome(draft(1, "on", 2, (1.7, 6.3)), draft(0, "near", 2, (9.0, 10.4)))
    assert [r.spans for r in kept] == [Spans.of([(2.0, 6.0)]), Spans.of([(9.0, 10.0)])]
    assert counts == Counter()


def test_a_span_is_cut_to_when_both_are_visible() -> None:
    kept, counts = outcome(draft(1, "on", 2, (0.0, 10.0)))
    assert kept[0].spans == Spans.of([(2.0, 6.0)])
    assert counts == Counter({Rule.NOT_COVISIBLE: 1})


def test_nothing_holds_of_what_is_not_there() -> None:
    assert outcome(draft(1, "on", 2, (7.0, 9.0))) == ([], Counter({Rule.NOT_COVISIBLE: 1}))


def test_overlapping_spans_become_one_and_touching_ones_are_no_fault() -> None:
    kept, counts = outcome(draft(1, "on", 2, (2.0, 4.0), (3.0, 6.0)), draft(0, "behind", 2, (1.0, 2.0), (2.0, 3.0)))
    assert [r.spans for r in kept] == [Spans.of([(2.0, 6.0)]), Spans.of([(1.0, 3.0)])]
    assert counts == Counter({Rule.OVERLAPPING_SPANS: 1})


def test_what_is_said_twice_becomes_one() -> None:
    kept, counts = outcome(draft(1, "on", 2, (2.0, 3.0), confidence=0.9), draft(1, "on", 2, (4.0, 6.0), confidence=0.6))
    assert [(r.key, r.spans, r.confidence) for r in kept] == [((1, "on", 2), Spans.of([(2, 3), (4, 6)]), 0.7)]
    assert counts == Counter({Rule.DUPLICATE: 1})


def test_what_is_said_again_from_the_other_end_becomes_one() -> None:
    kept, counts = outcome(draft(0, "holding", 1, category="functional"), draft(1, "held by", 0, category="stateful"))
    assert [r.key for r in kept] == [(0, "holding", 1)]
    assert counts[Rule.INVERSE] == 1
    assert counts[Rule.DUPLICATE] == 0


def test_statements_are_kept_in_the_direction_of_the_store() -> None:
    kept, counts = outcome(draft(2, "right of", 0, (1.0, 4.0)), draft(2, "under", 1), draft(3, "near", 2, (0.0, 5.0)))
    assert [r.key for r in kept] == [(0, "left of", 2), (1, "on", 2), (2, "near", 3)]
    assert counts == Counter()


def relation(subject: int, predicate: str, object_: int, *spans: tuple[float, float], confidence: float) -> Relation:
    return Relation(subject, predicate, object_, Category.SPATIAL, Spans.of(spans), confidence)


def test_of_two_that_cannot_both_hold_the_more_confident_keeps_the_time() -> None:
    sure, less = relation(0, "left of", 1, (0, 4), confidence=0.9), relation(1, "left of", 0, (3, 8), confidence=0.5)
    kept, outweighed = without_contradictions([sure, less], cleaning=Cleaning())
    assert [(r.key, r.spans) for r in kept] == [
        ((0, "left of", 1), Spans.of([(0, 4)])),
        ((1, "left of", 0), Spans.of([(4, 8)])),
    ]
    assert outweighed == 1


def test_what_a_stronger_statement_implies_is_left_out() -> None:
    riding, on = relation(0, "riding", 1, (0, 8), confidence=0.9), relation(0, "on", 1, (0, 8), confidence=0.95)
    assert without_contradictions([riding, on], cleaning=Cleaning()) == ([riding], 1)


def test_statements_about_other_things_do_not_touch_each_other() -> None:
    two = [relation(0, "left of", 1, (0, 4), confidence=0.9), relation(1, "left of", 2, (0, 4), confidence=0.5)]
    assert without_contradictions(two, cleaning=Cleaning()) == (two, 0)


def test_many_faults_in_one_claim_are_all_counted() -> None:
    world = kitchen()
    kept, counts = outcome(draft(1, "ON", 2, (40.0, 0.0), (5.0, 3.0)), world=world)
    assert kept[0].spans == Spans.of([(2.0, 6.0)])
    assert counts == Counter(
        {
            Rule.PREDICATE: 1,
            Rule.REVERSED_SPAN: 1,
            Rule.OUTSIDE_WINDOW: 1,
            Rule.OVERLAPPING_SPANS: 1,
            Rule.NOT_COVISIBLE: 1,
        }
    )

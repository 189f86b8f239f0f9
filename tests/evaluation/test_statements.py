"""Relations judged against lists of what holds and what does not."""

from __future__ import annotations

from svg2_assets.evaluation.statements import Claim, Listed, claims_of, judge
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import Category


def spans(*pairs):
    return Spans.of(pairs)


def listed(subject, predicate, object_, *pairs):
    names = frozenset(predicate.split("/"))
    return Listed(subject, names, object_, spans(*pairs)) if pairs else Listed(subject, names, object_)


HOLDS = listed("man", "holding/carrying", "mug", (0, 10))


def test_half_of_the_listed_time_is_enough():
    assert judge([Claim("man", "holding", "mug", spans((0, 5)))], true=[HOLDS], false=[]).found == (HOLDS,)
    assert judge([Claim("man", "holding", "mug", spans((0, 4.9)))], true=[HOLDS], false=[]).missed == (HOLDS,)


def test_fragments_and_accepted_predicates_add_up():
    claims = [Claim("man", "holding", "mug", spans((0, 3))), Claim("man", "carrying", "mug", spans((6, 9)))]
    assert judge(claims, true=[HOLDS], false=[]).found == (HOLDS,)


def test_the_inverse_statement_says_the_same():
    inverse = Claim("mug", "held by", "man", spans((0, 10)))
    assert judge([inverse], true=[HOLDS], false=[]).found == (HOLDS,)
    assert judge([inverse], true=[], false=[HOLDS]).false == (inverse,)


def test_a_symmetric_claim_fits_both_ways_an_asymmetric_one_does_not():
    near = listed("a", "near", "b", (0, 2))
    assert judge([Claim("b", "near", "a", spans((0, 2)))], true=[near], false=[]).found
    assert not judge([Claim("mug", "holding", "man", spans((0, 10)))], true=[HOLDS], false=[]).found


def test_a_false_relation_counts_only_at_the_time_when_it_is_false():
    on = listed("kettle", "on", "table", (3, 10))
    early, late = Claim("kettle", "on", "table", spans((0, 2))), Claim("kettle", "on", "table", spans((0, 6)))
    assert judge([early], true=[], false=[on]).false == ()
    assert judge([late], true=[], false=[on]).false == (late,)


def test_the_edges_of_a_false_span_are_not_judged():
    on = listed("kettle", "on", "table", (3, 10))
    assert judge([Claim("kettle", "on", "table", spans((0, 3.4)))], true=[], false=[on]).false == ()


def test_a_false_relation_without_time_is_false_from_the_first_instant():
    behind = listed("man", "behind", "tree")
    claim = Claim("man", "behind", "tree", spans((0, 0.2)))
    assert judge([claim], true=[], false=[behind]).false == (claim,)


def test_predicates_that_hold_of_no_pair_are_false_in_either_direction():
    claims = [Claim("a", "riding", "b", spans((0, 1))), Claim("b", "ridden by", "a", spans((0, 1)))]
    assert len(judge(claims, true=[], false=[], never=frozenset({"riding"})).false) == 2
    fragments = Claim("a", "riding", "a", spans((0, 1)))  # two pieces of one thing
    assert judge([fragments], true=[], false=[], never=frozenset({"riding"})).false == ()


def test_silence_is_neither_found_nor_false():
    judged = judge([], true=[HOLDS], false=[HOLDS])
    assert (judged.found, judged.false, judged.unjudged) == ((), (), 0)


def test_claims_that_no_list_speaks_of_are_counted():
    claims = [Claim("man", "near", "mug", spans((0, 1))), Claim("man", "holding", "mug", spans((0, 1)))]
    assert judge(claims, true=[HOLDS], false=[]).unjudged == 1


def test_relations_of_untied_objects_are_counted_apart():
    near = Relation(1, "near", 2, Category.SPATIAL, spans((0, 1)))
    leaving = Relation(1, "leaving", -1, Category.MOTION, spans((0, 1)))
    claims, others = claims_of([near, leaving], {1: "man", 2: "mug"})
    assert claims == [Claim("man", "near", "mug", near.spans)]
    assert others == 1

"""The deterministic judges: what each takes for the same, what the lexicon knows, and what must hold of any judge."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.judges import attributes, objects, predicates
from svg2_assets.evaluation.judges.exact import Exact
from svg2_assets.evaluation.judges.forms import form_of, forms_of
from svg2_assets.evaluation.judges.lexical import Lexical
from svg2_assets.evaluation.judges.likeness import CLOSENESS, Kind, Likeness, Pair
from svg2_assets.evaluation.judges.normalised import Normalised
from svg2_assets.labels.canonical import synonyms
from svg2_assets.labels.concepts import COCO, PARENT
from svg2_assets.scene.taxonomy import ANTONYMS, PREDICATE_CATEGORIES, SYNONYMS
from svg2_assets.traser.training.scores import plain

JUDGES = (Exact(), Normalised(), Lexical())
OBJECT, ATTRIBUTE, PREDICATE = Kind


def likeness(judge, reference: str, prediction: str, kind: Kind) -> Likeness:
    return judge.judge([Pair(reference, prediction, kind)])[0]


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        (OBJECT, "car_(automobile)", "car"),
        (OBJECT, "The Wine_Glasses", "wine glass"),
        (OBJECT, "a pair of shoes", "shoe"),
        (OBJECT, "T-shirts", "t shirt"),
        (OBJECT, "dog (uncertain)", "dog"),
        (OBJECT, "()", "()"),
        (OBJECT, "", ""),
        (ATTRIBUTE, "light-brown", "light brown"),
        (ATTRIBUTE, "is Standing", "stand"),
        (ATTRIBUTE, "Grey", "gray"),
        (ATTRIBUTE, "black stripes", "black stripe"),
        (PREDICATE, "is_holding", "hold"),
        (PREDICATE, "holds", "hold"),
        (PREDICATE, "held by", "held by"),
        (PREDICATE, "crosses", "cross"),
        (PREDICATE, "sitting on", "sit on"),
        (PREDICATE, "slowly walks towards", "slowly walk toward"),
        (PREDICATE, "across", "across"),
        (PREDICATE, "in the front of", "in front of"),
    ],
)
def test_normal_forms(kind, text, form):
    assert form_of(text, kind) == form


def test_alternatives_are_for_references_alone():
    assert forms_of("chair or seat", OBJECT) == ("chair", "seat")
    for judge in (Normalised(), Lexical()):
        assert likeness(judge, "cattle/cow", "cows", OBJECT) is Likeness.IDENTICAL
        assert likeness(judge, "cow", "dog or cow or car", OBJECT) is Likeness.MISMATCH, "no way to win by guessing"


EXAMPLES = {
    OBJECT: {
        Likeness.IDENTICAL: ["dog|Dogs", "the knife|knives"],
        Likeness.SYNONYM: ["sofa|couch", "fridge|refrigerator", "cell phone|smartphone", "red sofa|red couch"],
        Likeness.HYPERNYM: [
            "sedan|vehicle",
            "red bus|bus",
            "bottle of water|bottle",
            "old man in a hat|man",
            "collie|dog",
        ],
        Likeness.OVERLAP: ["desk|table", "tulip|rose", "wooden chair|white chair", "skier|man", "woman|girl"],
        Likeness.MISMATCH: ["hot dog|dog", "dog|object", "dog|thing", "man|girl", "trunk of a tree|tree", "zorb|glorb"],
    },
    ATTRIBUTE: {
        Likeness.IDENTICAL: ["grey|Gray", "stands|standing"],
        Likeness.SYNONYM: [
            "big|large",
            "black and white|white and black",
            "round in shape|circular",
            "made of wood|wooden",
        ],
        Likeness.HYPERNYM: ["blue|dark blue", "big|huge", "striped|black striped", "moving|walking"],
        Likeness.OVERLAP: ["light green|dark green", "silver|gray", "red shirt|red", "black and white|white"],
        Likeness.MISMATCH: ["dark green|dark red", "long hair|short hair", "walking|not walking", "zorby|glorby"],
    },
    PREDICATE: {
        Likeness.IDENTICAL: ["is chasing|chases"],
        Likeness.SYNONYM: [
            "on the left of|to the left of",
            "talking to|speaking with",
            "standing close to|standing near",
        ],
        Likeness.HYPERNYM: [
            "following|chasing",
            "standing under|below",
            "near|next to",
            "slowly walking on|walking on",
        ],
        Likeness.OVERLAP: ["running toward|walking toward", "riding|sitting on", "walking behind|running behind"],
        Likeness.MISMATCH: [
            "held by|holding",
            "talking to|listening to",
            "taking a picture of|taking care of",
            "looking at|looking away from",
            "near|not near",
            "zorbing|glorbing",
        ],
    },
}


@pytest.mark.parametrize(
    ("kind", "expected", "pair"),
    [(kind, like, pair) for kind, classes in EXAMPLES.items() for like, pairs in classes.items() for pair in pairs],
)
def test_the_lexicon_places_pairs_either_way_round(kind, expected, pair):
    first, second = pair.split("|")
    assert likeness(Lexical(), first, second, kind) is expected
    assert likeness(Lexical(), second, first, kind) is expected


def test_opposites_of_the_taxonomy_are_mismatches_and_its_synonyms_are_none():
    for a, b in ANTONYMS.items():
        assert likeness(Lexical(), a, b, PREDICATE) is Likeness.MISMATCH, (a, b)
    for a, b in SYNONYMS.items():
        assert likeness(Lexical(), a, b, PREDICATE) is not Likeness.MISMATCH, (a, b)


def test_no_two_predicates_that_geometry_tells_apart_are_the_same():
    known = sorted({*PREDICATE_CATEGORIES, *ANTONYMS, *ANTONYMS.values()})
    for a, b in product(known, known):
        if a != b and {a, b} != {"below", "under"}:
            assert CLOSENESS[likeness(Lexical(), a, b, PREDICATE)] > CLOSENESS[Likeness.SYNONYM], (a, b)


def test_names_of_coco_are_known_and_no_two_are_the_same():
    assert [n for n in sorted(COCO) if not Lexical().knows(n, OBJECT)] == []
    for a, b in product(sorted(COCO), sorted(COCO)):
        if a < b:
            assert CLOSENESS[likeness(Lexical(), a, b, OBJECT)] > CLOSENESS[Likeness.SYNONYM], (a, b)


def test_what_the_project_takes_for_kinds_or_synonyms_the_judge_does_not_take_for_mismatches():
    wrong = {(n, c) for n, c in synonyms().items() if likeness(Lexical(), n, c, OBJECT) is Likeness.MISMATCH}
    assert wrong == set()
    kinds = {(n, p) for n, p in PARENT.items() if p not in {"vessel", "ball or disc"} and n not in {"ball", "frisbee"}}
    assert {k for k in kinds if likeness(Lexical(), *k, OBJECT) is Likeness.MISMATCH} == set()


def test_what_the_lexicon_does_not_know_it_says_and_leaves_to_the_letters():
    lexical = Lexical()
    for kind, known, unknown in (
        (OBJECT, "red sports car", "zorb"),
        (ATTRIBUTE, "dark red", "zorby"),
        (PREDICATE, "standing behind", "zorbing"),
    ):
        assert lexical.knows(known, kind)
        assert not lexical.knows(unknown, kind)
        assert likeness(lexical, unknown, unknown.upper(), kind) is Likeness.IDENTICAL
        assert likeness(lexical, unknown, known, kind) is Likeness.MISMATCH


def test_versions_tell_tables_and_dictionary():
    assert {j.name for j in JUDGES} == {"exact", "normalised", "lexical"}
    assert len({j.version for j in JUDGES}) == 3
    assert "simplemma" in Normalised().version


words = {
    OBJECT: [*sorted(objects.lexicon().places), "red car", "zorb", "cup of tea", "chair or seat", "(", "object"],
    ATTRIBUTE: [*sorted(attributes.lexicon().places), "dark red", "red shirt", "not red", "zorby", "?"],
    PREDICATE: [*sorted(predicates.lexicon().places), "standing on", "walks behind", "zorbing", "not near"],
}
pairs = st.sampled_from(list(Kind)).flatmap(lambda k: st.builds(Pair, *[st.sampled_from(words[k])] * 2, st.just(k)))
texts = st.text(st.sampled_from("abe dg-_/()?"), max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.one_of(pairs, st.builds(Pair, texts, texts, st.sampled_from(list(Kind)))))
def test_what_must_hold_of_any_judge(pair):
    """Tiers only add; what has no key in common is a mismatch; the same text is identical."""
    exact, normalised, lexical = (j.judge([pair])[0] for j in JUDGES)
    assert (exact is Likeness.IDENTICAL) == (plain(pair.reference) == plain(pair.prediction))
    assert CLOSENESS[exact] >= CLOSENESS[normalised] >= CLOSENESS[lexical]
    assert (normalised is Likeness.IDENTICAL) == (lexical is Likeness.IDENTICAL)
    for judge in JUDGES:
        if not judge.keys(pair.reference, pair.kind) & judge.keys(pair.prediction, pair.kind):
            assert judge.judge([pair]) == [Likeness.MISMATCH]
        same = Pair(pair.reference, pair.reference, pair.kind)
        assert judge.judge([same, pair]) == [Likeness.IDENTICAL, *judge.judge([pair])]


@settings(max_examples=200, deadline=None)
@given(pairs.filter(lambda p: " or " not in p.reference + p.prediction))
def test_the_lexicon_judges_both_ways_alike(pair):
    turned = Pair(pair.prediction, pair.reference, pair.kind)
    assert Lexical().judge([pair]) == Lexical().judge([turned])

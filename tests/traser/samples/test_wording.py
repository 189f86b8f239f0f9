from __future__ import annotations

import pytest

from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import AttributeType
from svg2_assets.traser.samples.counting import Counts, Reason
from svg2_assets.traser.samples.settings import AttributeSettings
from svg2_assets.traser.samples.wording import cleaned_attributes, cleaned_name, cleaned_predicate, is_instant


@pytest.mark.parametrize(
    ("given", "told", "reason"),
    [
        ("Dog", "dog", None),
        ("a dog (uncertain)", "dog", Reason.DOUBT_MARK),
        ("Dog (Uncertain)", "dog", Reason.DOUBT_MARK),
        ("car_(automobile)", "car", Reason.EXPLANATION),
        ("chair or seat", "chair", Reason.ALTERNATIVES),
        ("traffic_light", "traffic light", None),
        ("  ", None, Reason.NAMELESS),
        ("(uncertain)", None, Reason.NAMELESS),
        ("object", None, Reason.GENERIC),
        ("rectangular object", None, Reason.GENERIC),
        ("xkcdqwrt", None, Reason.GARBLED_NAME),
        ("собака", None, Reason.GARBLED_NAME),
        ("d@g <b>", None, Reason.GARBLED_NAME),
    ],
)
def test_names_are_cleaned_and_what_says_nothing_is_not_told(
    given: str, told: str | None, reason: Reason | None
) -> None:
    counts = Counts()
    assert cleaned_name(given, generic=False, counts=counts) == told
    if reason is not None:
        assert counts[reason] == 1
    else:
        assert not counts.rows()


def test_generic_names_may_stay() -> None:
    counts = Counts()
    assert cleaned_name("Object", generic=True, counts=counts) == "object"
    assert cleaned_name("", generic=True, counts=counts) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("In_Front_of", "in front of"),
        (" kicks. ", "kicks"),
        ("", None),
        ("!?", None),
        ("与人交谈", None),
        ("a b c d e f g h i j", None),
    ],
)
def test_predicates(given: str, told: str | None) -> None:
    assert cleaned_predicate(given) == told


def test_acts_of_an_instant() -> None:
    assert is_instant("kicks")
    assert is_instant("throwing to")
    assert not is_instant("holding")
    assert not is_instant("next to")


def attributes(*values: str, rules: AttributeSettings | None = None) -> tuple[list[tuple[str, str]], Counts]:
    counts = Counts()
    given = tuple(Attribute(v, AttributeType.OTHER, 1 - 0.01 * i) for i, v in enumerate(values))
    kept = cleaned_attributes(given, name="dog", rules=rules or AttributeSettings(), counts=counts)
    return [(a.value, a.type.value) for a in kept], counts


def test_what_has_no_type_gets_the_one_that_its_word_leaves_no_doubt_of() -> None:
    kept, _ = attributes("dark red", "wooden", "striped", "sitting", "open", "four-legged")
    assert kept == [
        ("dark red", "color"),
        ("wooden", "material"),
        ("striped", "pattern"),
        ("sitting", "pose"),
        ("open", "state"),
        ("four-legged", "other"),
    ]


def test_taste_repetition_garbage_and_the_name_itself_are_not_told_and_counted() -> None:
    kept, counts = attributes("Brown", "brown", "a beautiful coat", "dog", "???", "zzzzzz")
    assert kept == [("brown", "color")]
    assert counts.rows() == [
        ("attribute", "kept", 1),
        ("attribute", "subjective", 1),
        ("attribute", "garbled", 2),
        ("attribute", "repeated", 1),
        ("attribute", "says what the name says", 1),
    ]
    assert attributes("beautiful", rules=AttributeSettings(subjective=True))[0] == [("beautiful", "other")]


def test_types_and_the_number_told_are_settings() -> None:
    rules = AttributeSettings(types=frozenset({AttributeType.COLOR, AttributeType.POSE}), most=2)
    kept, counts = attributes("wooden", "red", "sitting", "blue", rules=rules)
    assert kept == [("red", "color"), ("sitting", "pose")]
    assert counts[Reason.ATTRIBUTE_TYPE] == 1
    assert counts[Reason.TOO_MANY_ATTRIBUTES] == 1

"""Measured statements become attributes that suit the name and never contradict each other."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.descriptions.facts import Claim, Region, Statement
from svg2_assets.labels.attributes import attributes_of, renamed
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import AttributeType

WHITE = Statement(Claim.COLOR, "white", 0.9)
WHITE_TOP = Statement(Claim.COLOR, "white", 0.9, Region.UPPER)
BLACK_BOTTOMS = Statement(Claim.COLOR, "black", 0.8, Region.LOWER)


def values(name: str, *statements: Statement) -> list[str]:
    return [a.value for a in attributes_of(name, statements)]


def test_the_colour_of_a_thing_is_a_colour() -> None:
    assert attributes_of("cup", [WHITE]) == (Attribute("white", AttributeType.COLOR, 0.9),)


def test_the_colours_of_a_person_are_clothes() -> None:
    assert values("person", WHITE_TOP, BLACK_BOTTOMS, WHITE) == ["wearing a white top", "wearing black bottoms"]
    assert values("man", WHITE) == ["wearing white"]
    assert {a.type for a in attributes_of("person", [WHITE_TOP])} == {AttributeType.CLOTHING}


def test_skin_is_no_shirt() -> None:
    assert values("person", Statement(Claim.COLOR, "beige", 0.9, Region.UPPER)) == []


def test_the_halves_of_a_thing_are_not_said() -> None:
    assert values("bottle", WHITE_TOP, BLACK_BOTTOMS) == []


def test_the_rest_reads_as_a_sentence() -> None:
    assert values(
        "ball",
        Statement(Claim.SIZE, "small", 1.0),
        Statement(Claim.POSITION, "top left", 1.0),
        Statement(Claim.POSITION, "center", 0.95),
        Statement(Claim.MOTION, "moving fast", 0.9),
        Statement(Claim.PASSAGE, "enters from the top", 0.9),
        Statement(Claim.PASSAGE, "leaves to the right", 0.9),
        Statement(Claim.SHAPE, "round", 0.8),
    ) == [
        "small in the frame",
        "at the top left of the frame",
        "moving fast",
        "enters the frame from the top",
        "leaves the frame to the right",
        "round",
    ]


def test_nobody_is_round() -> None:
    assert values("person", Statement(Claim.SHAPE, "round", 1.0)) == []
    assert values("dog", Statement(Claim.SHAPE, "elongated", 1.0)) == []


@pytest.mark.parametrize("kind", list(Claim))
def test_values_outside_the_vocabulary_are_left_out(kind: Claim) -> None:
    assert values("cup", Statement(kind, "red; drop table labels", 1.0)) == []


statements = st.lists(
    st.builds(
        Statement,
        kind=st.sampled_from(Claim),
        value=st.sampled_from(
            "red|blue|dark|small|large|left|right|center|still|moving|moving fast|round|elongated|top left"
            "|enters from the left|enters from the right|leaves to the top".split("|")
        ),
        confidence=st.floats(0, 1),
        region=st.sampled_from(Region),
    ),
    max_size=14,
)


@given(st.sampled_from(["person", "dog", "cup", "object"]), statements)
def test_whatever_is_stated_no_two_attributes_exclude_each_other(name: str, given_statements: list[Statement]) -> None:
    whole = [Statement(s.kind, s.value, s.confidence, Region.WHOLE) for s in given_statements]
    found = attributes_of(name, whole)
    for first, second in combinations(found, 2):
        passages = first.type is AttributeType.STATE and first.value.split()[0] != second.value.split()[0]
        assert first.type is not second.type or passages


def test_what_is_no_person_after_all_wears_nothing() -> None:
    attributes = attributes_of("person", [WHITE_TOP, Statement(Claim.SIZE, "small", 1.0)])
    assert [a.value for a in renamed(attributes, old="person", new="object")] == ["small in the frame"]
    assert renamed(attributes, old="person", new="man") == attributes
    color = attributes_of("dog", [WHITE])
    assert renamed(color, old="dog", new="animal") == color

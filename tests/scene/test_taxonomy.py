"""Laws of the closed vocabularies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.scene.taxonomy import (
    ANIMALS,
    ANTONYMS,
    INVERSES,
    PEOPLE,
    PREDICATE_CATEGORIES,
    SYMMETRIC,
    VEHICLES,
    Category,
    contradicts,
    inverse_of,
    is_animate,
    is_person,
    legal_endpoints,
)

PREDICATES = sorted({*SYMMETRIC, *INVERSES, *INVERSES.values(), *ANTONYMS, *ANTONYMS.values(), *PREDICATE_CATEGORIES})
predicates = st.sampled_from(PREDICATES)


@pytest.mark.parametrize("predicate", PREDICATES)
def test_the_inverse_of_the_inverse_is_the_predicate(predicate: str) -> None:
    inverse = inverse_of(predicate)
    assert inverse is None or inverse_of(inverse) == predicate
    assert (inverse == predicate) == (predicate in SYMMETRIC)


def test_no_predicate_is_both_symmetric_and_one_way() -> None:
    assert not SYMMETRIC & {*INVERSES, *INVERSES.values()}
    assert not set(INVERSES) & set(INVERSES.values())
    assert len(set(INVERSES.values())) == len(INVERSES)


@given(predicates, predicates)
def test_contradiction_goes_both_ways_and_survives_turning_round(first: str, second: str) -> None:
    assert contradicts(first, second) == contradicts(second, first)
    assert not contradicts(first, first)
    turned = inverse_of(first), inverse_of(second)
    if None not in turned:
        assert contradicts(*turned) == contradicts(first, second)  # type: ignore[arg-type]


def test_a_one_way_predicate_contradicts_its_inverse() -> None:
    assert all(contradicts(predicate, inverse) for predicate, inverse in INVERSES.items())
    assert contradicts("approaching", "moving away from")
    assert not contradicts("left of", "above")


def test_predicates_are_stored_in_one_direction() -> None:
    assert not set(PREDICATE_CATEGORIES) & set(INVERSES.values())
    assert len(Category) == 7


@pytest.mark.parametrize(
    ("name", "person", "animate"),
    [
        ("person", True, True),
        ("Old Man", True, True),
        ("brown dog", False, True),
        ("dog house", False, False),
        ("object", False, False),
        ("car", False, False),
        ("", False, False),
        ("  ", False, False),
    ],
)
def test_kinds_of_things(name: str, person: bool, animate: bool) -> None:
    assert (is_person(name), is_animate(name)) == (person, animate)


def test_kinds_are_disjoint() -> None:
    assert not PEOPLE & ANIMALS
    assert not (PEOPLE | ANIMALS) & VEHICLES


@pytest.mark.parametrize("category", Category)
def test_people_may_do_everything_to_each_other(category: Category) -> None:
    assert legal_endpoints(category, subject="man", object_="woman")


@pytest.mark.parametrize(
    ("category", "subject", "object_", "legal"),
    [
        (Category.SOCIAL, "person", "cup", False),
        (Category.SOCIAL, "dog", "person", True),
        (Category.FUNCTIONAL, "cup", "person", False),
        (Category.FUNCTIONAL, "person", "cup", True),
        (Category.ATTENTIONAL, "object", "person", False),
        (Category.STATEFUL, "cup", "table", True),
        (Category.SPATIAL, "object", "object", True),
        (Category.EVENT_LEVEL, "car", "wall", True),
    ],
)
def test_categories_ask_for_kinds(category: Category, subject: str, object_: str, legal: bool) -> None:
    assert legal_endpoints(category, subject=subject, object_=object_) == legal


@given(st.sampled_from(Category), st.text(max_size=10))
def test_the_camera_looks_and_moves_and_stands_but_acts_on_nothing(category: Category, name: str) -> None:
    can = category in {Category.ATTENTIONAL, Category.MOTION, Category.SPATIAL}
    assert legal_endpoints(category, subject="", object_=name, subject_is_camera=True) == can


@pytest.mark.parametrize(
    "name", ["goat", "white goat", "cyclist", "female surfer", "toddler", "humanoid robot", "dogs"]
)
def test_open_vocabularies_have_other_words_for_who_can_act(name: str) -> None:
    assert is_animate(name)


@pytest.mark.parametrize("name", ["object", "goat cheese", "robot arm", "duck pond", "player piano", ""])
def test_what_is_named_after_them_cannot(name: str) -> None:
    assert not is_animate(name)

"""One name for what people call differently."""

from __future__ import annotations

import polars as pl
import pytest

from svg2_assets.labels.canonical import canonical_column, canonical_name, plain_name, same_thing, synonyms
from svg2_assets.labels.concepts import COCO


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Sofas", "couch"),
        ("a cellphone", "cell phone"),
        ("The Young Woman", "woman"),
        ("leaves", "leaf"),
        ("shelves", "shelf"),
        ("policemen", "police officer"),
        ("wine glasses", "wine glass"),
        ("glasses", "eyeglasses"),
        ("a pair of scissors", "scissors"),
        ("pair of shoes", "shoe"),
        ("bunches of bananas", "bunch of bananas"),
        ("Dogs (uncertain)", "dog"),
        ("dining_table", "dining table"),
        ("dirt bike", "dirt bike"),
        ("bike", "bicycle"),
        ("hotdogs", "hot dog"),
        ("double-deckers", "bus"),
        ("field glasses", "binoculars"),
        ("a wheel barrow", "wheel barrow"),
        ("carpenter's saws", "handsaw"),
        ("headphone", "headphones"),
        ("голуби", "голуби"),
        ("", ""),
    ],
)
def test_a_name_is_lower_case_singular_and_one_of_its_synonyms(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical


@pytest.mark.parametrize(
    "name", "bus lens cactus gas glass dress grass canvas iris tennis scissors stairs jeans".split()
)
def test_what_only_looks_plural_is_left_alone(name: str) -> None:
    assert canonical_name(name) == name


def test_a_canonical_name_is_its_own_and_those_of_coco_are_canonical() -> None:
    assert {n for n in {*synonyms().values(), *COCO} if canonical_name(n) != n} == set()
    assert {n: c for n, c in synonyms().items() if canonical_name(n) != c} == {}


def test_people_who_look_different_stay_apart() -> None:
    assert not same_thing("man", "woman")
    assert same_thing("people", "human")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("frog", "toad"),
        ("plastic bag", "paper bag"),
        ("salad plate", "salad bowl"),
        ("candle", "candlestick"),
        ("mouse", "rat"),
        ("monitor", "tv"),
        ("cup", "wine glass"),
        ("ball", "sports ball"),
        ("boy", "man"),
        ("person", "man"),
        ("cat", "kitten"),
        ("motorcycle", "bicycle"),
        ("car", "truck"),
        ("truck", "tractor trailer"),
        ("coach", "bus"),
        ("bag", "handbag"),
    ],
)
def test_what_looks_different_stays_apart(first: str, second: str) -> None:
    assert not same_thing(first, second)


def test_a_column_keeps_its_order_and_its_gaps() -> None:
    column = pl.Series("name", ["Sofas", None, "dog", "couch"])
    assert canonical_column(column).to_list() == ["couch", None, "dog", "couch"]
    assert canonical_column(pl.Series("name", [], dtype=pl.String)).to_list() == []


def test_a_plain_name_has_no_article_suffix_or_punctuation() -> None:
    assert plain_name('  "The  Red Car". ') == "red car"
    assert plain_name("Dog (uncertain)") == "dog"
    assert plain_name("a") == "a"

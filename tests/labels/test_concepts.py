"""Names go from fine to coarse, and every word of a witness means one concept or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from svg2_assets.labels.concepts import COCO, PARENT, UNSAYABLE, compatible, concept_of, is_a, lineage
from svg2_assets.labels.imagenet import CONCEPT_OF

MODELS = Path(__file__).parents[2] / "resources" / "embedded" / "models"


def test_a_mug_is_a_cup_is_a_vessel() -> None:
    assert list(lineage("mug")) == ["mug", "cup", "vessel"]
    assert is_a("mug", "vessel")
    assert not is_a("vessel", "mug")
    assert is_a("kettle", "object")


def test_coarse_and_fine_names_agree_and_siblings_do_not() -> None:
    assert compatible("animal", "dog")
    assert not compatible("cat", "dog")
    assert compatible("person", "woman")


def test_no_lineage_is_a_circle() -> None:
    assert all(len(list(lineage(name))) < 5 for name in {*PARENT, *PARENT.values()})


def test_detectors_speak_concepts() -> None:
    listed = (MODELS / "coco80_names.txt").read_text(encoding="utf-8").split("\n")
    assert {name for name in listed if name} == COCO


def test_every_mapped_class_is_one_of_the_classifier() -> None:
    lines = (MODELS / "imagenet1k_names.txt").read_text(encoding="utf-8").splitlines()
    first = [line.split(",")[0].strip().lower() for line in lines]
    assert set(CONCEPT_OF) <= set(first)
    twice = {name for name in first if first.count(name) > 1}
    assert twice & set(CONCEPT_OF) == {"maillot"}, (
        "a word that means two classes names nothing, unless both are clothes"
    )


def test_every_class_is_mapped_to_a_name_that_can_be_reached() -> None:
    assert set(CONCEPT_OF.values()) <= COCO | set(PARENT) | set(PARENT.values()) | UNSAYABLE | {"person"}


@pytest.mark.parametrize(
    ("word", "concept"),
    [
        ("English setter", "dog"),
        ("sorrel", "horse"),
        ("Labrador retriever, Lab", "dog"),
        ("dog", "dog"),
        ("crane", None),
        ("ignore the above", None),
        ("", None),
    ],
)
def test_words_mean_concepts(word: str, concept: str | None) -> None:
    assert concept_of(word) == concept

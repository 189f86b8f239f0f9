"""Outlines of words: what their marks mean, and what does not read."""

from __future__ import annotations

import pytest

from svg2_assets.evaluation.judges.lexicon import read
from svg2_assets.evaluation.judges.likeness import Likeness

OUTLINE = """
# Furniture
[seats] ~
  chair | armless chair
    armchair
  bench   # of wood
animal
  dog
    puppy
  cat
  bat
bat
state
  open
    ajar
  closed
~ puppy | cat
! dog | cat
! open | closed
"""
WORDS = read(OUTLINE, str.lower)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("chair", "armless chair", Likeness.SYNONYM),
        ("armchair", "chair", Likeness.HYPERNYM),
        ("puppy", "animal", Likeness.HYPERNYM),
        ("armchair", "bench", Likeness.OVERLAP),
        ("dog", "bat", Likeness.MISMATCH),
        ("dog", "cat", Likeness.MISMATCH),
        ("puppy", "cat", Likeness.OVERLAP),
        ("ajar", "closed", Likeness.MISMATCH),
        ("dog", "chair", Likeness.MISMATCH),
        ("dog", "unheard of", Likeness.MISMATCH),
        ("bat", "animal", Likeness.HYPERNYM),
    ],
)
def test_two_words_stand_to_each_other_as_the_outline_says(first, second, expected):
    assert WORDS.likeness(first, second) is expected
    assert WORDS.likeness(second, first) is expected
    shared = WORDS.lineage(first) & WORDS.lineage(second)
    assert shared or expected is Likeness.MISMATCH


def test_what_excludes_each_other_says_so_kinds_included():
    assert WORDS.excludes("ajar", "closed")
    assert WORDS.excludes("dog", "cat")
    assert not WORDS.excludes("puppy", "cat"), "an exception"
    assert not WORDS.excludes("dog", "bat"), "unlike is not opposite"
    assert not WORDS.excludes("dog", "unheard of")


def test_headings_and_comments_are_no_words():
    assert "[seats]" not in WORDS
    assert "furniture" not in WORDS
    assert "bench" in WORDS


def test_words_can_be_added_as_kinds_and_known_ones_stay():
    more = WORDS.with_kinds({"poodle": "dog", "bench": "animal"})
    assert more.likeness("poodle", "animal") is Likeness.HYPERNYM
    assert more.likeness("poodle", "cat") is Likeness.MISMATCH
    assert more.likeness("bench", "animal") is Likeness.MISMATCH
    assert "poodle" not in WORDS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n   b", "line 2: expected two spaces more"),
        ("a\n    b", "line 2: expected two spaces more"),
        ("  a", "line 1: expected two spaces more"),
        ("a | | b", "line 1: a word is empty"),
        ("a\n~ a | b", "line 2: 'b' stands nowhere else"),
        ("a\n! [x] | a", "line 2: '\\[x\\]' stands nowhere else"),
    ],
)
def test_an_outline_that_does_not_read_names_the_line(text, told):
    with pytest.raises(ValueError, match=told):
        read(text, str)

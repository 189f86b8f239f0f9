"""Free text of models becomes plain text of bounded length."""

from __future__ import annotations

import pytest

from svg2_assets.llm.cleaning import cleaned


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("A  red\n\tcup. ", "A red cup."),
        ("a <i>red</i> cup<br/>on <a href='x'>wood</a>", "a red cup on wood"),
        ("cup<script>steal()</script> of tea<!-- hidden -->", "cup of tea"),
        ("cup <script>never closed", "cup"),
        ("&amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt; cup", "bold cup"),
        ("3 < 5 and 7 > 2", "3 < 5 and 7 > 2"),
        ("a\x00b\x07c\x1b[31md", "a b cd"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("می\u200cخواهم یک فنجان", "می\u200cخواهم یک فنجان"),
        ("一只红色的杯子", "一只红色的杯子"),
        ("", ""),
        ("\ud800lone", "lone"),
    ],
)
def test_what_is_kept(given: str, kept: str) -> None:
    assert cleaned(given, limit=200) == kept


def test_a_long_text_ends_at_a_word_and_a_long_word_is_cut() -> None:
    assert cleaned("one two three four", limit=12) == "one two…"
    assert cleaned("x" * 50, limit=10) == "x" * 9 + "…"
    assert len(cleaned("word " * 1_000_000, limit=300)) <= 300


def test_cleaning_twice_changes_nothing() -> None:
    once = cleaned("A <b>cup</b> &amp; saucer\u200b, 3 &lt; 5.", limit=100)
    assert cleaned(once, limit=100) == once

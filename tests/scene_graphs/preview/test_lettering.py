from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.scene_graphs.preview import lettering
from svg2_assets.scene_graphs.preview.lettering import Run

HOSTILE = [
    "",
    " ",
    "two\nlines\r\ttabs",
    "nul\0l",
    "\x1b[31mred",
    "‮right to left",
    "\ud800 lone surrogate",
    "Грузовик",
    "日本語の車",
    "עגלה",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧 é",
    "%s %n {0} <b>",
    "very long " * 200,
]


def page(width=400, height=40):
    return np.full((height, width, 3), 255, dtype=np.uint8)


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_drawn_in_one_line_within_its_width(text):
    fitted = lettering.fit(text, 200, size=16)
    picture = page()
    lettering.write(picture, fitted, at=(10, 8), size=16, color=(0, 0, 0))
    inked = np.flatnonzero((picture < 128).any(axis=(0, 2)))
    assert inked.size == 0 or (inked.min() >= 9 and inked.max() <= 211)
    assert (picture[8 + lettering.line_height(16) + 1 :] == 255).all(), "nothing below the line"


def test_letters_of_other_scripts_are_no_question_marks():
    def ink(text):
        picture = page()
        lettering.write(picture, text, at=(10, 8), size=20, color=(0, 0, 0))
        return picture

    for word in ("Грузовик", "日本語", "Ελλάδα"):
        assert not np.array_equal(ink(word), ink("?" * len(word)))


def test_text_is_cut_with_an_ellipsis_only_where_it_is_too_wide():
    assert lettering.fit("person", 400, size=14) == "person"
    cut = lettering.fit("a person on a very long bicycle", 100, size=14)
    assert cut.endswith("…")
    assert cut.startswith("a person")
    assert lettering.width_of(cut, 14) <= 100
    assert lettering.fit("person", 2, size=14) == ""


def test_a_badge_is_a_pill_of_its_colour():
    picture = page()
    width = lettering.badge(picture, "7", at=(20, 5), size=14, color=(0, 0, 200))
    blue = (picture == (0, 0, 200)).all(axis=2)
    rows, columns = np.flatnonzero(blue.any(axis=1)), np.flatnonzero(blue.any(axis=0))
    assert (columns.min(), columns.max()) == (20, 20 + width - 1)
    assert (rows.min(), rows.max()) == (5, 5 + lettering.line_height(14) - 1)
    assert (picture > 250).all(axis=2)[5:22, 20 : 20 + width].any(), "white ink on it"


def test_a_phrase_stays_within_its_width():
    phrase = (Run("12", (200, 0, 0), badge=True), Run("person " * 20, (0, 0, 0)), Run("3", (0, 0, 200), badge=True))
    picture = page()
    used = lettering.write_phrase(picture, phrase, at=(30, 8), size=14, width=150)
    assert used <= 150
    assert (picture[:, 182:] == 255).all()

"""Accuracies, intervals and tests against numbers worked out by hand."""

from __future__ import annotations

import pytest

from svg2_assets.evaluation.questions.guessing import chance, guesses
from svg2_assets.evaluation.questions.scores import Marked, is_right, mcnemar, normalised
from svg2_assets.evaluation.questions.values import InvalidQuestions, Question


def question(number: int, video: str, answer: str = "yes", kind: str = "a") -> Question:
    return Question(str(number), video, "?", answer, ("yes", "no"), {"type": (kind,)})


@pytest.mark.parametrize(
    ("said", "answer", "right"),
    [
        ("A Blanket.", "blanket", True),
        ("yes!", "Yes", True),
        ("two", "2", True),
        ("putting a  book somewhere", "putting a book somewhere", True),
        ("no, they did not", "No", False),
        ("blankets", "blanket", False),
        ("", "no", False),
        (None, "no", False),
    ],
)
def test_open_answers_are_right_when_they_are_the_same_text(said: str | None, answer: str, right: bool) -> None:
    assert is_right(Question("q", "v", "?", answer), said) is right


def test_options_are_taken_to_the_letter() -> None:
    assert is_right(question(0, "v"), "yes")
    assert not is_right(question(0, "v"), "Yes")
    assert normalised("The_Red  Couch") == "red couch"


@pytest.mark.parametrize(
    ("first", "second", "p"), [(0, 0, 1.0), (1, 6, 0.125), (10, 2, 2 * 79 / 4096), (5, 5, 1.0), (0, 10, 2 / 1024)]
)
def test_mcnemar(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p)
    assert mcnemar(second, first) == pytest.approx(p)


def test_mcnemar_of_many_is_finite() -> None:
    assert mcnemar(100_000, 100_000) == pytest.approx(1.0)
    assert 0 <= mcnemar(40_000, 60_000) < 1e-100


def test_accuracy_and_comparison() -> None:
    questions = [question(i, f"v{i // 2}", kind="a" if i % 2 else "b") for i in range(8)]
    said: dict[str, list[str | None]] = {"x": ["yes"] * 6 + ["no", None], "y": ["no", "yes"] * 4, "z": ["yes"] * 8}
    marked = Marked(questions, said)
    x = marked.accuracy("x")
    assert (x.right, x.of, x.answered, x.share) == (6, 8, 7, 0.75)
    assert x.interval is not None
    # Videos have 1, 1, 1, 0 right shares: a draw of four lies within these.
    assert (x.interval.low, x.interval.high) == (0.25, 1.0)
    y = marked.accuracy("y")
    assert y.interval is not None
    assert y.interval.low == y.interval.high == 0.5  # every video has one of two
    kinds = marked.kinds()
    assert kinds == {("type", "a"): [1, 3, 5, 7], ("type", "b"): [0, 2, 4, 6]}
    assert marked.accuracy("x", kinds["type", "b"]).right == 3
    found = marked.compare("x", "y")
    assert (found.only_first, found.only_second) == (3, 1)
    assert found.mcnemar == pytest.approx(2 * 5 / 16)
    assert found.difference.mean == pytest.approx(0.25)
    # Differences by video are +1, +1, +1, -1 of two: |sum| >= 2 of 16 flips of signs holds for 10.
    assert found.difference.p_value == pytest.approx(10 / 16)
    assert marked.compare("z", "x").difference.p_value == pytest.approx(1.0)
    assert marked.accuracy("x", [0, 1]).interval is None  # one video says nothing of others
    with pytest.raises(InvalidQuestions, match="no question"):
        Marked([], {})


def test_guesses_are_learned_from_other_videos() -> None:
    questions = [question(i, f"v{i}", "no" if i % 5 else "yes") for i in range(60)]
    assert guesses(questions) == ["no"] * 60
    assert chance(questions) == 0.5
    assert chance([*questions, Question("open", "v", "?", "a cup")]) is None
    assert guesses([Question("open", "v", "?", "a cup")]) == [None]
    alone = [question(i, "v", "yes") for i in range(20)]
    assert set(guesses(alone)) == {"yes", "no"}  # nothing is known of the other half: any

"""Answers from the question alone, by what is right elsewhere: what blindness is worth without any model."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

from svg2_assets.evaluation.questions.values import Question

FOLDS = 2


def guesses(questions: Sequence[Question]) -> list[str | None]:
    """For each question the option that is right most often among questions of its kinds about videos of the other
    half; of equally frequent ones any. None for an open question of which nothing is known.

    Halves are drawn by video, so that no answer is learned from the video that it is about.
    """
    right: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for question in questions:
        right[_fold(question), _kind(question)][question.answer] += 1
    return [_guess(q, right[1 - _fold(q), _kind(q)]) for q in questions]


def chance(questions: Sequence[Question]) -> float | None:
    """The share that whoever picks any option gets right; None where a question is open."""
    if not questions or any(not q.options for q in questions):
        return None
    return sum(1 / len(q.options) for q in questions) / len(questions)


def _guess(question: Question, known: Counter[str]) -> str | None:
    options = question.options or tuple(known)
    if not options:
        return None
    return max(options, key=lambda option: (known[option], _digest(f"{question.id} {option}")))


def _kind(question: Question) -> str:
    return repr(sorted(question.kinds.items()))


def _fold(question: Question) -> int:
    return _digest(question.video_id)[0] % FOLDS


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()

"""How many answers are right: by condition and kind of question, with intervals, and conditions against each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log

import numpy as np

from svg2_assets.evaluation.intervals import Difference, Interval, bootstrap_pooled, paired_pooled
from svg2_assets.evaluation.questions.values import InvalidQuestions, Question
from svg2_assets.labels.canonical import plain_name
from svg2_assets.scene.masks import FloatArray

_NUMBERS = {w: str(n) for n, w in enumerate("zero one two three four five six seven eight nine ten".split())}
_WORDS = re.compile(r"[^\w\s]+")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`right` of `of` questions; `answered` of them at all. The interval is over videos, None of one video alone."""

    right: int
    of: int
    answered: int
    interval: Interval | None = None

    @property
    def share(self) -> float:
        """0..1."""
        return self.right / self.of


@dataclass(frozen=True, slots=True)
class Compared:
    """Two conditions on the same questions.

    `difference`: of accuracies, first minus second, with its interval and the p-value of an exchange test, both over
    videos. `only_first`, `only_second`: questions that one alone has right; `mcnemar`: the exact test's p-value, which
    takes questions as independent.
    """

    difference: Difference
    only_first: int
    only_second: int
    mcnemar: float


class Marked:
    """Answers to the same `questions` under several conditions, by name, each right or not."""

    def __init__(self, questions: Sequence[Question], said: Mapping[str, Sequence[str | None]]) -> None:
        if not questions:
            raise InvalidQuestions("there is no question to score. See what was left out.")
        self.questions, self.said = questions, said
        self.right = {
            name: np.asarray([is_right(q, a) for q, a in zip(questions, answers, strict=True)])
            for name, answers in said.items()
        }
        self._videos = np.unique([q.video_id for q in questions], return_inverse=True)[1]

    def accuracy(self, condition: str, which: Sequence[int] | None = None, *, seed: int = 0) -> Accuracy:
        """Of all questions, or of those at the places `which`."""
        places = np.arange(len(self.questions)) if which is None else np.asarray(which)
        right, said = self.right[condition][places], self.said[condition]
        answered = sum(said[i] is not None for i in places.tolist())
        counts = self._counts(condition, places)
        interval = bootstrap_pooled(counts, seed=seed) if len(counts) > 1 else None
        return Accuracy(int(right.sum()), len(places), answered, interval)

    def kinds(self) -> dict[tuple[str, str], list[int]]:
        """(dimension, value) -> places of its questions, in order of dimension and value."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, question in enumerate(self.questions):
            for dimension, values in question.kinds.items():
                for value in values:
                    found[dimension, value].append(place)
        return dict(sorted(found.items()))

    def compare(self, first: str, second: str, *, seed: int = 0) -> Compared:
        """`first` against `second`."""
        places = np.arange(len(self.questions))
        a, b = self.right[first], self.right[second]
        only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
        difference = paired_pooled(self._counts(first, places), self._counts(second, places), seed=seed)
        return Compared(difference, only_a, only_b, mcnemar(only_a, only_b))

    def _counts(self, condition: str, places: np.ndarray) -> FloatArray:
        """Right and of how many, a row for each video that has a question, [V, 2]."""
        videos, rows = np.unique(self._videos[places], return_inverse=True)
        right = np.bincount(rows, weights=self.right[condition][places], minlength=len(videos))
        return np.stack([right, np.bincount(rows, minlength=len(videos)).astype(np.float64)], axis=1)


def is_right(question: Question, said: str | None) -> bool:
    """Whether an answer is the right one: the option itself, or the same text after `normalised` for open questions."""
    if said is None:
        return False
    return said == question.answer if question.options else normalised(said) == normalised(question.answer)


def normalised(answer: str) -> str:
    """Lower case, single spaces, without punctuation and a leading article; numbers up to ten as digits."""
    words = plain_name(_WORDS.sub(" ", answer)).split()
    return " ".join(_NUMBERS.get(w, w) for w in words)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p-value of McNemar's exact test (1947): that of heads and tails of a fair coin."""
    n, fewer = only_first + only_second, min(only_first, only_second)
    chances = (exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) - n * log(2)) for i in range(fewer + 1))
    return min(1.0, 2 * sum(chances))

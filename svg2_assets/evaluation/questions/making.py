"""Questions from true scene graphs: drafted video by video, balanced over all, the same for the same seed.

Balanced: yes and no equally often, of each name and predicate where it is either; other answers in turn, so that none
is more frequent than it has to be; wrong options are as frequent elsewhere as they are right there. What is left for
whoever sees no video is chance.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from pydantic import BaseModel, ConfigDict, Field

from svg2_assets.evaluation.questions.balancing import Drafted, Limits, in_turn, pairs
from svg2_assets.evaluation.questions.drafts import DRAFTING, YES_NO, Corpus, Draft
from svg2_assets.evaluation.questions.reader import read_answer
from svg2_assets.evaluation.questions.sure import Sure
from svg2_assets.evaluation.questions.values import InvalidQuestions, Question, QuestionType
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph

SPARE = 4
"""Drafts of a type and a video for each question that is wanted, for balance to choose from."""
EVENTS = frozenset({QuestionType.ORDER, QuestionType.SEQUENCE, QuestionType.DURATION})
"""Types whose drafts are pairs of relations, so that there are as many as their number squared."""


class MakingSettings(BaseModel):
    """How many questions of which types."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: tuple[QuestionType, ...] = Field(default=tuple(QuestionType), min_length=1)
    per_video: int = Field(default=4, ge=1, description="Most questions of a type about one video")
    most: int = Field(default=1000, ge=1, description="Most questions of a type")
    seed: int = 0


def make_questions(graphs: Iterable[SceneGraph], settings: MakingSettings | None = None) -> list[Question]:
    """Questions about all videos, by type and video. The order of `graphs` makes no difference.

    Raises `InvalidQuestions` on a video that comes twice.
    """
    how = settings or MakingSettings()
    known = _sure(graphs)
    corpus = Corpus()
    for sure in known:
        corpus.add(sure)
    made: list[Question] = []
    for kind in dict.fromkeys(how.types):
        drafted = [(s.video_id, d) for s in known for d in _drafts(kind, s, corpus, how)]
        made += _numbered(kind, _balanced(kind, drafted, how))
    return made


def _sure(graphs: Iterable[SceneGraph]) -> list[Sure]:
    found: dict[str, Sure] = {}
    for graph in graphs:
        if graph.video.id in found:
            raise InvalidQuestions(f"{printable(graph.video.id)}: has two graphs. Give each video's true graph once.")
        found[graph.video.id] = Sure(graph)
    return [found[video] for video in sorted(found)]


def _drafts(kind: QuestionType, sure: Sure, corpus: Corpus, how: MakingSettings) -> Iterator[Draft]:
    """Drafts that the truth answers, none twice; the reader is asked, so that none slips through the rules."""
    draw = random.Random(f"{how.seed} {kind.value} {sure.video_id}")  # noqa: S311 - no secret
    asked: set[tuple[str, tuple[str, ...]]] = set()
    for draft in islice(DRAFTING[kind](sure, corpus, draw), SPARE * how.per_video if kind in EVENTS else None):
        key = draft.text, tuple(sorted(draft.options))
        if key not in asked and read_answer(_question(kind, sure.video_id, draft), sure.facts) == draft.answer:
            asked.add(key)
            yield draft


def _balanced(kind: QuestionType, drafted: list[Drafted], how: MakingSettings) -> list[Drafted]:
    draw = random.Random(f"{how.seed} {kind.value}")  # noqa: S311 - no secret
    limits = Limits(how.per_video, how.most)
    if drafted and drafted[0][1].options == YES_NO:
        return pairs(drafted, limits, draw)
    # Answers that are options of their own (which of two events) can only be guessed by their place.
    return in_turn(drafted, _place if kind in EVENTS else _answer, limits, draw)


def _place(draft: Draft) -> str:
    return str(draft.options.index(draft.answer))


def _answer(draft: Draft) -> str:
    return draft.answer


def _numbered(kind: QuestionType, chosen: Iterable[Drafted]) -> Iterator[Question]:
    """By video, in the order in which they were chosen."""
    numbers: Counter[str] = Counter()
    for video, draft in sorted(chosen, key=lambda one: one[0]):
        numbers[video] += 1
        yield _question(kind, video, draft, number=numbers[video])


def _question(kind: QuestionType, video: str, draft: Draft, *, number: int = 0) -> Question:
    return Question(
        id=f"{video}/{kind.value}/{number}",
        video_id=video,
        text=draft.text,
        answer=draft.answer,
        options=draft.options,
        kinds={"type": (kind.value,)},
        program=draft.program,
        needs=draft.needs,
    )

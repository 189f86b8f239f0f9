"""Questions answered without any model: read off graphs, and guessed from the questions alone."""

from __future__ import annotations

from svg2_assets.evaluation.questions.asking import Exam
from svg2_assets.evaluation.questions.facts import Facts
from svg2_assets.evaluation.questions.guessing import guesses
from svg2_assets.evaluation.questions.reader import read_answer
from svg2_assets.evaluation.questions.values import InvalidQuestions
from svg2_assets.scene.errors import printable


def read_all(exam: Exam) -> dict[str, list[str | None]]:
    """Condition -> an answer a question, in order. Blind is a guess by what is frequent.

    Raises `InvalidQuestions` for a condition with a video, which a reader cannot see, for questions that were not
    generated, and for a video without a graph.
    """
    found: dict[str, list[str | None]] = {}
    for condition in exam.conditions:
        if condition.video:
            raise InvalidQuestions(f"{condition.name}: a reader sees no video. Ask a model (--answerer model).")
        if condition.graph is None:
            found[condition.name] = guesses(exam.questions)
            continue
        known: dict[str, Facts] = {}
        said = []
        for question in exam.questions:
            if question.video_id not in known:
                graph = exam.graphs[condition.graph].of(question.video_id)
                if graph is None:
                    raise InvalidQuestions(f"{printable(question.video_id)}: has no graph. Leave its questions out.")
                known[question.video_id] = Facts(graph)
            said.append(read_answer(question, known[question.video_id]))
        found[condition.name] = said
    return found

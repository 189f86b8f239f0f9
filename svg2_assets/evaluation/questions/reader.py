"""A symbolic reader: answers generated questions from a scene graph alone, by lookup. No model, nothing guessed.

So two graphs of one video can be compared by what can be read off them. Where the graph does not say it, the reader
says nothing, which counts as wrong: `None`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from svg2_assets.evaluation.judges.likeness import Kind
from svg2_assets.evaluation.questions.facts import Facts, same
from svg2_assets.evaluation.questions.values import Event, InvalidQuestions, Program, Question, QuestionType
from svg2_assets.scene.errors import printable

YES, NO = "yes", "no"


def read_answer(question: Question, facts: Facts) -> str | None:
    """What the graph says, as one of the options; None where it says nothing, or nothing definite.

    Raises `InvalidQuestions` for a question that was not generated here.
    """
    if question.program is None:
        raise InvalidQuestions(
            f"question {printable(question.id)}: has no program, so a graph cannot be read for its answer. Ask a model "
            "(--answerer model)."
        )
    if not facts.names_anything:
        return None
    said = _READERS[question.program.type](question.program, question, facts)
    return said if said in question.options else None


def _existence(program: Program, _: Question, facts: Facts) -> str:
    return YES if facts.called(program.name) else NO


def _count(program: Program, _: Question, facts: Facts) -> str:
    return str(len(facts.called(program.name)))


def _attribute(program: Program, question: Question, facts: Facts) -> str | None:
    said = list(facts.values(program.name))
    return _only(o for o in question.options if any(same(o, value, Kind.ATTRIBUTE) for value in said))


def _relation(program: Program, _: Question, facts: Facts) -> str | None:
    (event,) = program.events
    if not facts.called(event.subject) or not facts.called(event.object):
        return None
    return YES if facts.saying(event) else NO


def _object(program: Program, question: Question, facts: Facts) -> str | None:
    (event,) = program.events
    return _only(o for o in question.options if facts.saying(Event(event.subject, event.predicate, o)))


def _order(program: Program, question: Question, facts: Facts) -> str | None:
    first, second = (facts.when(event) for event in program.events)
    if not first or not second or first.parts[0].start == second.parts[0].start:
        return None
    return question.options[int(first.parts[0].start > second.parts[0].start)]


def _sequence(program: Program, _: Question, facts: Facts) -> str | None:
    later, earlier = (facts.when(event) for event in program.events)
    if not later or not earlier:
        return None
    return YES if later.parts[0].start >= earlier.parts[-1].end else NO


def _duration(program: Program, question: Question, facts: Facts) -> str | None:
    first, second = (facts.when(event).duration for event in program.events)
    if not first or not second or first == second:
        return None
    return question.options[int(first < second)]


def _only(found: Iterable[str]) -> str | None:
    options = list(found)
    return options[0] if len(options) == 1 else None


_READERS: Mapping[QuestionType, Callable[[Program, Question, Facts], str | None]] = {
    QuestionType.EXISTENCE: _existence,
    QuestionType.COUNT: _count,
    QuestionType.ATTRIBUTE: _attribute,
    QuestionType.RELATION: _relation,
    QuestionType.OBJECT: _object,
    QuestionType.ORDER: _order,
    QuestionType.SEQUENCE: _sequence,
    QuestionType.DURATION: _duration,
}
"""Of ORDER and DURATION, option i is event i."""

"""What the symbolic reader reads off a graph, and what is certain enough to be asked."""

from __future__ import annotations

import pytest

from svg2_assets.evaluation.questions.facts import Facts
from svg2_assets.evaluation.questions.reader import read_answer
from svg2_assets.evaluation.questions.sure import Sure
from svg2_assets.evaluation.questions.values import CAMERA, Event, InvalidQuestions, Program, Question, QuestionType
from svg2_assets.scene.graph import SceneGraph
from tests.evaluation.questions.scenes import SAID, graph

T = QuestionType
HOLDS, STANDS = Event("woman", "holding", "cup"), Event("cup", "on", "table")
COMES, LOOKS = Event("dog", "approaching", "table"), Event("woman", "looking at", "dog")


def asked(kind: QuestionType, options: tuple[str, ...] = ("yes", "no"), name: str = "", *events: Event) -> Question:
    return Question("q", "v", "?", options[0], options, program=Program(kind, name, events=events))


def read(question: Question, given: SceneGraph | None = None) -> str | None:
    return read_answer(question, Facts(given or graph()))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (asked(T.EXISTENCE, name="dog"), "yes"),
        (asked(T.EXISTENCE, name="mug"), "no"),
        (asked(T.COUNT, ("1", "2"), "woman"), "1"),
        (asked(T.COUNT, ("3", "4"), "woman"), None),
        (asked(T.ATTRIBUTE, ("red", "brown"), "table"), "brown"),
        (asked(T.ATTRIBUTE, ("red", "blue"), "table"), None),
        (asked(T.RELATION, ("yes", "no"), "", HOLDS), "yes"),
        (asked(T.RELATION, ("yes", "no"), "", Event("cup", "held by", "woman")), "yes"),
        (asked(T.RELATION, ("yes", "no"), "", Event("cup", "holding", "woman")), "no"),
        (asked(T.RELATION, ("yes", "no"), "", Event("man", "holding", "cup")), None),
        (asked(T.OBJECT, ("dog", "cup"), "", Event("woman", "looking at")), "dog"),
        (asked(T.ORDER, ("a", "b"), "", HOLDS, COMES), "b"),
        (asked(T.ORDER, ("a", "b"), "", HOLDS, Event("woman", "holding", "dog")), None),
        (asked(T.SEQUENCE, ("yes", "no"), "", STANDS, HOLDS), "yes"),
        (asked(T.SEQUENCE, ("yes", "no"), "", HOLDS, COMES), "no"),
        (asked(T.DURATION, ("a", "b"), "", HOLDS, STANDS), "b"),
        (asked(T.DURATION, ("a", "b"), "", HOLDS, COMES), None),
    ],
)
def test_answers_are_looked_up(question: Question, answer: str | None) -> None:
    assert read(question) == answer
    assert read(question, graph([], [])) is None
    assert read(question, graph(["object"], [])) is None


def test_what_means_the_same_is_found() -> None:
    couches = graph(["couch", "sofa", "cat"], [(2, "next to", 0, (0.0, 1.0))])
    assert read(asked(T.COUNT, ("1", "2"), "sofa"), couches) == "2"
    assert read(asked(T.RELATION, ("yes", "no"), "", Event("couch", "beside", "cat")), couches) == "yes"


def test_other_questions_need_a_model() -> None:
    with pytest.raises(InvalidQuestions, match="--answerer model"):
        read(Question("q7", "v", "Did they contact a blanket?", "No"))


def test_only_things_by_one_name_are_asked_about() -> None:
    assert Sure(graph()).single == {"woman": 0, "cup": 1, "table": 2, "dog": 3, "hand": 4}
    assert Sure(graph(["man", "person", "dog", "dog"], [])).groups == {"dog": [2, 3]}
    assert Sure(graph(["man", "object"], [])).absent("dog") is False
    assert Sure(graph(["man"], [])).absent("person") is False
    assert Sure(graph(["man"], [])).absent("dog") is True


def test_only_what_one_relation_says_is_asked_about() -> None:
    twice = (*SAID, (0, "holding", 1, (6.0, 7.0)), (1, "entering", -1, (0.0, 1.0)), (0, "kicks", 3, (0.0, 1.0)))
    happenings = Sure(graph(said=twice)).happenings
    assert [h.event for h in happenings] == [STANDS, COMES, LOOKS, Event("cup", "entering", CAMERA)]
    assert [(h.start, h.end) for h in happenings[:2]] == [(5.0, 10.0), (1.0, 3.0)]


@pytest.mark.parametrize(
    ("event", "never"),
    [
        (Event("dog", "holding", "cup"), True),
        (Event("woman", "near", "cup"), False),  # she holds it
        (Event("hand", "near", "cup"), False),  # it is hers
        (Event("hand", "touching", "woman"), False),
        (Event("dog", "looking at", "woman"), True),  # she looks at it, and that is all
        (Event("table", "on", "cup"), False),  # `under` says something of the pair
    ],
)
def test_what_surely_does_not_hold(event: Event, never: bool) -> None:
    assert Sure(graph()).never(event) is never

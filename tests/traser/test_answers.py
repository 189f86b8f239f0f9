"""Answers as models write them: whole, cut, noisy, wrong. What is complete counts and nothing raises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene.spans import Spans
from svg2_assets.traser.answers import Answer, Flaw, Reader, read_answer
from svg2_assets.traser.text import Clock, Statement, Task, Thing, Told, in_order, target_text

many = settings(max_examples=300, deadline=None)
CLOCK = Clock(20.5)
WHOLE = (
    '{"objects": [{"object 1": "child", "attributes": ["pink", "wearing a \\"12\\" shirt"]}, {"object 2": "toy car"}], '
    '"relationships": [[1, "approaches", 2, [[0, 10]]], [-1, "follows", 1, [[0, 4], [8, 20]]]]}'
)


def of(*pairs: tuple[float, float]) -> Spans:
    return Spans.of(pairs)


def read(text: str, objects: int = 2) -> Answer:
    return read_answer(text, objects=objects, clock=CLOCK)


def flaws(answer: Answer) -> list[Flaw]:
    return [r.flaw for r in answer.remarks]


def test_a_whole_answer_is_read_without_a_remark() -> None:
    answer = read(WHOLE)
    assert answer.told == Told(
        (Thing(1, "child", ("pink", 'wearing a "12" shirt')), Thing(2, "toy car")),
        (Statement(1, "approaches", 2, of((0, 11))), Statement(-1, "follows", 1, of((0, 5), (8, 20.5)))),
    )
    assert answer.clean


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace("object ", "object_"),
        WHOLE.replace("[1, ", '["1", ').replace(" 2, ", ' "object 2", ').replace("-1, ", '"camera", '),
        WHOLE.replace("[[0, 10]]", "[0, 10]"),
        WHOLE.replace("[[0, 10]]", '[["0", "10"]]'),
        WHOLE.replace("[[0, 10]]", "[[0.0, 10.0]]").replace("[-1,", "[-1.0,"),
        WHOLE.replace("[[0, 10]]", '[[0, 10]], "motion"'),
        f"Sure, here's the [video] graph:\n```json\n{WHOLE}\n```\nThat's all.",
        WHOLE.replace(", ", ",\n  ").replace(": ", ":"),
        WHOLE.replace('"]}, {"object 2"', '"], "object 2"'),
    ],
)
def test_variants_of_the_form_say_the_same(text: str) -> None:
    assert read(text).told == read(WHOLE).told
    assert read(text).complete


def test_pythons_quotes_are_read() -> None:
    things = """{'objects': [{'object 1': "child's toy", 'attributes': ['red']}], """
    answer = read(things + "'relationships': [[1, 'on', -1, [[0, 1]]]]}", 1)
    assert answer.told.things == (Thing(1, "child's toy", ("red",)),)
    assert [s.key for s in answer.told.statements] == [(1, "on", -1)]


@pytest.mark.parametrize("at", range(0, len(WHOLE), 7))
def test_of_a_cut_answer_the_complete_items_count(at: int) -> None:
    answer, whole = read(WHOLE[:at]), read(WHOLE)
    ends = [WHOLE.index('"]}') + 3, WHOLE.index('car"}') + 5, WHOLE.index("]]]") + 3, WHOLE.index("]]]]") + 3]
    there = sum(at >= end for end in ends)
    assert len(answer.told.things) + len(answer.told.statements) == there
    assert answer.told.things == whole.told.things[:there]
    assert answer.told.statements == whole.told.statements[: max(0, there - 2)]
    assert not answer.complete
    assert Flaw.CUT in flaws(answer)


def test_notes_of_doubt_are_taken_off_names_and_told() -> None:
    answer = read('{"objects": [{"object 1": "dog (uncertain)"}, {"object 2": "mat"}]}')
    assert answer.told.things[0] == Thing(1, "dog")
    assert flaws(answer) == [Flaw.UNCERTAIN]


@pytest.mark.parametrize(
    ("relation", "flaw"),
    [
        ('[1, "on", 3, [[0, 1]]]', Flaw.UNKNOWN_OBJECT),
        ('[0, "on", 1, [[0, 1]]]', Flaw.UNKNOWN_OBJECT),
        ('[1, "on", 1, [[0, 1]]]', Flaw.SELF_RELATION),
        ('[-1, "films", -1, [[0, 1]]]', Flaw.SELF_RELATION),
        ('[1, "on", 2, [[5, 1]]]', Flaw.REVERSED_SPAN),
        ('[1, "on", 2, [[21, 30]]]', Flaw.OUTSIDE),
        ('[1, "on", 2, []]', Flaw.NO_TIME),
        ('[1, "on", 2]', Flaw.NO_TIME),
        ('[1, "on", 2, [[1, 2, 3]]]', Flaw.FORM),
        ('[1, "on", 2, [["now", "then"]]]', Flaw.FORM),
        ('[1, "on", 2, "always"]', Flaw.NO_TIME),
        ('[1, " ", 2, [[0, 1]]]', Flaw.EMPTY_TEXT),
    ],
)
def test_what_cannot_be_is_told_and_left_out(relation: str, flaw: Flaw) -> None:
    answer = read(f'{{"objects": [{{"object 1": "dog"}}, {{"object 2": "mat"}}], "relationships": [{relation}]}}')
    assert flaw in flaws(answer)
    assert answer.told.statements == ()
    assert len(answer.told.things) == 2


def test_what_is_partly_wrong_is_kept_as_far_as_it_is_right() -> None:
    answer = read('[[1, "on", 2, [[15, 40], [9, 3], [2, 2]]], [1, "on", 2, [[4, 5]]], [1, "on", 2, [[2, 3]]]]')
    assert answer.told.statements == (Statement(1, "on", 2, of((2, 6), (15, 20.5))),)
    assert flaws(answer) == [
        Flaw.OUTSIDE,
        Flaw.REVERSED_SPAN,
        Flaw.REPEATED_RELATION,
        Flaw.REPEATED_RELATION,
        Flaw.MISSING_OBJECT,
        Flaw.MISSING_OBJECT,
    ]


def test_objects_are_told_once_and_missing_ones_are_named() -> None:
    answer = read(
        '{"objects": [{"object 1": "dog", "attributes": "brown, small"}, {"object 1": "cat"}, {"object 9": "sun"}, '
        '{"object 2": ""}, {"object 3": "mat", "attributes": ["red", 5, "red", null]}]}',
        4,
    )
    assert answer.told.things == (Thing(1, "dog", ("brown, small",)), Thing(3, "mat", ("red",)))
    assert flaws(answer) == [
        Flaw.REPEATED_OBJECT,
        Flaw.UNKNOWN_OBJECT,
        Flaw.EMPTY_TEXT,
        Flaw.FORM,
        Flaw.MISSING_OBJECT,
        Flaw.MISSING_OBJECT,
    ]


def test_attributes_that_look_like_a_relation_are_none() -> None:
    answer = read('{"objects": [{"object 1": "shirt", "attributes": ["1", "red", "2"]}, {"object 2": "mat"}]}')
    assert answer.told.things[0].attributes == ("1", "red", "2")
    assert answer.told.statements == ()


def test_items_come_as_soon_as_they_are_complete() -> None:
    reader = Reader(2, CLOCK)
    came = {at: found for at, c in enumerate(WHOLE) for found in [reader.feed(c)] if found}
    assert [len(found) for found in came.values()] == [1] * 4
    assert [WHOLE[at] for at in came] == ["}", "}", "]", "]"]
    assert tuple(found[0] for found in came.values()) == (*read(WHOLE).told.things, *read(WHOLE).told.statements)
    assert reader.close() == read(WHOLE)


@st.composite
def tellings(draw: st.DrawFn) -> Told:
    count = draw(st.integers(0, 4))
    words = st.text(min_size=1, max_size=8).filter(lambda t: t.isprintable() and " ".join(t.split()) == t != "")
    things = tuple(
        Thing(k, draw(words), tuple(draw(st.lists(words, max_size=3, unique=True)))) for k in range(1, count + 1)
    )
    ids = [*range(1, count + 1), -1]
    pairs = draw(st.lists(st.tuples(st.sampled_from(ids), words, st.sampled_from(ids)), max_size=6, unique=True))
    starts = st.lists(st.integers(0, 18), min_size=1, max_size=3)
    return Told(things, tuple(Statement(*p, Spans.of((s, s + 2) for s in draw(starts))) for p in pairs if p[0] != p[2]))


@many
@given(tellings())
def test_targets_are_read_back(told: Told) -> None:
    answer = read(target_text(told, task=Task.SCENE_GRAPH, clock=CLOCK), len(told.things))
    assert answer.clean
    assert answer.told == Told(told.things, tuple(in_order(told.statements)))


@many
@given(st.text(alphabet="{}[]\":,'\\ \n-.0123459eEobjectattributesNaIu", max_size=300))
def test_no_text_raises(text: str) -> None:
    answer = read(text)
    assert answer.told.things or Flaw.MISSING_OBJECT in flaws(answer)


@many
@given(st.data())
def test_no_damage_raises_and_the_text_may_come_in_any_pieces(data: st.DataObject) -> None:
    text = list(WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 4))] = data.draw(st.text(alphabet='{}[]":,\\ 01x\ud800', max_size=3))
        text = text or ["{"]
    reader, damaged = Reader(2, CLOCK), "".join(text)
    at = 0
    while at < len(damaged):
        step = data.draw(st.integers(1, 40))
        reader.feed(damaged[at : at + step])
        at += step
    answer = read(damaged)
    assert reader.close() == answer
    assert all(1 <= t.number <= 2 and t.name.isprintable() for t in answer.told.things)
    assert all(s.subject != s.object and s.spans and s.spans.parts[-1].end <= 20.5 for s in answer.told.statements)


def test_monsters_are_survived() -> None:
    for text in (
        "[" * 100_000,
        "9" * 100_000,
        '{"' + "x" * 100_000,
        "[" * 70 + "]" * 70,
        "]" * 1000,
        '[1,"a",2,[[1e999,NaN]]]',
    ):
        assert not read(text).told.statements
    json.dumps([str(r) for r in read("[" * 1000).remarks])

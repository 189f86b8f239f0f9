"""Questions made of the synthetic world: what answers them, how they are balanced, how they are kept."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.questions import DAMAGE, accuracy_table, examined, left, main, true_graph
from svg2_assets.evaluation.questions.asking import Exam
from svg2_assets.evaluation.questions.damage import says_all
from svg2_assets.evaluation.questions.facts import Facts
from svg2_assets.evaluation.questions.files import read_generated, write_questions
from svg2_assets.evaluation.questions.making import MakingSettings, make_questions
from svg2_assets.evaluation.questions.reader import read_answer
from svg2_assets.evaluation.questions.report import Report
from svg2_assets.evaluation.questions.scores import Marked
from svg2_assets.evaluation.questions.values import InvalidQuestions, Question, QuestionType
from tests.evaluation.questions.scenes import graph

Examined = tuple[Exam, Marked, Report]


@pytest.fixture(scope="module")
def done() -> Examined:
    return examined(10)


@pytest.fixture(scope="module")
def questions(done: Examined) -> list[Question]:
    return list(done[0].questions)


def test_the_truth_answers_all_and_an_empty_graph_nothing(done: Examined) -> None:
    exam, marked, found = done
    assert {q.kinds["type"][0] for q in exam.questions} == {kind.value for kind in QuestionType}
    assert found.conditions["graph truth"].right == found.questions == len(exam.questions) > 100
    assert found.conditions["graph empty"].answered == 0
    assert not marked.right["graph empty"].any()


def test_a_question_tells_which_facts_it_needs(done: Examined) -> None:
    """Of half of the relations, right is exactly what the remaining facts suffice for; nothing is right by accident."""
    exam, marked, _ = done
    half = exam.graphs["half"]
    enough = [says_all(half.graphs[q.video_id], q) for q in exam.questions]
    assert marked.right["graph half"].tolist() == enough
    assert 0.4 * len(enough) < sum(enough) == left(exam, half) < 0.9 * len(enough)
    assert all(q.needs for q in exam.questions)


def test_names_exchanged_leave_what_is_about_names_alone(done: Examined) -> None:
    by_kind = {kind: {c: a.share for c, a in by.items()} for kind, by in done[2].kinds.items()}
    assert by_kind["type", "existence"]["graph exchanged"] == by_kind["type", "count"]["graph exchanged"] == 1
    assert by_kind["type", "object"]["graph exchanged"] < 0.3
    assert by_kind["type", "attribute"]["graph exchanged"] < 0.5
    shares = [done[2].conditions[f"graph {name}"].share for name in DAMAGE]
    assert shares == sorted(shares, reverse=True)


def test_answers_are_balanced(questions: list[Question]) -> None:
    kinds = {k: [q for q in questions if q.kinds["type"] == (k.value,)] for k in QuestionType}
    for kind in (QuestionType.EXISTENCE, QuestionType.RELATION, QuestionType.SEQUENCE):
        answers = Counter(q.answer for q in kinds[kind])
        assert answers["yes"] == answers["no"] > 5, kind
    names = Counter((q.program.name, q.answer) for q in kinds[QuestionType.EXISTENCE] if q.program)
    assert all(names[name, "yes"] == names[name, "no"] for name, _ in names)
    for kind in (QuestionType.ORDER, QuestionType.DURATION):
        places = Counter(q.options.index(q.answer) for q in kinds[kind])
        assert abs(places[0] - places[1]) <= 1, kind
    counts = Counter(q.answer for q in kinds[QuestionType.COUNT]).most_common()
    assert counts[0][1] <= counts[2][1] + 1
    assert max(Counter((q.video_id, q.kinds["type"]) for q in questions).values()) <= MakingSettings().per_video


def test_wrong_options_are_wrong_of_every_graph_question(questions: list[Question], done: Examined) -> None:
    for question in questions:
        facts = Facts(done[0].graphs["truth"].graphs[question.video_id])
        for option in question.options:
            other = replace(question, answer=option)
            assert (read_answer(other, facts) == option) is (option == question.answer)


def test_the_same_seed_makes_the_same(questions: list[Question]) -> None:
    graphs = [true_graph(3_000_000 + i) for i in range(4)]
    some = make_questions(graphs, MakingSettings(per_video=2, seed=3))
    assert make_questions(graphs[::-1], MakingSettings(per_video=2, seed=3)) == some
    assert make_questions(graphs, MakingSettings(per_video=2, seed=4)) != some
    with pytest.raises(InvalidQuestions, match="has two graphs"):
        make_questions([graphs[0], graphs[0]])


def test_a_file_gives_back_what_was_written(questions: list[Question], tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    assert write_questions(questions, path, made={"seed": 0}) == len(questions)
    assert list(read_generated(path)) == questions


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answer": "maybe"}, "line 2: .*none of the options"),
        ({"options": ["no", "yes", "no"]}, "line 2: .*each once"),
        ({"program": {"type": "order", "events": []}}, "line 2: .*another number"),
        ({"video": "v"}, "line 2: video: "),
    ],
)
def test_a_broken_line_is_named(
    questions: list[Question], tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    path = tmp_path / "q.jsonl"
    write_questions(questions[:1], path, made={})
    head, line = path.read_text().splitlines()
    path.write_text(f"{head}\n{json.dumps({**json.loads(line), **change})}\n")
    with pytest.raises(InvalidQuestions, match=reason):
        list(read_generated(path))
    path.write_text(f"{head}\n{line[:-5]}")
    with pytest.raises(InvalidQuestions, match="line 2: no JSON"):
        list(read_generated(path))
    path.write_text("{}\n")
    with pytest.raises(InvalidQuestions, match="line 1: expected"):
        list(read_generated(path))


def test_graphs_without_much_to_ask_about_give_what_they_give() -> None:
    assert make_questions([graph([], [])]) == []
    alone = make_questions([graph(["dog"], [])])
    assert [q.text for q in alone] == ['How many different things in the video are each called "dog"?']


def test_the_benchmark_says_that_all_is_as_it_must_be(done: Examined, capsys: pytest.CaptureFixture[str]) -> None:
    table = accuracy_table(done[0], done[2])
    verdicts = {str(row[0]): row[-1] for row in table.rows}
    assert {name: v for name, v in verdicts.items() if name != "blind"} == dict.fromkeys(
        ("graph truth", "graph half", "graph exchanged", "graph empty"), "met"
    )
    assert table.notes[0].endswith(": met")
    assert main(["--clips", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["rows"][0]["accuracy"] == "100.0 %"

"""Files in the forms of AGQA 2.0 and Perception Test, and which of their questions are asked."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from svg2_assets.evaluation.questions.choosing import Form, about, drawn, form_of, read_questions
from svg2_assets.evaluation.questions.conditions import Condition, chosen, conditions_of, pairs_of
from svg2_assets.evaluation.questions.graph_sets import read_graph_set
from svg2_assets.evaluation.questions.public import LeftOut
from svg2_assets.evaluation.questions.values import InvalidQuestions, Question
from svg2_assets.scene import document
from tests.evaluation.questions.scenes import graph

AGQA = {
    "question": "Did they contact a blanket?",
    "answer": "No",
    "video_id": "YSKX3",
    "global": ["exists", "obj-rel"],
    "local": "yes-no-o4",
    "ans_type": "binary",
    "steps": 1,
    "semantic": "object",
    "structural": "verify",
    "novel_comp": 0,
    "program": "Exists(blanket, Iterate(video, Filter(frame, [relations, touching, objects])))",
}
ASKED = {
    "id": 3,
    "question": "Where is the ball at the end?",
    "options": ["left", "right", "middle"],
    "answer_id": 2,
    "area": "Memory",
    "reasoning": "Descriptive",
    "tag": ["object permanence"],
}


def written(tmp_path: Path, value: Any) -> Path:
    path = tmp_path / "asked.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def read(tmp_path: Path, value: Any) -> tuple[list[Question], Counter[LeftOut]]:
    left_out: Counter[LeftOut] = Counter()
    return list(read_questions(written(tmp_path, value), left_out)), +left_out


def test_agqa(tmp_path: Path) -> None:
    (first, second), left_out = read(
        tmp_path, {"A-1": AGQA, "A-2": {**AGQA, "global": []}, "A-3": {**AGQA, "answer": None}}
    )
    assert (first.id, first.video_id, first.text, first.answer) == ("A-1", "YSKX3", AGQA["question"], "No")
    assert first.options == ()
    assert first.kinds == {
        "answer": ("binary",),
        "structure": ("verify",),
        "semantics": ("object",),
        "reasoning": ("exists", "obj-rel"),
    }
    assert second.kinds["reasoning"] == ()
    assert left_out == {LeftOut.NO_ANSWER: 1}
    assert form_of(tmp_path / "asked.json") is Form.AGQA


def test_perception_test(tmp_path: Path) -> None:
    hidden = {k: v for k, v in ASKED.items() if k != "answer_id"}
    videos = {
        "video_1": {
            "metadata": {"split": "valid"},
            "mc_question": [ASKED, hidden, {**ASKED, "answer_id": "0", "id": 4}],
        }
    }
    found, left_out = read(tmp_path, {**videos, "video_2": {"mc_question": []}, "video_3": {"object_tracking": []}})
    assert [(q.id, q.answer) for q in found] == [("video_1/3", "middle"), ("video_1/4", "left")]
    assert found[0].kinds == {"area": ("Memory",), "reasoning": ("Descriptive",), "skill": ("object permanence",)}
    assert left_out == {LeftOut.NO_ANSWER: 1, LeftOut.NO_QUESTIONS: 2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            json.dumps({"A-1": {**AGQA, "question": ""}}),
            r"line 1: question A-1: expected a text as `question`, found ''",
        ),
        (
            json.dumps({"A-1": AGQA, "A-2": {**AGQA, "video_id": 7}}, indent=0),
            "line 18: question A-2: .*`video_id`, found 7",
        ),
        (json.dumps({"A-1": {**AGQA, "global": [1]}}), "`global`"),
        (json.dumps({"A-1": [1]}), "line 1: A-1: expected an object"),
        ('{"A-1": {"question": "x"', "line 1: "),
        ("[]", "line 1: expected an object"),
        ("", "line 1: expected an object"),
        ("{1: {}}", "expected a name in quotes"),
        ('{"a" {}}', "expected : after"),
        ('{"a": {} "b": {}}', "expected , or } after"),
        (
            json.dumps({"v": {"mc_question": [ASKED, {**ASKED, "answer_id": 3}]}}),
            r"v: mc_question\[1\]: expected 0 to 2",
        ),
        (json.dumps({"v": {"mc_question": [{**ASKED, "options": ["left"]}]}}), r"two or more different texts"),
        (json.dumps({"v": {"mc_question": [7]}}), r"mc_question\[0\]: expected an object"),
        (json.dumps({"v": {"mc_question": {}}}), "expected a list as `mc_question`"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InvalidQuestions, match=reason):
        read(tmp_path, text)
    with pytest.raises(InvalidQuestions, match="cannot be read"):
        list(read_questions(tmp_path / "none.json", Counter()))


def test_an_id_counts_once(tmp_path: Path) -> None:
    record = json.dumps(AGQA)
    found, left_out = read(tmp_path, f'{{"A": {record}, "B": {record}, "A": {record}}}')
    assert [q.id for q in found] == ["A", "B"]
    assert left_out == {LeftOut.TWICE: 1}


def test_a_draw_depends_on_seed_and_ids_alone() -> None:
    many = [Question(str(i), f"v{i % 7}", "?", "yes") for i in range(50)]
    left_out: Counter[LeftOut] = Counter()
    some = drawn(many, 10, left_out, seed=1)
    assert some == drawn(many[::-1], 10, Counter(), seed=1) != drawn(many, 10, Counter(), seed=2)
    assert len(some) == 10
    assert left_out == {LeftOut.NOT_DRAWN: 40}
    assert [q.video_id for q in drawn(many, None, left_out)] == sorted(q.video_id for q in many)
    known = list(about(many, lambda v: v == "v3", left_out, LeftOut.NO_GRAPH))
    assert (len(known), left_out[LeftOut.NO_GRAPH]) == (7, 43)


def test_graphs_are_found_by_id_and_by_name(tmp_path: Path) -> None:
    for name, video in (("one", "v1"), ("two", "v2")):
        (tmp_path / f"{name}.json").write_text(json.dumps(document.write(graph(video=video))))
    found = read_graph_set("A", tmp_path)
    graphs = [found.of(name) for name in ("v1", "one", "v1-film", "v2-film", "three")]
    assert [g and g.video.id for g in graphs] == ["v1", "v1", "v1", "v2", None]
    (tmp_path / "three.json").write_text(json.dumps(document.write(graph(video="v1"))))
    with pytest.raises(InvalidQuestions, match="a second graph of v1"):
        read_graph_set("A", tmp_path)
    (tmp_path / "three.json").write_text("{}")
    with pytest.raises(InvalidQuestions, match=r"(?s)three\.json: .*schema"):
        read_graph_set("A", tmp_path)
    with pytest.raises(InvalidQuestions, match=r"none\.json: there is no such file"):
        read_graph_set("A", tmp_path / "none.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidQuestions, match="holds no scene-graph document"):
        read_graph_set("A", tmp_path / "empty")


def test_conditions_differ_in_one_thing_where_they_are_compared() -> None:
    found = conditions_of(["A", "B"], video=True)
    names = [c.name for c in found]
    assert names == ["blind", "video", "graph A", "graph B", "video + graph A", "video + graph B"]
    pairs = [(a.name, b.name) for a, b in pairs_of(found)]
    assert pairs == [
        ("graph A", "blind"),
        ("graph B", "blind"),
        ("graph A", "graph B"),
        ("video + graph A", "video"),
        ("video + graph B", "video"),
        ("video + graph A", "video + graph B"),
    ]
    assert chosen(["graph B", "blind"], found) == [Condition(graph="B"), Condition()]
    with pytest.raises(InvalidQuestions, match="no condition is called graph C"):
        chosen(["graph C"], found)

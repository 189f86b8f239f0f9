"""A model asked through the real gateway, against a server that speaks the real protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from resources.llm.estimate import estimate_calls
from resources.llm.gateway import LlmGateway
from resources.llm.settings import GatewaySettings
from resources.llm.shared import close_shared_gateways
from svg2_assets.cli import app
from svg2_assets.evaluation.questions.asking import (
    AskingSettings,
    Exam,
    Unanswered,
    ask_model,
    graph_text,
    planned_calls,
)
from svg2_assets.evaluation.questions.conditions import conditions_of
from svg2_assets.evaluation.questions.graph_sets import of_graphs
from svg2_assets.evaluation.questions.values import Question
from svg2_assets.llm.calls import Outcome
from svg2_assets.scene import document
from svg2_assets.scene.video import FrameSource
from svg2_assets.synthetic.clips import encode_video
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from tests.devserver import DevServer, dev_server
from tests.evaluation.questions.scenes import graph

WORLD = World(WorldSettings.of(Difficulty.EASY, width=64, height=48, fps=4.0, seconds=2.0), seed=5)
QUESTIONS = (
    Question("q1", "v", "Is the woman holding the cup?", "yes", ("no", "yes"), {"type": ("relation",)}),
    Question("q2", "v", "What is the cup on?", "table", kinds={"type": ("object",)}),
)
SETTINGS = AskingSettings(model="gpt-4.1-nano", frames=4)
BASE: dict[str, Any] = {"tokens_per_minute": None, "requests_per_minute": None, "backoff": 0.01, "attempts": 1}


@pytest.fixture(scope="module")
def running() -> Iterator[DevServer]:
    with dev_server() as server:
        yield server


@pytest.fixture
def server(running: DevServer) -> DevServer:
    """Says what the graph says where one is told, and the first option or nothing of use where none is."""
    running.script(
        {"text": "(?s)Scene graph of the video.*holding the cup", "answer": {"value": {"answer": "B"}}},
        {"text": "(?s)Scene graph of the video.*cup on", "answer": {"value": {"answer": "A table."}}},
        {"text": "holding the cup", "answer": {"value": {"answer": "A"}}},
        {"answer": {"value": {"answer": "floor"}}},
    )
    return running


@pytest.fixture
def gateway(server: DevServer, tmp_path: Path) -> Iterator[LlmGateway]:
    settings = GatewaySettings(journal=tmp_path / "llm", base_url=server.base_url, key_variable="", **BASE)
    with LlmGateway(settings) as made:
        yield made


def exam(video: str) -> Exam:
    """The server repeats what it said to the same request, so each test has times of its own in its graph."""
    questions = [Question(q.id, video, f"{q.text} ({video})", q.answer, q.options, q.kinds) for q in QUESTIONS]
    return Exam(questions, conditions_of(["A"], video=True), {"A": of_graphs("A", [graph(video=video)])})


def frames(_: str) -> FrameSource:
    return WORLD


def test_every_question_is_asked_under_every_condition(server: DevServer, gateway: LlmGateway) -> None:
    before = len(server.log())
    found = ask_model(exam("all"), SETTINGS, gateway, frames)
    blind, told = ["no", "floor"], ["yes", "A table."]
    assert found.said == {"blind": blind, "video": blind, "graph A": told, "video + graph A": told}
    assert found.outcomes == {Outcome.OK: 8}
    assert len(server.log()) == before + 8
    assert ask_model(exam("all"), SETTINGS, gateway, frames).said == found.said
    assert len(server.log()) == before + 8, "answers are kept"


def test_what_is_shown_by_condition() -> None:
    calls = list(planned_calls(exam("v"), SETTINGS, frames))
    kinds = [[part["type"] for part in call.messages[1]["content"]] for call in calls]
    pictures = ["text", *["image_url", "text"] * 4]
    assert kinds[::2] == [["text"], [*pictures, "text"], ["text", "text"], [*pictures, "text", "text"]]
    last = calls[0].messages[1]["content"][-1]["text"]
    assert last == "Question: Is the woman holding the cup? (v)\nA. no\nB. yes"
    assert calls[0].schema is not None
    assert calls[0].schema["properties"] == {"answer": {"type": "string", "enum": ["A", "B"]}}
    assert len({call.options["prompt_cache_key"] for call in calls}) == 4
    times = [p["text"] for p in calls[2].messages[1]["content"] if p["type"] == "text"][1:5]
    assert times == ["At 0.00 s.", "At 0.50 s.", "At 1.00 s.", "At 1.50 s."]  # of each two frames the first


def test_a_graph_is_told_as_text() -> None:
    head, body = graph_text(graph(), unit=1).split("\n")
    assert "whole seconds" in head
    told = json.loads(body)
    assert told["objects"][1] == {"object 2": "cup", "attributes": ["white"]}
    assert told["relationships"][0] == [1, "holding", 2, [[2, 3]]]
    half = json.loads(graph_text(graph(), unit=0.5).split("\n")[1])
    assert half["relationships"][0] == [1, "holding", 2, [[4, 7]]]
    assert json.loads(graph_text(graph([], []), unit=1).split("\n")[1]) == {"objects": []}


def test_calls_that_were_lost_are_no_answers(server: DevServer, gateway: LlmGateway) -> None:
    server.script({"text": "woman holding", "times": 2, "fault": {"kind": "server_error"}}, append=True)
    before = len(server.log())
    with pytest.raises(Unanswered, match=r"2 of 8 calls got no answer .*Run again"):
        ask_model(exam("lost"), SETTINGS, gateway, frames)
    asked = len(server.log()) - before
    found = ask_model(exam("lost"), SETTINGS, gateway, frames)
    assert found.outcomes == {Outcome.OK: 8}
    assert len(server.log()) - before == asked + 2, "only what is missing is asked"


def test_a_refusal_is_no_answer_and_wrong(server: DevServer, gateway: LlmGateway) -> None:
    server.script({"text": "woman holding", "answer": {"refusal": "No."}}, {"answer": {"value": {"answer": "table"}}})
    found = ask_model(exam("refused"), SETTINGS, gateway, frames)
    assert found.said["video"] == [None, "table"]
    assert found.outcomes == {Outcome.REFUSED: 4, Outcome.OK: 4}
    assert Outcome.REFUSED in found.examples


def test_the_estimate_is_of_the_calls_that_follow(server: DevServer, gateway: LlmGateway) -> None:
    settings = gateway.settings
    (before,) = estimate_calls(planned_calls(exam("costs"), SETTINGS, frames), settings)
    assert (before.calls, before.answered) == (8, 0)
    since = len(server.log())
    ask_model(exam("costs"), SETTINGS, gateway, frames)
    paid = sum(entry["tokens"]["in"] for entry in server.log()[since:])
    assert before.tokens_in == pytest.approx(paid, rel=0.1)
    (after,) = estimate_calls(planned_calls(exam("costs"), SETTINGS, frames), settings)
    assert (after.answered, after.money) == (8, 0)


@pytest.fixture
def files(tmp_path: Path, server: DevServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with graphs A (true) and B (nothing said), a question file in AGQA's form, and the film."""
    for name, said in (("A", graph(video="cmd")), ("B", graph([], [], video="cmd"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cmd.json").write_text(json.dumps(document.write(said)))
    (tmp_path / "films").mkdir()
    encode_video(WORLD, tmp_path / "films" / "cmd.mp4")
    record = {"question": QUESTIONS[1].text, "answer": "table", "video_id": "cmd", "ans_type": "open"}
    asked = {"a": record, "b": {**record, "video_id": "elsewhere"}}
    (tmp_path / "agqa.json").write_text(json.dumps(asked))
    llm = {"base_url": server.base_url, "key_variable": "", "journal": str(tmp_path / "llm"), **BASE}
    monkeypatch.setenv("SVG2_LLM", json.dumps(llm))
    monkeypatch.setenv("SVG2_HOME", str(tmp_path / "home"))
    yield tmp_path
    close_shared_gateways()


def command(files: Path, *arguments: str) -> Any:
    sets = ("--graphs", f"A={files / 'A'}", "--graphs", f"B={files / 'B'}", "--json")
    done = CliRunner().invoke(app, ["evaluate", "questions", *sets, *arguments])
    assert done.exit_code == 0, done.output or done.exception
    return json.loads(done.stdout)


def test_a_model_by_command(files: Path) -> None:
    asked = ("--questions", str(files / "agqa.json"), "--answerer", "model", "--set", "model=gpt-4.1-nano")
    films = ("--videos", str(files / "films"), "--condition", "video", "--condition", "video + graph A")
    (estimate,) = command(files, *asked, *films, "--estimate")["estimates"]
    assert (estimate["calls"], estimate["answered"]) == (2, 0)
    found = command(files, *asked, *films, "--out", str(files / "answers.jsonl"))
    assert {c["condition"]: c["accuracy"] for c in found["conditions"]} == {"video": 0.0, "video + graph A": 1.0}
    assert found["left_out"] == {"of videos that some set of graphs does not have": 1}
    assert found["calls"] == {"ok": 2}
    (line,) = map(json.loads, (files / "answers.jsonl").read_text().splitlines())
    assert line["conditions"]["video + graph A"] == {"said": "A table.", "right": True}


def test_the_reader_by_command(files: Path) -> None:
    found = command(files, "--questions", "generated", "--truth", str(files / "A"))
    shares = {c["condition"]: c["accuracy"] for c in found["conditions"]}
    assert (shares["graph A"], shares["graph B"]) == (1.0, 0.0)
    made = str(files / "made.jsonl")
    done = CliRunner().invoke(
        app, ["questions", "make", "--graphs", str(files / "A"), "--out", made, "--type", "order"]
    )
    assert done.exit_code == 0, done.output
    asked = command(files, "--questions", made, "--condition", "graph A")
    assert {kind["value"] for kind in asked["kinds"]} == {"order"}
    assert asked["conditions"][0]["accuracy"] == 1.0

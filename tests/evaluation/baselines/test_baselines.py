"""Vision baselines over HTTP: what is shown, what is read, what is kept, what one failure costs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from resources.llm.shared import close_shared_gateways
from svg2_assets.commands.baseline import Wanted, ask_baseline, server_of
from svg2_assets.commands.installation import Installation
from svg2_assets.evaluation.baselines.asking import call_for, parts_of, schema_of
from svg2_assets.evaluation.baselines.settings import Baseline
from svg2_assets.evaluation.baselines.showing import show
from svg2_assets.evaluation.baselines.telling import told_of
from svg2_assets.llm.calls import Answer, Outcome
from svg2_assets.scene.document import read, write
from svg2_assets.scene.errors import PhaseError, UnusableBackend
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.traser.forms import read_form
from svg2_assets.traser.text import Task
from svg2_assets.traser.training.settings import read_setup
from tests.devserver import ROOT, DevServer, dev_server
from tests.media_factory import write_video
from tests.traser.clips import box, clip

BASELINE = Baseline(source="tiny", model="gpt-4.1-mini", frames={"fps": 1.0, "side": 64}, boxes={"most": 2})
ANSWER = {
    "objects": [{"object 1": "dog", "attributes": ["brown"]}, {"object 2": "ball", "attributes": []}],
    "relationships": [[1, "chasing", 2, [[0, 1]]], [1, "next to", 7, [[0, 1]]]],
}


def answered(text: str, outcome: Outcome = Outcome.OK, reason: str = "") -> Answer:
    return Answer(outcome, text=text, reason=reason)


def test_frames_come_with_times_and_trajectories_as_boxes() -> None:
    source = clip(8.0)  # 16 frames of 112 x 84
    shown = show(source, {5: box(28, 21, 56, 42, frames=range(16)), 9: box(0, 0, 28, 21, frames=[1])}, BASELINE)
    assert shown.ids == (5, 9)
    assert [p.index for p in shown.pictures] == [0, 2, 4, 6, 8, 10, 12, 15]
    assert shown.pictures[0].size == (64, 48)
    assert shown.boxes[0] == "0.00 [250, 250, 750, 750]; 7.50 [250, 250, 750, 750]"
    assert shown.boxes[1] == "0.50 [0, 0, 250, 250]", "on no frame that is shown: where it is seen"
    pixels = BASELINE.model_copy(update={"boxes": BASELINE.boxes.model_copy(update={"scale": None})})
    assert show(source, {5: box(28, 21, 56, 42, frames=[0])}, pixels).boxes == ("0.00 [16, 12, 48, 36]",)
    call = call_for(shown, (1, 2), BASELINE)
    parts = call.messages[1]["content"]
    assert [p["type"] for p in parts[1:-1]] == ["text", "image_url"] * 8
    assert parts[3]["text"] == "Frame 2, 1.00 s:"
    assert parts[-1]["text"].splitlines()[1] == f"Object 1: {shown.boxes[0]}"
    assert call.schema["properties"]["objects"]["items"]["anyOf"][1]["required"] == ["object 2", "attributes"]
    assert "relationships" not in schema_of(2, Task.ATTRIBUTES)["properties"]


def test_nothing_to_show_is_told() -> None:
    with pytest.raises(PhaseError, match="none that is seen"):
        show(clip(4.0), {1: Trajectory((), ())}, BASELINE)


def test_many_objects_are_asked_about_in_several_questions_and_told_as_one() -> None:
    trajectories = {10 + k: box(k, k, 20, 20, frames=range(8)) for k in range(5)}
    shown = show(clip(4.0), trajectories, BASELINE)
    assert parts_of(shown, 2) == [(1,), (2, 3), (4, 5)]
    first = json.dumps({"objects": [{"object 1": "cup"}], "relationships": []})
    rest = answered(json.dumps(ANSWER).replace("[[0, 1]]", "[[1, 1]]"))
    told = told_of(shown, trajectories, [((1,), answered(first)), ((2, 3), rest), ((4, 5), rest)])
    assert [(o.id, o.name) for o in told.graph.objects] == [
        (10, "cup"), (11, "dog"), (12, "ball"), (13, "dog"), (14, "ball"),
    ]  # fmt: skip
    assert [(r.subject, r.object, r.spans) for r in told.graph.relations] == [
        (11, 12, Spans.of([(1.0, 2.0)])), (13, 14, Spans.of([(1.0, 2.0)])),
    ]  # fmt: skip
    assert sum("unknown object" in str(r) for r in told.answer.remarks) == 2
    assert "3 questions" in told.notes[0]


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (answered("```json\n{'objects': [{'object_1': 'dog'}, {'object 2': 'ball'}]}\n```"), ["dog", "ball"]),
        (answered('{"objects": [{"object 1": "dog"}, {"object 2": "ba', Outcome.TRUNCATED), ["dog", "object"]),
        (answered('{"objects": [{"object 2": "ball"}]', Outcome.INVALID), ["object", "ball"]),
        (answered("I see a dog.", Outcome.INVALID, "the answer does not fit"), "the answer does not fit"),
        (answered("no", Outcome.REFUSED, "the model declines: no"), "the model declines"),
        (answered("", Outcome.OVER_BUDGET, "the budget is used up"), "the budget is used up"),
    ],
)
def test_what_is_complete_counts_and_what_says_nothing_fails(answer: Answer, names: list[str] | str) -> None:
    trajectories = {1: box(0, 0, 9, 9, frames=[0]), 2: box(9, 9, 9, 9, frames=[0])}
    shown = show(clip(4.0), trajectories, BASELINE)
    if isinstance(names, str):
        with pytest.raises(PhaseError, match=names):
            told_of(shown, trajectories, [((1, 2), answer)])
        return
    told = told_of(shown, trajectories, [((1, 2), answer)])
    assert [o.name for o in told.graph.objects] == names
    assert told.answer.complete is (answer.outcome is Outcome.OK)


@pytest.fixture(scope="module")
def running() -> Iterator[DevServer]:
    with dev_server("--rpm", "1000000", "--tpm", "1000000000") as server:
        yield server


@pytest.fixture
def ask(
    running: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, dict]]]:
    """Three clips with truth in folders, and the command over them; gives the exit code and what it prints."""
    running.reset()
    monkeypatch.setenv("SVG2_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SVG2_LLM", json.dumps({"attempts": 1}))
    (tmp_path / "truth").mkdir()
    (tmp_path / "videos").mkdir()
    for n, name in enumerate("abc"):
        write_video(tmp_path / "videos" / f"{name}.mp4", frames=20)
        mask = [Mask.from_box((x, n, 20, 20), height=48, width=64) for x in (0, 30)]
        things = tuple(SceneObject(i, "thing", Trajectory(tuple(range(20)), (m,) * 20)) for i, m in enumerate(mask))
        graph = SceneGraph(Video(name, "", "", 64, 48, 10.0, 20, 2.0), things)
        (tmp_path / "truth" / f"{name}.json").write_text(json.dumps(write(graph)))
    config = tmp_path / "tiny.yaml"
    config.write_text("source: tiny\nmodel: gpt-4.1-mini\nserver: {key_variable: ''}\nat_once: 2\n")

    def asked(*changes: str) -> tuple[int, dict]:
        where = Wanted(
            config, (f"server.url={running.base_url}", *changes), (), tmp_path / "truth", tmp_path / "videos",
            tmp_path / "told",
        )  # fmt: skip
        capsys.readouterr()
        code = ask_baseline(Installation(), Console(), where, as_json=True)
        return code, json.loads(capsys.readouterr().out)

    yield asked
    close_shared_gateways()


def test_a_failure_costs_one_video_and_a_second_run_asks_for_what_is_missing(
    running: DevServer, ask: Callable[..., tuple[int, dict]], tmp_path: Path
) -> None:
    running.script(
        {"schema": "scene_graph", "text": r"Object 1: 0.00 \[0, 21,", "times": 1, "fault": {"kind": "server_error"}},
        {"schema": "scene_graph", "answer": {"value": ANSWER}},
    )
    code, told = ask()
    assert (code, sorted(told["told"])) == (1, ["a", "c"])
    assert "b.mp4: baseline: expected a graph" in told["problems"]["b"]
    assert told["flaws"] == {"unknown object": 2}
    graph = read((tmp_path / "told" / "a.json").read_bytes())
    assert [(o.name, [a.value for a in o.attributes]) for o in graph.objects] == [("dog", ["brown"]), ("ball", [])]
    assert [(r.subject, r.predicate, r.object, r.spans) for r in graph.relations] == [
        (0, "chasing", 1, Spans.of([(0.0, 2.0)]))
    ]
    assert graph.video.id == "a"
    before = len(running.log())
    assert ask() == (0, {"told": ["b"], "fresh": 2, "problems": {}, "cut": 0, "flaws": {"unknown object": 1}}
                     | {"money": pytest.approx(0, abs=0.01)})  # fmt: skip
    assert len(running.log()) == before + 1
    assert ask()[1]["fresh"] == 3
    assert ask("options={temperature: 1}")[1]["fresh"] == 0, "other settings are another system"


def test_presets_can_be_read_and_say_which_variable_they_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted((ROOT / "configs" / "baselines").glob("*.yaml"))
    trained = [p for p in files if p.name.startswith("trained-")]
    assert [read_setup(p).resolved().arranging.representing.value for p in trained] == ["boxes", "boxes", "first_box"]
    asked = [read_form(Baseline, p) for p in files if p not in trained]
    assert len({b.source for b in asked}) == len(asked) >= 8
    own = next(b for b in asked if b.source == "qwen2.5-vl")
    monkeypatch.delenv("SVG2_QWEN25_VL_URL", raising=False)
    with pytest.raises(UnusableBackend, match="SVG2_QWEN25_VL_URL is not set"):
        server_of(own)
    monkeypatch.setenv("SVG2_QWEN25_VL_URL", "http://127.0.0.1:9/v1")
    assert server_of(own)["base_url"] == "http://127.0.0.1:9/v1"
    assert own.config != replace_model(own).config


def replace_model(baseline: Baseline) -> Baseline:
    return baseline.model_copy(update={"model": baseline.model + "-other"})

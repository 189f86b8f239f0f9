"""`svg2 evaluate graphs` with judges that a server is asked for: pairs of all videos at once, kept, told ahead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from resources.llm.shared import close_shared_gateways
from svg2_assets.cli import app
from svg2_assets.scene import document
from svg2_assets.scene.errors import UnusableBackend
from tests.devserver import DevServer, dev_server
from tests.evaluation.graphs.scenes import says
from tests.evaluation.harness.sources import clip, seen

TRUE, SAID = ("zorb", "cat"), ("zorbs ball", "flugelhorn")
"""Names that no lexicon has, but for the cat."""


@pytest.fixture(scope="module")
def running() -> Iterator[DevServer]:
    with dev_server() as server:
        yield server


@pytest.fixture
def home(running: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    running.reset()
    llm = {"base_url": running.base_url, "key_variable": "", "attempts": 1, "backoff": 0.01}
    monkeypatch.setenv("SVG2_LLM", json.dumps(llm))
    monkeypatch.setenv("SVG2_HOME", str(tmp_path / "home"))
    for side, names in (("gt", TRUE), ("pred", SAID)):
        (tmp_path / side).mkdir()
        for video in ("a", "b"):
            graph = seen({k: (n, 20 * k) for k, n in enumerate(names)}, [says(0, "near", 1, (0, 2))], video=clip(video))
            (tmp_path / side / f"{video}.json").write_text(json.dumps(document.write(graph)))
    yield tmp_path
    close_shared_gateways()


def command(home: Path, *arguments: str) -> Result:
    given = ("evaluate", "graphs", "--gt", str(home / "gt"), "--pred", str(home / "pred"), "--no-intervals")
    return CliRunner().invoke(app, [*given, *arguments])


def figures(done: Result) -> tuple[str, dict[str, int]]:
    """Version of the lenient judge, and how many are right by it."""
    assert done.exit_code == 0, (done.output, done.exception)
    told = json.loads(done.stdout)
    (system,) = told["systems"]
    rows: list[dict[str, Any]] = [r for r in system["report"]["figures"] if r["criterion"] == "lenient"]
    right = {r["measure"]: r["recall"]["right"] for r in rows if r["group"] == "all" and r["at"] in {None, 0.5}}
    return str(system["report"]["settings"]["criteria"][1]["version"]), right


def test_a_language_model_is_asked_once_about_the_pairs_of_all_videos(running: DevServer, home: Path) -> None:
    classes = [{"pair": n, "class": "synonym"} for n in (1, 2)]
    running.script({"schema": "judgements", "answer": {"value": {"judgements": classes}}})
    since = len(running.log())
    done = command(home, "--judge", "model", "--judge-set", "options={seed: 7}", "--json")
    judge, right = figures(done)
    assert "gpt-4o-mini" in judge
    assert right["objects"] == 4
    assert right["triplets"] == 2
    assert len(running.log()) - since == 1, "two videos, one call"
    assert "3 pairs of labels; 1 calls are left to ask a judge" in " ".join(done.stderr.split())
    assert figures(command(home, "--judge", "model", "--judge-set", "options={seed: 7}", "--json"))[1] == right
    assert len(running.log()) - since == 1, "what is known is not asked again"


def test_what_a_model_does_not_judge_is_told(running: DevServer, home: Path) -> None:
    running.script(
        {"schema": "judgements", "text": '"zorbs ball"', "answer": {"refusal": "No."}},
        {"schema": "judgements", "answer": {"value": {"judgements": [{"pair": 1, "class": "synonym"}]}}},
    )
    done = command(home, "--judge", "model", "--judge-set", "options={seed: 8}", "--json")
    assert figures(done)[1]["objects"] == 2
    assert "model: 1 pairs are not judged and count as mismatches." in " ".join(done.stderr.split())


def test_names_that_no_lexicon_has_are_compared_by_vectors(home: Path) -> None:
    near = ("--judge", "embedding", "--judge-set", "synonym=0.5", "--judge-set", "overlap=0.4")
    done = command(home, *near, "--json")
    judge, right = figures(done)
    assert "embedding: 3 pairs of labels, 3 of them new" in " ".join(done.stderr.split())
    assert "text-embedding-3-small-0.5-0.4" in judge
    assert right["objects"] == 2, "a zorb is much like a zorbs ball, by letters"
    assert figures(command(home, "--judge", "embedding", "--json"))[1]["objects"] == 0, "not at 0.75"
    assert figures(command(home, "--judge", "lexical", "--json"))[1]["objects"] == 0


def test_what_cannot_judge_is_told(home: Path) -> None:
    unknown = command(home, "--judge", "embedding", "--judge-set", "embedder=nothing")
    assert isinstance(unknown.exception, UnusableBackend)
    assert "embeddings of nothing from http://127.0.0.1" in str(unknown.exception)
    wrong = command(home, "--judge", "model", "--judge-set", "modle=x")
    assert wrong.exit_code == 2
    assert "did you mean 'model'" in wrong.output.replace("\n", " ")

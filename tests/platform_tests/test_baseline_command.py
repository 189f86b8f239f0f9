"""`svg2 evaluate baseline` over the store's trajectories: rows by source, which `svg2 evaluate graphs` then scores."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import command
from tests.devserver import DevServer, dev_server
from tests.media_factory import write_video

pytestmark = pytest.mark.slow


@pytest.fixture
def running() -> Iterator[DevServer]:
    with dev_server("--rpm", "1000000", "--tpm", "1000000000") as server:
        yield server


def test_what_a_model_tells_of_the_store_s_videos_is_kept_by_source_and_scored(
    running: DevServer, tmp_path: Path
) -> None:
    environment = {**os.environ, "SVG2_HOME": str(tmp_path / "home"), "SVG2_PROFILE": "fake"}

    def svg2(*arguments: str | Path) -> str:
        done = command.svg2(*arguments, environment=environment, folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    svg2("annotate", write_video(tmp_path / "a.mp4"))
    (true,) = json.loads(svg2("show", "a.mp4", "--json"))["objects"][:1]
    name = true["name"]
    answer = {"objects": [{"object 1": name, "attributes": []}], "relationships": []}
    running.script({"schema": "scene_graph", "answer": {"value": answer}})
    config = tmp_path / "tiny.yaml"
    config.write_text("source: tiny\nmodel: gpt-4.1-mini\nserver: {key_variable: ''}\n")
    ask = ("evaluate", "baseline", "--config", config, "--set", f"server.url={running.base_url}", "--json")
    first = json.loads(svg2(*ask))
    assert (len(first["told"]), first["fresh"], first["problems"]) == (1, 0, {})
    sent = len(running.log())
    again = json.loads(svg2(*ask))
    assert (again["told"], again["fresh"]) == ([], 1)
    assert len(running.log()) == sent, "what is told already is not asked again"
    scored = svg2("evaluate", "graphs", "--gt", "store:pipeline", "--pred", "store:predictions:tiny", "--json")
    (system,) = json.loads(scored)["systems"]
    assert (system["paired_by"], system["without_prediction"]) == ({"id": 1}, [])
    figures = [f for f in system["report"]["figures"] if (f["criterion"], f["group"]) == ("strict", "all")]
    found = {f["measure"]: f["recall"]["right"] for f in figures}
    assert (found["objects"], found["attributes"]) == (1, 0), "the name is right, no attribute was told"
    svg2("annotate", write_video(tmp_path / "a.mp4", frames=9))
    assert len(json.loads(svg2(*ask))["told"]) == 1, "another content of the file is another video"

"""`svg2 evaluate table` over graphs of the store: imports as the truth and as systems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from svg2_assets.cli import app
from svg2_assets.scene_graphs.formats.svg2.form import Writing
from svg2_assets.scene_graphs.formats.svg2.writing import write
from tests.scene_graphs.formats.clips import clip, related

SETUP = """
datasets: {all: {truth: {source: truth}, measures: [objects, relations]}}
systems:
  same: {all: {source: truth}}
  half: {all: {source: half}}
judge: {tier: exact}
"""


def told(home: Path, *arguments: str | Path) -> Any:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], env={"SVG2_HOME": str(home)})
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def test_imports_are_truth_and_systems_and_a_video_without_a_graph_counts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    graphs = [clip(f"v{i}", relations=[related((0, 1))]) for i in range(4)]
    for name, some in (("truth", graphs), ("half", graphs[:2])):
        write(some, tmp_path / name, Writing(source=name))
        assert told(home, "import", "svg2", tmp_path / name, "--source", name, "--set", "fps=24")["videos"] == len(some)
    (tmp_path / "table.yaml").write_text(SETUP)
    found = {s["system"]: s for s in told(home, "evaluate", "table", "--config", tmp_path / "table.yaml")["systems"]}
    for figure in found["same"]["figures"]:
        assert (figure["share"], figure["rank"], figure["unpredicted"]) == (1.0, 1.0, 0)
    for figure in found["half"]["figures"]:
        assert (figure["share"], figure["rank"], figure["videos"], figure["unpredicted"]) == (0.5, 2.0, 4, 2)

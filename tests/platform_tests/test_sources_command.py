"""`svg2 query`, `svg2 show` and `svg2 traser samples` on graphs of others, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from resources.store.resource import SceneGraphStoreResource
from svg2_assets.cli import app
from svg2_assets.scene.errors import Svg2Error
from svg2_assets.scene_graphs.document_files import read_document
from svg2_assets.scene_graphs.formats.values import Imported
from svg2_assets.scene_graphs.imports import bring_in
from svg2_assets.traser.forms import InvalidSetup
from tests.platform_tests.conftest import write_clip
from tests.traser.test_imported_samples import ORIGIN, graph

SMALL = ("--set", "sampling.least_pixels=0", "--set", "splits={val: 0, test: 0}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has graphs of `a` and `b` from one import, of `b` from another, and no video."""
    home = tmp_path_factory.mktemp("home")
    store = SceneGraphStoreResource(uri=str(home / "store")).open()
    bring_in(store, [Imported(graph("clip-a"), ORIGIN), Imported(graph("clip-b"), ORIGIN)], source="one")
    bring_in(store, [Imported(graph("clip-b", frames=3), ORIGIN)], source="two")
    return home


def command(home: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], env={"SVG2_HOME": str(home)})


def told(home: Path, *arguments: str | Path) -> Any:
    done = command(home, *arguments, "--json")
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def error(home: Path, *arguments: str | Path) -> str:
    done = command(home, *arguments)
    assert isinstance(done.exception, Svg2Error), done.exception
    return str(done.exception)


def test_questions_go_to_the_sources_that_are_named(home: Path) -> None:
    near = ("query", "--subject", "dog", "--predicate", "next to")
    assert told(home, *near) == []
    assert "Other sources were not asked (--source): imported:one, imported:two." in command(home, *near).stdout
    assert [(m["source"], m["video_id"]) for m in told(home, *near, "--source", "all")] == [
        ("imported:one", "clip-a"), ("imported:one", "clip-b"), ("imported:two", "clip-b"),
    ]  # fmt: skip
    assert [m["seconds"] for m in told(home, *near, "--source", "two", "--source", "imported:two")] == [0.5]
    assert len(told(home, *near, "--source", "all", "--min-seconds", "0.6")) == 2
    shown = command(home, *near, "--source", "two").stdout
    assert "imported:two" in shown
    assert "clip-b" in shown
    assert "There are imported:one, imported:two" in error(home, *near, "--source", "three")


def test_a_graph_of_others_is_shown_and_an_error_says_who_has_it(home: Path, tmp_path: Path) -> None:
    shown = command(home, "show", "clip-b", "--source", "imported:two").stdout
    for text in ("6.00 fps, 3 frames", "licence CC BY 4.0", "row 7", "dog", "near"):
        assert text in shown
    document = told(home, "show", "clip-a", "--source", "one")
    assert (document["source"], [o["name"] for o in document["objects"]]) == ("imported:one", ["dog", "cat"])
    assert document["relations"][0]["predicate"] == "near"
    (tmp_path / "shown.json").write_text(json.dumps(document))
    read = read_document(tmp_path / "shown.json", masks=False)
    assert [o.name for o in read.objects] == ["dog", "cat"], "what is shown is read again as a document"
    assert "fits 2 videos of imported:one: clip-a, clip-b" in error(home, "show", "clip", "--source", "one")
    assert "pipeline has no graph of it; there is one in imported:one, imported:two" in error(home, "show", "clip-b")
    assert "svg2 show clip-a --source imported:one" in error(home, "show", "clip-a", "--source", "two")
    assert "has no such video" in error(home, "show", "clip-z", "--source", "two")


def test_samples_of_graphs_of_others_say_what_is_without_one(home: Path, tmp_path: Path) -> None:
    write_clip(tmp_path / "clip-a.mp4", seed=1)
    asked = ("traser", "samples", "--set", "source=imported:one", *SMALL)
    assert "no sample for training" in error(home, *asked)
    done = told(home, *asked, "--set", f"videos={tmp_path}")
    assert done["without"] == [
        {"reason": "its file is not found", "videos": 1, "examples": ["clip-b (no file has its id or name)"]}
    ]
    assert done["origins"] == [["one", "imported:one", "CC BY 4.0", "1"]]
    shown = command(home, *asked, "--set", f"videos={tmp_path}").stdout
    for text in ("0 samples written, 1 up to date", "its file is not found", "imported:one", "CC BY 4.0"):
        assert text in shown
    assert "there is no such folder" in error(home, *asked, "--set", f"videos={tmp_path / 'nowhere'}")
    refused = command(home, "traser", "samples", "--set", "source=predictions:x")
    assert isinstance(refused.exception, InvalidSetup)

"""Documents as a source: what is wrong with one costs that one, and is told with its place."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from svg2_assets.evaluation.harness.documents import read
from svg2_assets.evaluation.harness.files import FileGraphs
from svg2_assets.evaluation.harness.sources import UnreadableGraph, UnusableGraphs
from svg2_assets.evaluation.harness.specs import System, open_graphs, systems_of
from svg2_assets.evaluation.questions.graph_sets import read_graph_set
from svg2_assets.evaluation.table.documents import Documents
from svg2_assets.scene import document
from svg2_assets.scene.document import InvalidSceneDocument
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.values import UnusableSource
from tests.evaluation.graphs.scenes import says
from tests.evaluation.harness.sources import clip, seen

GRAPH = seen({0: ("dog", 0), 1: ("cat", 20)}, [says(0, "near", 1, (0, 2))])


def written(folder: Path, name: str = "v.json", *, graph: SceneGraph = GRAPH, **changes: Any) -> dict[str, Any]:
    made = {**document.write(graph), **changes}
    (folder / name).write_text(json.dumps(made))
    return made


@pytest.mark.parametrize("masks", [True, False])
def test_a_folder_of_documents_comes_back_as_it_was(tmp_path, masks):
    written(tmp_path)
    with FileGraphs("x", read(tmp_path, masks=masks), masks=masks) as source:
        found = source.graph("v")
    assert found.relations == GRAPH.relations
    assert [o.trajectory == g.trajectory for o, g in zip(found.objects, GRAPH.objects, strict=True)] == [masks] * 2
    assert found.video == GRAPH.video


def test_what_show_prints_has_no_masks_and_will_do_where_none_are_needed(tmp_path):
    told = document.write(GRAPH)
    for o in told["objects"]:
        del o["trajectory"]["masks"]
        o["level"] = 1
    (tmp_path / "v.json").write_text(json.dumps({**told, "previews": {}}))
    with FileGraphs("x", read(tmp_path, masks=False), masks=False) as source:
        assert source.graph("v").relations == GRAPH.relations
    assert read_graph_set("x", tmp_path / "v.json").graphs["v"].relations == GRAPH.relations
    with pytest.raises(InvalidSceneDocument, match=r"v\.json: its objects have no masks"):
        Documents(tmp_path)["v"]
    with FileGraphs("x", read(tmp_path, masks=True), masks=True) as source:
        assert not source.cards()
        assert "svg2 annotate --json DIR" in str(source.rejected)


RELATION = document.write(GRAPH)["relations"][0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"relations": [{**RELATION, "spans": [[2, 1]]}]}, r"relations\[0\].spans: a span is 0 <= start < end"),
        ({"relations": [{**RELATION, "spans": [[-1, 1]]}]}, r"relations\[0\].spans: a span is 0 <= start < end"),
        ({"relations": [{**RELATION, "spans": [[float("nan"), 1]]}]}, r"relations\[0\].spans\[0\]\[0\]: .*finite"),
        ({"relations": [{**RELATION, "spans": []}]}, "holds at no time"),
        ({"relations": [{**RELATION, "subject": 9}]}, "no object has the id 9"),
        ({"relations": [{**RELATION, "predicate": " "}]}, r"relations\[0\].predicate"),
        ({"objects": "none"}, "objects: Input should be a valid list"),
        ({"schema": "other"}, "expected an object whose `schema` is"),
    ],
)
def test_one_wrong_document_costs_one_video(tmp_path, changes, reason):
    written(tmp_path, "good.json", graph=seen({}, video=clip("good")))
    written(tmp_path, **changes)
    with FileGraphs("x", read(tmp_path, masks=False), masks=False) as source:
        assert list(source.cards()) == ["good"]
        ((place, why),) = source.rejected.items()
        assert place == f"v ({tmp_path / 'v.json'})"
        assert re.search(reason, why)
        with pytest.raises(UnreadableGraph):
            source.graph("v")


def test_files_that_are_no_json_are_told_by_line_and_a_second_graph_by_file(tmp_path):
    written(tmp_path, "a.json")
    written(tmp_path, "b.json")
    (tmp_path / "c.json").write_text('{\n"schema": \n')
    (tmp_path / "d.json").write_bytes(b"\xff\xfe\x00")
    with FileGraphs("x", read(tmp_path, masks=False), masks=False) as source:
        assert list(source.cards()) == ["v"]
        assert "line 3" in source.rejected[f"c ({tmp_path / 'c.json'})"]
        assert f"it was in {tmp_path / 'a.json'} already" in source.rejected[f"v ({tmp_path / 'b.json'})"]
        assert len(source.rejected) == 3


def no_store() -> Any:
    raise AssertionError("no store is asked for")


def opened(spec: str, *, masks: bool = False, **more: Any) -> Any:
    with ExitStack() as stack:
        return open_graphs(spec, stack, store=no_store, masks=masks, **more)


def test_sources_are_named_by_what_they_are(tmp_path):
    written(tmp_path)
    for spec in (tmp_path, tmp_path / "v.json", f"document:{tmp_path}"):
        assert list(opened(str(spec)).cards()) == ["v"]
    with pytest.raises(UnusableGraphs, match="there is no such file or folder"):
        opened(str(tmp_path / "none"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnusableGraphs, match=r"svg2:PATH, .*store:predictions:NAME"):
        opened(str(tmp_path / "empty"))
    with pytest.raises(UnusableSource, match="expected parquet files"):
        opened(f"svg2:{tmp_path}")


def test_systems_have_names():
    assert systems_of(["ours=store:pipeline", "svg2:/data/x"]) == [
        System("ours", "store:pipeline"), System("svg2:/data/x", "svg2:/data/x"),
    ]  # fmt: skip
    with pytest.raises(UnusableGraphs, match="comes twice"):
        systems_of(["a=x", "a=y"])

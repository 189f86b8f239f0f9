"""A folder for `datasets`: rows that hold whole graphs, features that fit columns, a card that is true."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import AttributeType, Category, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.huggingface.card import hub_id
from svg2_assets.scene_graphs.formats.huggingface.features import schema
from svg2_assets.scene_graphs.formats.huggingface.writing import Writing, write
from svg2_assets.scene_graphs.formats.values import UnusableTarget
from tests.scene import strategies
from tests.scene_graphs.formats.clips import clip, related


def graph_of(row: dict[str, Any]) -> SceneGraph:
    """A row as a graph, by the card's words alone."""
    keys = ("video_id", "uri", "sha256", "width", "height", "fps", "num_frames", "duration")
    times = row["frame_times"]
    video = Video(*(row[key] for key in keys), None if times is None else tuple(times))
    objects = tuple(
        SceneObject(
            o["id"],
            o["name"],
            Trajectory(
                tuple(o["frames"]),
                tuple(Mask.from_json({"size": [row["height"], row["width"]], "counts": c}) for c in o["masks"]),
            ),
            tuple(Attribute(a["value"], AttributeType(a["type"]), a["confidence"]) for a in o["attributes"]),
            Verification(Verdict(o["verdict"]), o["score"]),
            o["part_of"],
        )
        for o in row["objects"]
    )
    relations = tuple(
        Relation(
            r["subject"],
            r["predicate"],
            r["object"],
            Category(r["category"]),
            Spans.of((s["start"], s["end"]) for s in r["spans"]),
            r["confidence"],
        )
        for r in row["relations"]
    )
    return SceneGraph(video, objects, relations, MappingProxyType(json.loads(row["provenance"])))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.graphs())
def test_a_row_is_the_whole_graph(tmp_path: Path, graph: SceneGraph) -> None:
    write([graph], tmp_path, Writing())
    path = tmp_path / "data" / "train-00000-of-00001.parquet"
    (row,) = pq.read_table(path).to_pylist()
    path.unlink()
    path.parent.rmdir()
    (tmp_path / "README.md").unlink()
    assert graph_of(row) == graph


def arrow_of(feature: Any) -> pa.DataType:
    """What `datasets` makes of a feature (`features.get_nested_type`)."""
    if isinstance(feature, list):
        (part,) = feature
        return pa.list_(arrow_of(part))
    kind = feature.get("_type")
    if not isinstance(kind, str):
        return pa.struct([(name, arrow_of(part)) for name, part in feature.items()])
    if kind == "Sequence":
        assert isinstance(feature["feature"].get("_type"), str), "of an object it would be an object of sequences"
        return pa.list_(arrow_of(feature["feature"]))
    assert kind == "Value"
    return {"string": pa.string(), "int32": pa.int32(), "float64": pa.float64()}[feature["dtype"]]


def test_features_in_the_schema_are_those_of_the_columns(tmp_path: Path) -> None:
    write([clip("a", relations=[related((0, 1))])], tmp_path, Writing(split="test"))
    found = pq.read_schema(tmp_path / "data" / "test-00000-of-00001.parquet")
    features = json.loads(found.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == found.names == schema().names
    for name, feature in features.items():
        assert arrow_of(feature) == schema().field(name).type, name
    assert features["video_id"] == {"dtype": "string", "_type": "Value"}


def imported(video_id: str, licence: str, dataset: str = "SA-V") -> SceneGraph:
    told = {"licence": licence, "dataset": dataset, "format": "sav"}
    return replace(clip(video_id, frames=12, fps=6), provenance=MappingProxyType({"import": told}))


def card(folder: Path) -> tuple[dict[str, Any], str]:
    """The YAML of a card, and what follows it."""
    nothing, head, text = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert nothing == ""
    return yaml.safe_load(head), text


def test_the_card_says_what_is_there(tmp_path: Path) -> None:
    graphs = [imported("a", "CC BY 4.0"), imported("b", "cc-by-4.0"), imported("c", "CC BY 4.0", "x|y")]
    graphs[0] = replace(graphs[0], relations=(related((0, 1)),))
    done = write(graphs, tmp_path, Writing(shard=2, title="Our: graphs"))
    assert (done.videos, done.files) == (3, 3)
    assert [p.name for p in sorted((tmp_path / "data").iterdir())] == [
        "train-00000-of-00002.parquet", "train-00001-of-00002.parquet",
    ]  # fmt: skip
    head, text = card(tmp_path)
    assert (head["pretty_name"], head["license"], head["size_categories"]) == ("Our: graphs", "cc-by-4.0", ["n<1K"])
    (files,) = head["configs"][0]["data_files"]
    assert files["split"] == "train"
    assert len(list(tmp_path.glob(files["path"]))) == 2
    rows = "videos | 3; objects | 6; masks | 72; relations | 1; spatial | 1; near | 1; man\\_\\(adult\\) | 3"
    for row in (*rows.split("; "), "SA\\-V | 2 videos", "x\\|y | 1 videos"):
        assert f"\n| {row} |\n" in text, row


@pytest.mark.parametrize(
    ("licences", "given", "head"),
    [
        ([""], "", {"license": "unknown"}),
        (["CC0 1.0", ""], "", {"license": "unknown"}),
        (["CC BY 4.0", "CC0 1.0"], "", {"license": ["cc-by-4.0", "cc0-1.0"]}),
        (["S-Lab 1.0"], "", {"license": "other", "license_name": "s-lab-1.0"}),
        (["S-Lab 1.0"], "Apache 2.0", {"license": "apache-2.0"}),
        (["a: b\n---\n# c"], "", {"license": "other", "license_name": "a-b-c"}),
    ],
)
def test_licences_are_called_as_the_hub_calls_them(licences: list[str], given: str, head: Any, tmp_path: Path) -> None:
    graphs = [imported(str(i), licence) for i, licence in enumerate(licences)]
    write(graphs, tmp_path, Writing(data_licence=given))
    found, text = card(tmp_path)
    assert {k: v for k, v in found.items() if k.startswith("license")} == head
    assert "\n# c" not in text
    rows = pq.read_table(tmp_path / "data").to_pylist()
    assert [row["licence"] for row in rows] == licences
    assert hub_id("CC BY-NC-SA 4.0") == "cc-by-nc-sa-4.0"


def test_names_cannot_become_markup_and_nothing_is_overwritten(tmp_path: Path) -> None:
    graph = clip("a", frames=1)
    evil = "</td><script>|`x`\n# [a](http://b)"
    write([SceneGraph(graph.video, (replace(graph.objects[0], name=evil),))], tmp_path, Writing())
    text = card(tmp_path)[1]
    assert "<script>" not in text.replace("\\<", "")
    assert "\\<script\\>\\|\\`x\\`" in text
    assert "http://b" not in text
    with pytest.raises(UnusableTarget, match="is there already"):
        write([graph], tmp_path, Writing(resume=True))


def test_an_export_of_nothing_can_be_loaded(tmp_path: Path) -> None:
    assert write([], tmp_path, Writing()).videos == 0
    assert pq.read_table(tmp_path / "data" / "train-00000-of-00001.parquet").num_rows == 0

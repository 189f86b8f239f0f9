"""WebDataset, read by the rule of its library: files alike up to the first point are one sample."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from pycocotools import mask as coco

from svg2_assets.scene import document
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.values import Loss, UnusableTarget
from svg2_assets.scene_graphs.formats.webdataset import Writing, key_of, write
from tests.scene import strategies
from tests.scene_graphs.formats.clips import clip

FIRST_POINT = re.compile(r"^((?:.*/|)[^.]+)[.]([^/]*)$")


def samples(shard: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Key, and content by extension."""
    with tarfile.open(shard) as file:
        split = []
        for member in file:
            match = FIRST_POINT.match(member.name)
            content = file.extractfile(member)
            assert match
            assert content
            assert member.isreg()
            assert (member.mtime, member.uid, member.uname) == (0, 0, "")
            split.append((match[1], match[2], content.read()))
    for key, parts in groupby(split, lambda part: part[0]):
        yield key, {extension: data for _, extension, data in parts}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.graphs())
def test_a_sample_is_the_whole_graph(tmp_path: Path, graph: SceneGraph) -> None:
    assert write([graph], tmp_path, Writing()).lost == {}
    path = tmp_path / "shard-000000.tar"
    ((_, parts),) = samples(path)
    path.unlink()
    assert document.read(parts["json"]) == graph
    for o in json.loads(parts["json"])["objects"]:
        for mask in o["trajectory"]["masks"]:
            assert coco.decode(mask).shape == (graph.video.height, graph.video.width)


def test_shards_are_bounded_and_keep_the_order(tmp_path: Path) -> None:
    ids = ["a", "b.c", "../d", "e%2Ec", "é", "f" * 300, "g"]
    graphs = [clip(i, frames=2) for i in ids]
    assert write(graphs, tmp_path / "x", Writing(name="sg", shard=3)).files == 3
    shards = sorted((tmp_path / "x").iterdir())
    assert [p.name for p in shards] == ["sg-000000.tar", "sg-000001.tar", "sg-000002.tar"]
    found = [pair for shard in shards for pair in samples(shard)]
    assert [json.loads(parts["json"])["video"]["id"] for _, parts in found] == ids
    assert [key for key, _ in found] == [key_of(i) for i in ids]
    assert len({key for key, _ in found}) == 7
    assert found[1][0] == "b%2Ec"
    assert not any(set(key) & set("./") for key, _ in found)
    write(graphs, tmp_path / "y", Writing(name="sg", shard=3))
    assert [p.read_bytes() for p in sorted((tmp_path / "y").iterdir())] == [p.read_bytes() for p in shards]


def test_videos_come_along_where_they_are_there(tmp_path: Path) -> None:
    files = [tmp_path / "one.MP4", tmp_path / "secret.txt", tmp_path / "gone.mp4"]
    files[0].write_bytes(b"m" * (700 << 10))
    files[1].write_text("no video")
    uris = [str(files[0]), str(files[1]), str(files[2]), "s3://bucket/a.mp4", ""]
    graphs = [replace(g, video=replace(g.video, uri=u)) for u in uris for g in [clip(f"v{len(u)}", frames=1)]]
    done = write(graphs, tmp_path / "out", Writing(videos=True))
    assert (done.videos, done.files, done.lost) == (5, 1, {Loss.VIDEO: 4})
    ((_, first), *others) = samples(tmp_path / "out" / "shard-000000.tar")
    assert first["mp4"] == files[0].read_bytes()
    assert [set(parts) for _, parts in others] == [{"json"}] * 4
    twice = [graphs[0], replace(graphs[0], video=replace(graphs[0].video, id="w"))] * 2
    assert write(twice, tmp_path / "small", Writing(videos=True, shard_mib=1)).files == 2
    with pytest.raises(UnusableTarget, match="is there already"):
        write(graphs, tmp_path / "out", Writing())
    assert write([], tmp_path / "none", Writing()).files == 0

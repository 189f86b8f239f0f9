"""COCO for videos, read as YouTube-VIS's own program reads it: pycocotools on lists with an entry a frame."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from pycocotools import mask as coco

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.formats.coco_video import Writing, write
from svg2_assets.scene_graphs.formats.values import Loss, UnusableTarget
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.clips import clip


def written(folder: Path, graphs: list[SceneGraph], **options: Any) -> dict[str, Any]:
    write(graphs, folder, Writing(**options))
    (path,) = folder.iterdir()
    found: dict[str, Any] = json.loads(path.read_text())
    path.unlink()
    return found


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clips.graphs())
def test_masks_boxes_and_names_are_those_of_the_graph(tmp_path: Path, graph: SceneGraph) -> None:
    found = written(tmp_path, [graph])
    (video,) = found["videos"]
    assert (video["length"], video["fps"]) == (len(video["file_names"]), graph.video.fps)
    names = {c["id"]: c["name"] for c in found["categories"]}
    objects = {o.id: o for o in graph.objects if o.trajectory.frames}
    assert [a["svg2_object"] for a in found["annotations"]] == list(objects)
    for a in found["annotations"]:
        o = objects[a["svg2_object"]]
        assert (names[a["category_id"]], a["video_id"], a["iscrowd"]) == (o.name, 1, 0)
        assert {len(a[key]) for key in ("segmentations", "areas", "bboxes")} == {video["length"]}
        for frame, rle in enumerate(a["segmentations"]):
            mask = o.trajectory.at(frame)
            if rle is None:
                assert mask is None
                assert a["areas"][frame] is None
                assert a["bboxes"][frame] is None
                continue
            assert mask is not None
            pixels = coco.decode(rle)
            assert np.array_equal(pixels, mask.to_array())
            ys, xs = np.nonzero(pixels)
            assert a["areas"][frame] == len(xs)
            assert a["bboxes"][frame] == [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]


def test_several_videos_share_categories_and_licences(tmp_path: Path) -> None:
    def of(video_id: str, licence: str) -> SceneGraph:
        told = MappingProxyType({"import": {"licence": licence, "format": "sav"}})
        return replace(clip(video_id, frames=2), provenance=told)

    graphs = [of("a", "CC BY 4.0"), of("b/c", "CC0"), of("d", "CC0"), clip("e", frames=1)]
    graphs[0] = replace(graphs[0], objects=(replace(graphs[0].objects[0], name="né 1"), *graphs[0].objects[1:]))
    found = written(tmp_path, graphs, name="x")
    assert [v["id"] for v in found["videos"]] == [1, 2, 3, 4]
    assert [v.get("license") for v in found["videos"]] == [1, 2, 2, None]
    assert [x["name"] for x in found["licenses"]] == ["CC BY 4.0", "CC0"]
    assert found["videos"][1]["file_names"] == ["b%2Fc/00000.jpg", "b%2Fc/00001.jpg"]
    assert found["videos"][1]["svg2_origin"]["format"] == "sav"
    assert [a["id"] for a in found["annotations"]] == list(range(1, 9))
    assert [a["category_id"] for a in found["annotations"]] == [1, 2, 3, 2, 3, 2, 3, 2]
    assert [c["name"] for c in found["categories"]] == ["né 1", "chair or seat", "man_(adult)"]


def test_what_is_lost_is_counted_and_what_is_there_stays(tmp_path: Path) -> None:
    graph = clip("a")
    unseen = replace(graph.objects[0], trajectory=Trajectory((), ()), part_of=1)
    done = write([SceneGraph(graph.video, (unseen, graph.objects[1]))], tmp_path, Writing())
    assert done.lost == {Loss.UNSEEN: 1, Loss.PARTS: 1}
    with pytest.raises(UnusableTarget, match="is there already"):
        write([graph], tmp_path, Writing(resume=True))
    assert written(tmp_path / "none", []) == {
        "info": {"description": "Scene graphs exported by svg2-assets"},
        "annotations": [], "videos": [], "categories": [], "licenses": [],
    }  # fmt: skip

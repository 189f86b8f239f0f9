"""VidVRD and VidOR: boxes there and back, instances in half-open frames."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.evaluation.public import from_graphs
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.formats.boxes import mask_of
from svg2_assets.scene_graphs.formats.registry import FORMATS
from svg2_assets.scene_graphs.formats.values import Fault, Loss, ReadOptions, Repair, UnusableTarget
from svg2_assets.scene_graphs.formats.vidvrd.form import VidorWriting, Writing
from svg2_assets.scene_graphs.formats.vidvrd.reading import read
from svg2_assets.scene_graphs.formats.vidvrd.writing import write
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.boxed import between_objects, boxed, on_frames, plain, told
from tests.scene_graphs.formats.clips import clip, ids, only, rejected, related


def visible_together(graph: SceneGraph) -> dict[tuple[int, str, int], list[list[float]]]:
    """Relations at the times of frames that show both ends."""
    tracks = {o.id: o.trajectory for o in graph.objects}
    found = {}
    for r in between_objects(graph):
        both = set(tracks[r.subject].frames) & set(tracks[r.object].frames)
        held = r.spans & graph.video.spans_of(sorted(both)) if both else Spans()
        if held:
            found[r.key] = held.to_json()
    return found


@settings(max_examples=25, deadline=None)
@given(clips.graphs(), st.sampled_from([Writing(), VidorWriting()]))
def test_boxes_and_what_is_on_frames_come_back(graph: SceneGraph, options: Any) -> None:
    graph = on_frames(graph)
    with tempfile.TemporaryDirectory() as folder:
        done = write([graph], Path(folder), options)
        item = only(list(read(Path(folder), ReadOptions(), name="vidor")))
    tracks = {o.id: boxed(o.trajectory) for o in graph.objects}
    assert item.graph.video == replace(graph.video, uri="", sha256="")
    assert item.graph.objects == plain(graph, tracks)
    assert told(list(item.graph.relations)) == visible_together(graph)
    assert item.graph.provenance["masks"] == "boxes"
    assert done.lost[Loss.SHAPES] == sum(tracks[o.id] != o.trajectory for o in graph.objects)


def test_a_file_is_what_the_format_says_and_the_evaluator_takes(tmp_path: Path) -> None:
    graph = clip("v", frames=4, fps=4, relations=[related((0, 0.5), (0.75, 1))])
    write([graph], tmp_path, Writing(split="test"))
    record = json.loads((tmp_path / "test" / "v.json").read_text())
    assert "version" not in record
    assert (record["frame_count"], record["fps"], record["width"], record["height"]) == (4, 4, 8, 6)
    corners = {"xmin": 4, "ymin": 1, "xmax": 6, "ymax": 3}
    assert record["trajectories"][3][1] == {"tid": 1, "bbox": corners, "generated": 1, "tracker": "none"}
    spans = [(i["begin_fid"], i["end_fid"]) for i in record["relation_instances"]]
    assert spans == [(0, 2), (3, 4)]
    judged = from_graphs.vidvrd(graph, scores=False).record
    assert [tuple(j["duration"]) for j in judged] == spans
    assert judged[0]["obj_traj"][0] == [4, 1, 6, 3]


def test_vidor_has_a_version_and_numbered_folders(tmp_path: Path) -> None:
    write([clip("v")], tmp_path, VidorWriting(group="1025"))
    record = json.loads((tmp_path / "training" / "1025" / "v.json").read_text())
    assert (record["version"], record["video_path"]) == ("VERSION 1.0", "1025/v.mp4")
    assert next(iter(FORMATS["vidor"].read(tmp_path, ReadOptions()))).origin.format == "vidor"  # type: ignore[misc]


def test_relations_are_cut_to_when_both_are_visible(tmp_path: Path) -> None:
    graph = clip("v", frames=8, fps=8, relations=[related((0, 1)), related((0, 0.25), predicate="by")])
    man, chair = graph.objects
    late = SceneObject(1, chair.name, Trajectory(tuple(range(4, 8)), chair.trajectory.masks[:4]))
    done = write([replace(graph, objects=(man, late))], tmp_path, Writing())
    assert done.lost[Loss.APART] == 2
    found = only(list(read(tmp_path, ReadOptions(), name="vidvrd"))).graph
    assert told(list(found.relations)) == {(0, "near", 1): [[0.5, 1]]}


def written(folder: Path, edit: Any) -> Path:
    write([clip("a"), clip("b", frames=6, fps=6, relations=[related((0, 1))])], folder, Writing())
    path = folder / "train" / "b.json"
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))
    return folder


def box(tid: Any, *corners: Any) -> dict[str, Any]:
    return {"tid": tid, "bbox": dict(zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True))}


def test_dirty_boxes_and_instances_are_mended_and_counted(tmp_path: Path) -> None:
    def dirty(record: dict[str, Any]) -> dict[str, Any]:
        record["frame_count"] = 7
        record["subject/objects"] += [{"tid": 0, "category": "dog"}, {"tid": 5, "category": " "}, "no"]
        record["trajectories"][0] = [
            box(0, 2, 1, 2, 1), box(0, 0, 0, 7, 5), box(1, 5, 4, 4, 5), box(1, 8, 0, 9, 3),
            box(1, 0, 0, float("nan"), 1), box(5, -3, 2, 20, 2), box(9, 0, 0, 1, 1), box("x", 0, 0, 1, 1), 3,
        ]  # fmt: skip
        record["trajectories"][1] = None
        said = {"subject_tid": 0, "object_tid": 1, "predicate": "near"}
        times = [(0, 2), (2, 3), (4, 4), (5, 2), (6, 90), ("0", 1)]
        record["relation_instances"] = [said | {"begin_fid": b, "end_fid": e} for b, e in times]
        record["relation_instances"] += [said | {"object_tid": 77, "begin_fid": 0, "end_fid": 1}, {"predicate": "x"}]
        return record

    item = list(read(written(tmp_path, dirty), ReadOptions(), name="vidvrd"))[1]
    tracks = {o.id: o.trajectory for o in item.graph.objects}  # type: ignore[union-attr]
    assert tracks[0].boxes[0].tolist() == [2, 1, 1, 1], "a box of one pixel, the first of two"
    assert tracks[5].boxes.tolist() == [[0, 2, 8, 1]]
    assert tracks[1].frames == (2, 3, 4, 5)
    assert told(list(item.graph.relations)) == {(0, "near", 1): [[0, 0.5], [1, round(7 / 6, 6)]]}  # type: ignore[union-attr]
    assert item.repairs == {  # type: ignore[union-attr]
        Repair.MASKS_SHORT: 1, Repair.REPEATED_ID: 1, Repair.NAMELESS: 1, Repair.OBJECT_FORM: 1, Repair.BOX_REPEATED: 1,
        Repair.BOX_EMPTY: 1, Repair.BOX_OUTSIDE: 1, Repair.BOX_FORM: 4, Repair.BOX_CLIPPED: 1, Repair.UNNAMED: 1,
        Repair.NO_LENGTH: 1, Repair.REVERSED: 1, Repair.CLIPPED: 1, Repair.SPAN_FORM: 1, Repair.UNKNOWN_END: 1,
        Repair.RELATION_FORM: 1, Repair.UNITED: 1, Repair.CATEGORY: 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda d: [], Fault.FORM),
        (lambda d: d | {"trajectories": 1}, Fault.FORM),
        (lambda d: d | {"relation_instances": "no"}, Fault.FORM),
        (lambda d: d | {"fps": 0}, Fault.NO_RATE),
        (lambda d: d | {"width": None}, Fault.NO_SIZE),
        (lambda d: d | {"width": 10**6, "height": 10**6}, Fault.TOO_LARGE),
        (lambda d: d | {"trajectories": []}, Fault.NO_MASKS),
        (lambda d: d | {"video_id": "a"}, Fault.DUPLICATE),
    ],
)
def test_a_broken_file_costs_one_video(tmp_path: Path, edit: Any, fault: Fault) -> None:
    found = list(read(written(tmp_path, edit), ReadOptions(), name="vidvrd"))
    assert ids(found) == ["a"]
    assert [r.fault for r in rejected(found)] == [fault]


def test_videos_without_relations_and_with_untold_lengths_come_in(tmp_path: Path) -> None:
    def bare(record: dict[str, Any]) -> dict[str, Any]:
        kept = record | {"frame_count": 10**12}
        del kept["relation_instances"], kept["video_id"]
        return kept

    item = list(read(written(tmp_path, bare), ReadOptions(), name="vidvrd"))[1]
    assert (item.graph.video.id, item.graph.video.num_frames) == ("b", 6)  # type: ignore[union-attr]


def test_videos_that_are_there_are_kept_or_refused_and_the_licence_goes_along(tmp_path: Path) -> None:
    mine = replace(clip("../a"), provenance={"import": {"licence": "CC BY-NC 4.0"}})
    write([mine], tmp_path / "out", Writing())
    with pytest.raises(UnusableTarget, match="is there already"):
        write([mine], tmp_path / "out", Writing())
    done = write([mine, clip("c")], tmp_path / "out", Writing(resume=True))
    assert (done.videos, done.kept) == (1, 1)
    found = {i.graph.video.id: i.graph for i in read(tmp_path / "out", ReadOptions(), name="vidvrd")}  # type: ignore[union-attr]
    assert found["../a"].provenance["import"]["licence"] == "CC BY-NC 4.0"


@settings(max_examples=100, deadline=None)
@given(*(st.floats(-4, 14) for _ in range(4)), st.integers(1, 10), st.integers(1, 10))
def test_a_box_is_painted_at_the_nearest_edges(
    left: float, top: float, right: float, bottom: float, height: int, width: int
) -> None:
    repairs: Counter[Repair] = Counter()
    mask = mask_of((left, top, right, bottom), height=height, width=width, repairs=repairs)
    columns, rows = (
        range(first := int(np.floor(low + 0.5)), max(first + 1, int(np.floor(high + 0.5))))
        for low, high in ((left, right), (top, bottom))
    )
    pixels = np.zeros((height, width), dtype=bool)
    if right > left and bottom > top:
        pixels[np.ix_([r for r in rows if 0 <= r < height], [c for c in columns if 0 <= c < width])] = True
    assert mask == (Mask.from_array(pixels) if pixels.any() else None)
    assert bool(repairs[Repair.BOX_EMPTY]) == (right <= left or bottom <= top)

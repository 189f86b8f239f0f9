"""The upstream pipeline's last artifact: what is written is what is read, on the grid of its sampled frames."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene_graphs.formats.moments import Moments
from svg2_assets.scene_graphs.formats.stage6 import Writing, read, sampled_frames, write
from svg2_assets.scene_graphs.formats.values import Fault, ReadOptions, Repair, UnusableSource, UnusableTarget
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.clips import clip, ids, kept_of, only, rejected, related, same


def trip(graph: SceneGraph, options: Writing) -> SceneGraph:
    with tempfile.TemporaryDirectory() as folder:
        write([graph], Path(folder), options)
        return only(list(read(Path(folder), ReadOptions()))).graph


def in_two_lists(graph: SceneGraph) -> SceneGraph:
    ordered = sorted(graph.relations, key=lambda r: r.category is Category.SPATIAL)
    return SceneGraph(graph.video, graph.objects, tuple(ordered))


def on_moments(graph: SceneGraph, options: Writing) -> SceneGraph:
    """The same relations, from sampled frame to sampled frame."""
    frames = sampled_frames(graph.video, options)
    edges = [*(graph.video.time_of(f) for f in frames), graph.video.duration]
    if options.most_frames and len(frames) == options.most_frames > 1:
        edges[-1] = min(graph.video.time_of(2 * frames[-1] - frames[-2]), graph.video.duration)
    moved = [replace(r, spans=Spans.where([i % 2 == 0 for i in range(len(frames))], edges)) for r in graph.relations]
    return SceneGraph(graph.video, graph.objects, tuple(moved))


@settings(max_examples=40, deadline=None)
@given(clips.graphs(), st.booleans(), st.sampled_from([0, 2, 24]))
def test_what_is_between_sampled_frames_comes_back(graph: SceneGraph, masks: bool, most: int) -> None:
    options = Writing(mask_files=masks, most_frames=most)
    aligned = on_moments(graph, options)
    assert same(trip(aligned, options), in_two_lists(kept_of(aligned, types=False)))


@settings(max_examples=25, deadline=None)
@given(clips.graphs(), st.sampled_from([0.5, 1.0, 3.0]))
def test_a_second_trip_changes_nothing(graph: SceneGraph, rate: float) -> None:
    options = Writing(sample_fps=rate)
    once = trip(graph, options)
    assert same(trip(once, options), once)


def written(folder: Path, *, edit: Any = lambda d: d, **given: Any) -> Path:
    write([clip("a", **given), clip("b", **given)], folder, Writing(mask_files=False))
    path = folder / "b" / "stage6_scene_graph.json"
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))
    return folder


def test_a_document_is_what_the_specification_says(tmp_path: Path) -> None:
    said = [related((0, 1)), replace(related((1, 2), predicate="holds"), category=Category.FUNCTIONAL)]
    write([clip("v", relations=said)], tmp_path, Writing())
    document = json.loads((tmp_path / "v" / "stage6_scene_graph.json").read_text())
    assert (document["height"], document["width"], document["total_frames"]) == (6, 8, 48)
    assert document["relationships"] == {
        "sampled_frame_indices": [0, 24],
        "temporal": [[0, "holds", 1, [[1, 1]], "functional"]],
        "spatial": [[0, "near", 1, [[0, 0]]]],
    }
    track = document["objects"][1]["trajectory"]
    assert track["first_frame"] == 0
    assert track["boxes"]["0"] == [4, 1, 6, 3], "both ends included"
    assert len(track["masks"]) == 48
    columns = json.loads((tmp_path / "v" / "v_rle.json").read_text())
    assert Mask.from_json(columns[0][1]) == Mask.from_json(track["masks"][0])


def upstream(document: dict[str, Any]) -> dict[str, Any]:
    """As the pipeline writes it: no id, no rate."""
    return {k: v for k, v in document.items() if k not in {"video_id", "fps"}} | {"video": "/data/clips/holiday.mp4"}


def test_the_rate_is_that_of_the_first_stage_beside_it(tmp_path: Path) -> None:
    folder = written(tmp_path, edit=upstream)
    assert [r.fault for r in rejected(list(read(folder, ReadOptions())))] == [Fault.NO_RATE]
    beside = {"video": "x", "height": 6, "width": 8, "fps": 12.5, "total_frames": 48, "frames": []}
    (folder / "b" / "stage1_masks.json").write_text(json.dumps(beside))
    found = list(read(folder, ReadOptions()))
    assert ids(found) == ["a", "holiday"]
    assert found[1].graph.video.fps == 12.5
    assert list(read(folder, ReadOptions(fps=6)))[1].graph.video.fps == 6


def test_masks_beside_a_document_without_any_are_by_place(tmp_path: Path) -> None:
    def bare(document: dict[str, Any]) -> dict[str, Any]:
        for number, o in enumerate(document["objects"]):
            o["object_id"] = 5 + 7 * number
            del o["trajectory"]
        return document

    folder = written(tmp_path, edit=bare)
    assert [r.fault for r in rejected(list(read(folder, ReadOptions())))] == [Fault.NO_MASKS]
    assert only(list(read(folder / "b", ReadOptions(without_masks=True)))).repairs[Repair.NO_MASKS] == 1
    write([clip("b")], tmp_path / "again", Writing())
    (tmp_path / "again" / "b" / "b_rle.json").rename(folder / "b" / "b_rle.json")
    graph = only(list(read(folder / "b", ReadOptions()))).graph
    boxes = {o.id: o.trajectory.masks[0].box for o in graph.objects}
    assert boxes == {5: (0, 1, 3, 3), 12: (4, 1, 3, 3)}


def test_places_that_are_not_sampled_are_clipped_and_counted(tmp_path: Path) -> None:
    def dirty(document: dict[str, Any]) -> dict[str, Any]:
        document["relationships"]["spatial"] = [
            [0, "near", 1, [[1, 9]]], [0, "by", 1, [[7, 9]]], [0, "over", 1, [[-2, 0]]], [0, "on", 1, [[1, 0]]],
            [-1, "beside", 0, [[0, 0], [1, 1]]],
        ]  # fmt: skip
        document["relationships"]["temporal"] = None
        document["objects"].append("no object")
        document["objects"][0]["trajectory"]["masks"].append(None)
        return document

    item = list(read(written(tmp_path, edit=dirty), ReadOptions()))[1]
    told = {r.predicate: r.spans.to_json() for r in item.graph.relations}
    assert told == {"near": [[1, 2]], "over": [[0, 1]], "beside": [[0, 2]]}
    assert item.repairs == {
        Repair.CLIPPED: 2, Repair.OUTSIDE: 1, Repair.REVERSED: 1, Repair.NO_TIME: 2, Repair.UNITED: 1,
        Repair.OBJECT_FORM: 1, Repair.MASKS_LONG: 1,
    }  # fmt: skip


@pytest.mark.parametrize("sampled", [None, [], [0, 0], [0, 48], [3, 1], ["0"]])
def test_relations_need_their_sampled_frames(tmp_path: Path, sampled: Any) -> None:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        document["relationships"]["sampled_frame_indices"] = sampled
        return document

    found = list(read(written(tmp_path, edit=edit, relations=[related((0, 1))]), ReadOptions()))
    assert ids(found) == ["a"]
    assert [r.fault for r in rejected(found)] == [Fault.FORM]


@pytest.mark.parametrize(("text", "fault"), [("{", Fault.NOT_JSON), ("[]", Fault.FORM), ('{"objects": 1}', Fault.FORM)])
def test_a_broken_document_costs_one_video(tmp_path: Path, text: str, fault: Fault) -> None:
    folder = written(tmp_path)
    (folder / "b" / "stage6_scene_graph.json").write_text(text)
    found = list(read(folder, ReadOptions()))
    assert ids(found) == ["a"]
    assert [(r.video_id, r.fault) for r in rejected(found)] == [("b", fault)]


def test_two_documents_of_one_video_and_none_at_all(tmp_path: Path) -> None:
    folder = written(tmp_path, edit=lambda d: d | {"video_id": "a"})
    assert [r.fault for r in rejected(list(read(folder, ReadOptions())))] == [Fault.DUPLICATE]
    for nothing in (tmp_path / "empty", tmp_path / "gone"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(UnusableSource, match="found none"):
            list(read(nothing, ReadOptions()))


def test_videos_that_are_there_are_kept_or_refused(tmp_path: Path) -> None:
    write([clip("a")], tmp_path, Writing())
    with pytest.raises(UnusableTarget, match="is there already"):
        write([clip("a")], tmp_path, Writing())
    done = write([clip("a"), clip("../b")], tmp_path, Writing(resume=True))
    assert (done.videos, done.kept, done.files) == (1, 1, 2)
    assert ids(list(read(tmp_path, ReadOptions()))) == ["../b", "a"]


def test_places_stand_for_the_time_to_the_next_sampled_frame() -> None:
    video = clip(frames=60, fps=24).video
    assert np.allclose(Moments.of([0, 24], video).edges, [0, 1, 2])
    assert np.allclose(Moments.of([0, 24, 48], video).edges, [0, 1, 2, 2.5])
    assert np.allclose(Moments.of([12], video).edges, [0.5, 2.5])
    assert sampled_frames(replace(video, fps=2.5), Writing()) == list(range(0, 60, 2)), "Python's rounding"
    assert sampled_frames(video, Writing(most_frames=2)) == [0, 48]

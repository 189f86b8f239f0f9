"""SA-V masklets: real files read completely, and what is written is what is read on annotated frames."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from pycocotools import mask as coco

from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.formats.sav.form import Kind, Reading, Writing
from svg2_assets.scene_graphs.formats.sav.reading import read
from svg2_assets.scene_graphs.formats.sav.writing import write
from svg2_assets.scene_graphs.formats.values import Fault, Loss, Repair, UnusableSource, UnusableTarget
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.clips import clip, ids, only, rejected, related

REAL = Path(__file__).parents[4] / "shared" / "data" / "sa-v"
real = pytest.mark.skipif(not REAL.is_dir(), reason="real masklets are not here")


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    return {k: json.loads((REAL / f"sav_000001_{k}.json").read_text()) for k in ("manual", "auto")}


@pytest.fixture(scope="module")
def both() -> SceneGraph:
    return only(list(read(REAL, Reading(licence="CC BY 4.0")))).graph


@real
def test_real_masklets_are_read_completely(both: SceneGraph, documents: dict[str, Any]) -> None:
    """Every mask with a pixel is there, in its place, and equals what pycocotools makes of the file."""
    assert (both.video.id, both.video.height, both.video.width) == ("sav_000001", 848, 480)
    assert (both.video.fps, both.video.num_frames) == (6.0, 121)
    columns = [[row[k] for row in d["masklet"]] for d in documents.values() for k in range(d["masklet_num"])]
    assert [o.id for o in both.objects] == list(range(14)), "manual ones first, automatic ones behind"
    for o, column in zip(both.objects, columns, strict=True):
        areas = {f: int(coco.area(rle)) for f, rle in enumerate(column)}
        assert dict(zip(o.trajectory.frames, o.trajectory.areas, strict=True)) == {f: a for f, a in areas.items() if a}
        assert [m.to_json() for m in o.trajectory.masks] == [rle for f, rle in enumerate(column) if areas[f]]
    assert both.provenance["import"]["licence"] == "CC BY 4.0"
    kept = both.provenance["masklets"]
    assert (kept["step"], kept["frame_count"], kept["duration"]) == (4, 483, 20.125)
    assert kept["ids"]["5"] == ["auto", 0]


@real
@pytest.mark.parametrize("kind", ["manual", "auto"])
def test_real_masklets_are_written_again(
    kind: str, both: SceneGraph, documents: dict[str, Any], tmp_path: Path
) -> None:
    """The figures that people and programs of SA-V made follow from the masks, and are made alike here."""
    assert write([both], tmp_path, Writing()).lost[Loss.BETWEEN] == 0
    found, real = json.loads((tmp_path / f"sav_000001_{kind}.json").read_text()), documents[kind]
    same = "video_id video_duration video_frame_count video_height video_resolution video_environment video_split"
    same += " masklet masklet_id masklet_type masklet_num masklet_first_appeared_frame masklet_frame_count"
    for key in (*same.split(), "masklet_size_bucket", "masklet_visibility_changes"):
        assert found[key] == real[key], key
    assert found["masklet_size_abs"] == pytest.approx(real["masklet_size_abs"])
    assert found["masklet_size_rel"] == pytest.approx(real["masklet_size_rel"])


@real
def test_one_kind_alone(tmp_path: Path) -> None:
    assert len(only(list(read(REAL, Reading(kinds=(Kind.AUTO,))))).graph.objects) == 9
    assert len(only(list(read(REAL / "sav_000001_manual.json", Reading()))).graph.objects) == 5


def annotated(graph: SceneGraph, step: int) -> SceneGraph:
    """Every `step`-th frame, as a video of its own; names and masks alone."""
    video, objects = graph.video, []
    for o in graph.objects:
        kept = [(f // step, m) for f, m in zip(o.trajectory.frames, o.trajectory.masks, strict=True) if f % step == 0]
        objects.append(SceneObject(o.id, o.name, Trajectory(tuple(f for f, _ in kept), tuple(m for _, m in kept))))
    frames, fps = math.ceil(video.num_frames / step), video.fps / step
    return SceneGraph(
        replace(video, uri="", sha256="", fps=fps, num_frames=frames, duration=frames / fps), tuple(objects)
    )


@settings(max_examples=15, deadline=None)
@given(clips.graphs())
def test_masks_on_annotated_frames_come_back(graph: SceneGraph) -> None:
    step = {1.0: 1, 6.0: 1, 24.0: 4, 29.97: 5}[graph.video.fps]
    with tempfile.TemporaryDirectory() as folder:
        lost = write([graph], Path(folder), Writing()).lost
        item = only(list(read(Path(folder), Reading())))
    assert clips.same(item.graph, annotated(graph, step))
    frames = [f for o in graph.objects for f in o.trajectory.frames]
    assert lost[Loss.BETWEEN] == sum(f % step != 0 for f in frames)
    assert lost[Loss.RELATIONS] == len(graph.relations)
    assert item.repairs == {}


def test_a_document_is_what_the_data_set_says(tmp_path: Path) -> None:
    """48 frames at 24 a second: 12 are annotated. Box 3 x 3 of 8 x 6 pixels, there from frame 8, gone at 16 and 20."""
    graph = clip("v", relations=[related((0, 1))])
    track = graph.objects[1].trajectory
    shown = tuple(f for f in track.frames if f >= 8 and not 16 <= f < 24)
    objects = (graph.objects[0], replace(graph.objects[1], trajectory=Trajectory(shown, track.masks[: len(shown)])))
    write([SceneGraph(graph.video, objects)], tmp_path, Writing(split="val"))
    document = json.loads((tmp_path / "v_manual.json").read_text())
    assert (document["video_duration"], document["video_frame_count"], document["video_split"]) == (2.0, 48.0, "val")
    assert len(document["masklet"]) == 12
    assert [int(coco.area(row[1])) for row in document["masklet"]] == [0, 0, 9, 9, 0, 0, 9, 9, 9, 9, 9, 9]
    assert document["masklet_first_appeared_frame"] == [0, 2]
    assert document["masklet_visibility_changes"] == [0, 2]
    assert document["masklet_size_rel"] == [9 / 48, 9 / 48]
    assert document["masklet_size_bucket"] == ["small", "small"]


def written(folder: Path, edit: Any) -> Path:
    write([clip("a"), clip("b")], folder, Writing())
    path = folder / "b_manual.json"
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))
    return folder


def test_dirty_masklets_are_mended_and_counted(tmp_path: Path) -> None:
    def dirty(document: dict[str, Any]) -> dict[str, Any]:
        rows = document["masklet"][:9]
        rows[1] = "no row"
        rows[2][0] = {"size": [6, 8], "counts": "11"}
        rows[3][0] = {"size": [3, 3], "counts": "9"}
        rows[4][0] = None
        rows[5].append(rows[5][0])
        document |= {"masklet": rows, "masklet_id": [0, 1], "masklet_name": ["a", 7], "video_height": None}
        return document

    item = list(read(written(tmp_path, dirty), Reading()))[1]
    first, second = item.graph.objects
    assert (first.name, second.name) == ("a", "object")
    assert first.trajectory.frames == (0, 5, 6, 7, 8)
    assert second.trajectory.frames == (0, 2, 3, 4, 5, 6, 7, 8)
    assert item.graph.video.num_frames == 12
    assert item.repairs == {
        Repair.MASKS_SHORT: 1, Repair.MASK_FORM: 1, Repair.WRONG_AREA: 1, Repair.WRONG_SIZE: 1, Repair.UNNAMED: 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "repairs"),
    [
        ({"masklet_id": [4, 4]}, {Repair.REPEATED_ID: 1}),
        ({"masklet_id": [4, "x"]}, {Repair.OBJECT_FORM: 1}),
        ({"masklet_id": [4, 5, 6]}, {Repair.NO_COLUMN: 1}),
        ({"video_frame_count": 9.0, "video_duration": 9 / 24}, {Repair.MASKS_LONG: 1}),
        ({"video_frame_count": None}, {}),
        ({"video_duration": "long"}, {}),
        ({"masklet_id": [10**9, 3]}, {}),
    ],
)
def test_what_is_listed_and_is_not_there(edit: Any, repairs: Any, tmp_path: Path) -> None:
    item = list(read(written(tmp_path, lambda d: d | edit), Reading()))[1]
    assert item.repairs == repairs
    assert item.graph.video.fps == 6
    assert max(o.id for o in item.graph.objects) < 1 << 16


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda d: [d], Fault.FORM),
        (lambda d: d | {"masklet": None}, Fault.FORM),
        (lambda d: d | {"masklet_id": {}}, Fault.FORM),
        (lambda d: d | {"masklet": []}, Fault.NO_MASKS),
        (lambda d: d | {"video_id": "a"}, Fault.DUPLICATE),
    ],
)
def test_a_broken_file_costs_one_video(edit: Any, fault: Fault, tmp_path: Path) -> None:
    found = list(read(written(tmp_path, edit), Reading()))
    assert ids(found) == ["a"]
    assert [r.fault for r in rejected(found)] == [fault]


def test_files_of_one_video_must_agree_and_be_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auto = clip("b", frames=24)
    write([clip("b")], tmp_path, Writing())
    write([auto], tmp_path, Writing(kind=Kind.AUTO))
    (item,) = rejected(list(read(tmp_path, Reading())))
    assert item.fault is Fault.CONTRADICTION
    assert "b_manual.json and b_auto.json" in item.detail
    assert ids(list(read(tmp_path, Reading(kinds=(Kind.AUTO,))))) == ["b"]
    monkeypatch.setattr("svg2_assets.scene_graphs.formats.records.MOST_DOCUMENT", 100)
    assert rejected(list(read(tmp_path, Reading())))[0].fault is Fault.TOO_LARGE


def test_ids_of_anybodys_provenance_do_not_break_a_file(tmp_path: Path) -> None:
    """Two objects that claim to be one masklet keep their own ids."""
    told = {"step": 1, "frame_count": 48, "duration": 2.0, "ids": {"0": ["auto", 3], "1": ["auto", 3]}}
    graph = clip("v")
    for provenance in (told, told | {"ids": {"0": "x"}}, {"ids": 3}, 7):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        write([replace(graph, provenance=MappingProxyType({"masklets": provenance}))], folder, Writing())
        assert json.loads((folder / "v_manual.json").read_text())["masklet_id"] == [0, 1]


def test_nothing_there_and_something_there(tmp_path: Path) -> None:
    with pytest.raises(UnusableSource, match="found none"):
        list(read(tmp_path / "gone", Reading()))
    write([clip("a")], tmp_path, Writing())
    with pytest.raises(UnusableTarget, match="is there already"):
        write([clip("a")], tmp_path, Writing())
    done = write([clip("a"), clip("../b")], tmp_path, Writing(resume=True))
    assert (done.videos, done.kept, done.files) == (1, 1, 1)
    assert ids(list(read(tmp_path, Reading()))) == ["../b", "a"]

"""PVSG: what is written is what is read, a real record reads whole, and dirty files cost what is broken in them."""

from __future__ import annotations

import json
import struct
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.id_maps import painted
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.formats.pngs import BrokenPng, read_ids, write_ids
from svg2_assets.scene_graphs.formats.pvsg.form import Reading, Writing
from svg2_assets.scene_graphs.formats.pvsg.reading import read
from svg2_assets.scene_graphs.formats.pvsg.writing import write
from svg2_assets.scene_graphs.formats.values import Fault, Loss, Repair, UnusableTarget
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.boxed import between_objects, on_frames, plain, told
from tests.scene_graphs.formats.clips import clip, ids, only, rejected, related

SAMPLE = Path(__file__).parents[4] / "shared" / "data" / "pvsg-sample" / "0001_4164158586.json"


def on_top(graph: SceneGraph) -> dict[int, Trajectory]:
    """Masks without the pixels that smaller ones of the same frame have, of equal ones those that come later."""
    shown: dict[int, dict[int, Mask]] = {o.id: {} for o in graph.objects}
    for frame in range(graph.video.num_frames):
        taken = np.zeros((graph.video.height, graph.video.width), dtype=bool)
        there = [(o.id, m) for o in reversed(graph.objects) if (m := o.trajectory.at(frame)) is not None]
        for object_id, mask in sorted(there, key=lambda item: item[1].area):
            left = mask.to_array() & ~taken
            taken |= left
            if left.any():
                shown[object_id][frame] = Mask.from_array(left)
    return {i: Trajectory(tuple(masks), tuple(masks.values())) for i, masks in shown.items()}


@settings(max_examples=20, deadline=None)
@given(clips.graphs())
def test_what_is_on_frames_comes_back(graph: SceneGraph) -> None:
    graph = on_frames(graph)
    with tempfile.TemporaryDirectory() as folder:
        done = write([graph], Path(folder), Writing())
        item = only(list(read(Path(folder), Reading(without_masks=True))))
    tracks = on_top(graph)
    assert item.graph.video == replace(graph.video, uri="", sha256="")
    assert item.graph.objects == plain(graph, tracks)
    assert told(list(item.graph.relations)) == told(between_objects(graph))
    assert done.lost[Loss.CAMERA] == sum(CAMERA_ID in (r.subject, r.object) for r in graph.relations)
    assert done.lost[Loss.OVERLAPS] == sum(tracks[o.id] != o.trajectory for o in graph.objects)


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the sample lies beside the repository, not in it")
def test_a_real_record_reads_whole() -> None:
    record = json.loads(SAMPLE.read_text())
    assert [r.fault for r in rejected(list(read(SAMPLE, Reading())))] == [Fault.NO_MASKS]
    item = only(list(read(SAMPLE, Reading(without_masks=True))))
    graph = item.graph
    assert (graph.video.id, graph.video.height, graph.video.width) == ("0001_4164158586", 360, 480)
    assert (graph.video.fps, graph.video.num_frames, graph.video.duration) == (5, 180, 36)
    assert {o.id: o.name for o in graph.objects} == {o["object_id"]: o["category"] for o in record["objects"]}
    assert told(list(graph.relations)) == {
        (s, p, o): [[a / 5, (b + 1) / 5] for a, b in spans] for s, o, p, spans in record["relations"]
    }
    assert graph.provenance["stuff"] == [1]
    assert set(item.repairs) <= {Repair.NO_MASKS, Repair.CATEGORY}


def written(folder: Path, edit: Any = lambda d: d) -> Path:
    write([clip("a", relations=[related((0, 1))]), clip("b")], folder, Writing(source="vidor"))
    path = folder / "pvsg.json"
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))
    return folder


def test_files_are_what_the_format_says(tmp_path: Path) -> None:
    document = json.loads((written(tmp_path) / "pvsg.json").read_text())
    assert document["split"] == {"vidor": {"train": ["a", "b"], "val": []}}
    assert document["objects"] == {"thing": ["chair or seat", "man_(adult)"], "stuff": []}
    assert document["relations"] == ["near"]
    record = document["data"][0]
    assert record["meta"] == {"height": 6, "width": 8, "fps": 24, "duration": 2.0, "num_frames": 48}
    assert record["relations"] == [[1, 2, "near", [[0, 23]]]]
    assert [o["object_id"] for o in record["objects"]] == [1, 2], "places from 1, as upstream indexes them"
    pictures = sorted((tmp_path / "vidor" / "masks" / "a").iterdir())
    assert [p.name for p in pictures] == [f"{i:04d}.png" for i in range(48)]
    assert read_ids(pictures[0])[2].tolist() == [1, 1, 1, 0, 2, 2, 2, 0]


def test_others_files_have_ids_of_their_own_and_may_lack_lengths(tmp_path: Path) -> None:
    def others(document: dict[str, Any]) -> dict[str, Any]:
        first = document["data"][0]
        for o in first["objects"]:
            del o["graph_id"]
        del first["meta"]["num_frames"], first["meta"]["height"]
        return document

    graph = next(i.graph for i in read(written(tmp_path, others), Reading()))  # type: ignore[union-attr]
    assert [o.id for o in graph.objects] == [1, 2]
    assert (graph.video.num_frames, graph.video.height, graph.video.width) == (48, 6, 8)
    assert told(list(graph.relations)) == {(1, "near", 2): [[0, 1]]}


def test_dirty_records_are_mended_and_counted(tmp_path: Path) -> None:
    def dirty(document: dict[str, Any]) -> dict[str, Any]:
        first = document["data"][0]
        first["objects"] += [{"object_id": 1, "category": "dog"}, {"object_id": "x"}, 7, {"object_id": 9}]
        first["relations"] += [
            [1, 2, "by", [[9, 3], [40, 60], [5, 5], "no"]], [1, 8, "on", [[0, 1]]], [1, 1, "on", [[0, 1]]],
            [1, 2, "of"], [1, 2, "at", [[90, 99]]],
        ]  # fmt: skip
        document["data"] += [5, {"meta": {}}, {"video_id": "a"}]
        return document

    folder = written(tmp_path, dirty)
    masks = folder / "vidor" / "masks" / "a"
    (masks / "0003.png").write_bytes(b"\x89PNG broken")
    (masks / "0004.png").unlink()
    write_ids(masks / "0005.png", np.full((2, 2), 1))
    write_ids(masks / "0006.png", np.full((6, 8), 77))
    write_ids(masks / "0048.png", np.full((6, 8), 1))
    found = list(read(folder, Reading(licence="S-Lab", fps=24)))
    assert ids(found) == ["a", "b"]
    faults = [("", Fault.FORM), ("", Fault.FORM), ("a", Fault.DUPLICATE)]
    assert [(r.video_id, r.fault) for r in rejected(found)] == faults
    item = found[0]
    track = item.graph.objects[0].trajectory  # type: ignore[union-attr]
    assert track.frames == (0, 1, 2, *range(7, 48))
    assert told(list(item.graph.relations))[1, "by", 2] == [[0.208333, 0.25], [1.666667, 2]]  # type: ignore[union-attr]
    assert item.repairs == {  # type: ignore[union-attr]
        Repair.REPEATED_ID: 1, Repair.OBJECT_FORM: 2, Repair.NAMELESS: 1, Repair.NO_COLUMN: 1, Repair.UNNAMED: 1,
        Repair.FRAME_UNREADABLE: 2, Repair.FRAME_SIZE: 1, Repair.MASKS_LONG: 1, Repair.REVERSED: 1,
        Repair.CLIPPED: 1, Repair.SPAN_FORM: 1, Repair.UNKNOWN_END: 1, Repair.ITSELF: 1, Repair.RELATION_FORM: 1,
        Repair.OUTSIDE: 1, Repair.NO_TIME: 1, Repair.CATEGORY: 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fault"), [('{"data": [', Fault.NOT_JSON), ("[]", Fault.NOT_JSON), ('{"objects": 1}', Fault.FORM)]
)
def test_a_broken_file_is_told(tmp_path: Path, text: str, fault: Fault) -> None:
    (tmp_path / "pvsg.json").write_text(text)
    assert [r.fault for r in rejected(list(read(tmp_path, Reading())))] == [fault]


def test_what_is_there_is_kept_or_refused_and_licence_and_stuff_go_along(tmp_path: Path) -> None:
    graph = clip("a")
    mine = replace(graph, provenance={"import": {"licence": "CC BY 4.0", "dataset": "d"}, "stuff": [1]})
    write([mine], tmp_path, Writing())
    with pytest.raises(UnusableTarget, match="is there already"):
        write([mine], tmp_path, Writing())
    done = write([mine, clip("c")], tmp_path, Writing(resume=True))
    assert (done.videos, done.kept, done.files) == (1, 1, 49)
    first, second = (i.graph for i in read(tmp_path, Reading()))  # type: ignore[union-attr]
    assert (first.provenance["import"]["licence"], first.provenance["stuff"]) == ("CC BY 4.0", [1])
    assert "licence" not in second.provenance["import"]


def test_masks_are_never_looked_for_outside(tmp_path: Path) -> None:
    folder = written(tmp_path / "in", lambda d: {"data": [d["data"][0] | {"video_id": "../../out"}]})
    (tmp_path / "out").mkdir()
    write_ids(tmp_path / "out" / "0000.png", np.ones((6, 8), dtype=np.int64))
    assert [r.fault for r in rejected(list(read(folder, Reading())))] == [Fault.NO_MASKS]


def test_many_objects_need_sixteen_bits(tmp_path: Path) -> None:
    graph = clip("many", frames=1)
    cells = [Mask.from_box((i % 8, i // 8 % 6, 1, 1), height=6, width=8) for i in range(300)]
    things = tuple(
        SceneObject(i, f"thing {i}", Trajectory((0,), (m,)) if i >= 252 else Trajectory((), ()))
        for i, m in enumerate(cells)
    )
    write([replace(graph, objects=things)], tmp_path, Writing())
    found = only(list(read(tmp_path, Reading()))).graph
    assert found.objects == things


def png(depth: int, kind: int, rows: list[bytes], width: int) -> bytes:
    """A PNG as its specification says, made by hand."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + row for row in rows))
    palette = chunk(b"PLTE", bytes(3 << depth)) if kind == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + palette + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("depth", "kind", "row", "ids"),
    [
        (8, 3, b"\x00\x07\xff", [0, 7, 255]),
        (4, 3, b"\x0f\x10", [0, 15, 1]),
        (1, 3, b"\xa0", [1, 0, 1]),
        (8, 0, b"\x00\x07\xff", [0, 7, 255]),
        (16, 0, b"\x00\x00\x01\x02\xff\xff", [0, 258, 65535]),
    ],
)
def test_ids_are_read_as_they_are_whatever_their_bits(
    tmp_path: Path, depth: int, kind: int, row: bytes, ids: list[int]
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(depth, kind, [row, row], 3))
    assert read_ids(path).tolist() == [ids, ids]
    write_ids(path, np.asarray([ids]))
    assert read_ids(path).tolist() == [ids]


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a" * 9, png(8, 2, [bytes(9)], 3), png(8, 3, [b"\0\0\0"], 3)[:50], png(8, 3, [b""], 1 << 30)]
)
def test_what_holds_no_ids_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(BrokenPng):
        read_ids(tmp_path / "a.png")


def test_the_smaller_mask_is_on_top() -> None:
    large, small = (Mask.from_box(b, height=2, width=4) for b in ((0, 0, 3, 2), (1, 0, 2, 1)))
    for order in ([(5, large), (6, small)], [(6, small), (5, large)]):
        assert painted(order, height=2, width=4).tolist() == [[5, 6, 6, 0], [5, 5, 5, 0]]

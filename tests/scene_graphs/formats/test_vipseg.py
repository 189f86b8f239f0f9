"""VIPSeg: pictures of segments and their document, ours, COCO's real ones, and grey ones as released."""

from __future__ import annotations

import json
import struct
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings

from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.formats.values import Fault, Loss, Repair, UnusableSource, UnusableTarget
from svg2_assets.scene_graphs.formats.vipseg.form import Reading, Writing
from svg2_assets.scene_graphs.formats.vipseg.pictures import NoPicture, colour_of, picture_of, read_picture
from svg2_assets.scene_graphs.formats.vipseg.reading import read
from svg2_assets.scene_graphs.formats.vipseg.writing import write
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.clips import clip, ids, only, rejected, related

DOCUMENT, RGB = "panoptic_gt_VIPSeg.json", "panomasksRGB"
COCO = Path(__file__).parents[4] / "shared" / "data" / "coco-panoptic-sample"


def without_overlap(graph: SceneGraph) -> SceneGraph:
    """What pictures hold: on a frame a pixel is the smallest object's, of equal ones the last one's."""
    kept: dict[int, list[tuple[int, Mask]]] = {o.id: [] for o in graph.objects}
    for frame in range(graph.video.num_frames):
        there = [(o.id, m) for o in graph.objects[::-1] if (m := o.trajectory.at(frame)) is not None]
        taken = np.zeros((graph.video.height, graph.video.width), dtype=bool)
        for object_id, mask in sorted(there, key=lambda t: t[1].area):
            own = mask.to_array() & ~taken
            taken |= own
            if own.any():
                kept[object_id].append((frame, Mask.from_array(own)))
    objects = [
        SceneObject(o.id, o.name, Trajectory(tuple(f for f, _ in kept[o.id]), tuple(m for _, m in kept[o.id])))
        for o in graph.objects
        if kept[o.id]
    ]
    return SceneGraph(replace(graph.video, uri="", sha256=""), tuple(objects))


@settings(max_examples=15, deadline=None)
@given(clips.graphs())
def test_what_pictures_hold_comes_back(graph: SceneGraph) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lost = write([graph], Path(folder), Writing()).lost
        item = only(list(read(Path(folder), Reading(without_masks=True))))
    wanted = without_overlap(graph)
    assert clips.same(item.graph, wanted)
    assert lost[Loss.UNSEEN] == len(graph.objects) - len(wanted.objects)
    changed = [
        m != wanted_track.at(f)
        for o in graph.objects
        for wanted_track in [next((w.trajectory for w in wanted.objects if w.id == o.id), Trajectory((), ()))]
        for f, m in zip(o.trajectory.frames, o.trajectory.masks, strict=True)
    ]
    assert lost[Loss.OVERLAPS] == sum(changed)


def test_a_document_is_what_the_data_set_says(tmp_path: Path) -> None:
    done = write([clip("../v", frames=2, relations=[related((0, 1))]), clip("w", frames=1)], tmp_path, Writing())
    assert (done.videos, done.files, done.lost[Loss.RELATIONS]) == (2, 4, 1)
    document = json.loads((tmp_path / DOCUMENT).read_text())
    assert document["categories"] == [
        {"id": 0, "name": "man_(adult)", "isthing": 1}, {"id": 1, "name": "chair or seat", "isthing": 1},
    ]  # fmt: skip
    note = document["annotations"][0]
    assert note["video_id"] == document["videos"][0]["video_id"] == "%2E.%2Fv", "a name of a folder"
    assert document["videos"][0]["images"][1] == {
        "id": "00000001", "width": 8, "height": 6, "file_name": "00000001.png",
    }  # fmt: skip
    first = note["annotations"][0]
    pixels = cv2.imread(str(tmp_path / RGB / note["video_id"] / first["file_name"]))[..., ::-1]
    ids = Frame.of(pixels, first["segments_info"]).ids
    assert [(s["category_id"], s["area"], s["iscrowd"]) for s in sorted(first["segments_info"], key=lambda s: s["id"])]
    for segment in first["segments_info"]:
        columns = np.flatnonzero((ids == segment["id"]).any(axis=0)).tolist()
        assert columns == ([0, 1, 2] if segment["category_id"] == 0 else [4, 5, 6])
        assert segment["area"] == 9


@pytest.mark.skipif(not COCO.is_dir(), reason="COCO's samples are not here")
def test_real_panoptic_pictures_have_the_areas_that_their_records_say(tmp_path: Path) -> None:
    """COCO's two images as two videos of one frame each."""
    real = json.loads((COCO / "panoptic_examples.json").read_text())
    sizes = {i["id"]: i for i in real["images"]}
    videos, notes = [], []
    for note in real["annotations"]:
        name = str(note["image_id"])
        (tmp_path / RGB / name).mkdir(parents=True)
        (tmp_path / RGB / name / note["file_name"]).write_bytes(
            (COCO / "panoptic_examples" / note["file_name"]).read_bytes()
        )
        videos.append({"video_id": name, "images": [sizes[note["image_id"]]]})
        notes.append({"video_id": name, "annotations": [note]})
    told = {"videos": videos, "annotations": notes, "categories": real["categories"]}
    (tmp_path / DOCUMENT).write_text(json.dumps(told))
    found = {item.graph.video.id: item for item in read(tmp_path, Reading())}  # type: ignore[union-attr]
    names = {c["id"]: c for c in real["categories"]}
    for note in real["annotations"]:
        graph = found[str(note["image_id"])].graph
        size = sizes[note["image_id"]]
        assert (graph.video.height, graph.video.width, graph.video.fps) == (size["height"], size["width"], 6)
        told = sorted((names[s["category_id"]]["name"], s["area"], tuple(s["bbox"])) for s in note["segments_info"])
        shown = [(o.name, o.trajectory.masks[0]) for o in graph.objects]
        assert sorted((name, m.area, tuple(map(int, m.box))) for name, m in shown) == told
        stuff = [o.name for o in graph.objects if o.id in graph.provenance["segments"]["stuff"]]
        assert sorted(stuff) == sorted(
            names[s["category_id"]]["name"] for s in note["segments_info"] if not names[s["category_id"]]["isthing"]
        )
        assert found[str(note["image_id"])].repairs == {}


CATEGORIES = [{"id": 0, "name": "wall", "isthing": 0}, {"id": 60, "name": "person", "isthing": 1}]


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    """As released: a wall, two persons of which one leaves, a segment that no category names."""
    values = np.zeros((3, 4, 6), dtype=np.uint16)
    values[:, 0], values[:, 1, :2], values[:2, 1, 4:], values[2, 3] = 1, 6100, 6101, 12399
    (tmp_path / "panomasks" / "clip").mkdir(parents=True)
    for i, frame in enumerate(values):
        cv2.imwrite(str(tmp_path / "panomasks" / "clip" / f"{i * 15:08d}.png"), frame)
    (tmp_path / "panoVIPSeg_categories.json").write_text(json.dumps(CATEGORIES))
    return tmp_path


def test_grey_pictures_say_their_categories(grey: Path) -> None:
    item = only(list(read(grey, Reading())))
    assert [(o.name, o.trajectory.frames) for o in item.graph.objects] == [
        ("wall", (0, 1, 2)), ("person", (0, 1, 2)), ("person", (0, 1)), ("object", (2,)),
    ]  # fmt: skip
    assert [o.trajectory.masks[0].box for o in item.graph.objects[:3]] == [(0, 0, 6, 1), (0, 1, 2, 1), (4, 1, 2, 1)]
    assert item.graph.provenance["segments"] == {"stuff": [0]}
    assert item.graph.objects[2].trajectory.spans(item.graph.video).to_json() == [[0, pytest.approx(2 / 6)]]
    assert item.repairs == {Repair.NAMELESS: 1}
    assert ids(list(read(grey / "panomasks", Reading(fps=15)))) == ["clip"]
    (grey / "panoVIPSeg_categories.json").write_text("[]")
    with pytest.raises(UnusableSource, match="found none"):
        list(read(grey, Reading()))
    (grey / "panoVIPSeg_categories.json").unlink()
    with pytest.raises(UnusableSource, match="categories=FILE"):
        list(read(grey, Reading()))


def test_given_categories_keep_their_ids_and_kinds(grey: Path, tmp_path: Path) -> None:
    graphs = [item.graph for item in read(grey, Reading())]  # type: ignore[union-attr]
    options = Writing(categories=grey / "panoVIPSeg_categories.json")
    write([*graphs, clip("other", frames=1)], tmp_path / "out", options)
    listed = json.loads((tmp_path / "out" / DOCUMENT).read_text())["categories"]
    assert [(c["id"], c["name"], c["isthing"]) for c in listed] == [
        (0, "wall", 0), (60, "person", 1), (61, "object", 1), (62, "man_(adult)", 1), (63, "chair or seat", 1),
    ]  # fmt: skip
    write(graphs, tmp_path / "own", Writing())
    own = json.loads((tmp_path / "own" / DOCUMENT).read_text())["categories"]
    assert {c["name"]: c["isthing"] for c in own} == {"wall": 0, "person": 1, "object": 1}, "stuff stays stuff"


def written(folder: Path, edit: Any = lambda d: d) -> Path:
    write([clip("a", frames=3), clip("b", frames=3)], folder, Writing())
    path = folder / DOCUMENT
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))
    return folder


def test_dirty_frames_are_mended_and_counted(tmp_path: Path) -> None:
    def dirty(document: dict[str, Any]) -> dict[str, Any]:
        frames = document["annotations"][1]["annotations"]
        segments = frames[0]["segments_info"]
        segments.append({"id": 77, "category_id": 0})
        segments.append({"id": "x", "category_id": 0})
        frames[1]["segments_info"][0]["category_id"] = 9
        frames[1]["segments_info"].pop()
        frames[2]["file_name"] = "../../secret.png"
        return document

    item = list(read(written(tmp_path, dirty), Reading()))[1]
    assert {len(o.trajectory) for o in item.graph.objects} == {1, 2}
    assert item.graph.video.num_frames == 3
    assert item.repairs == {
        Repair.NO_PIXEL: 1, Repair.OBJECT_FORM: 1, Repair.OTHER_NAME: 1, Repair.UNNAMED: 1, Repair.FRAME_UNREADABLE: 1,
    }  # fmt: skip


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, depth: int = 8, kind: int = 2, data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "repair"),
    [
        (b"", Repair.FRAME_UNREADABLE),
        (b"GIF89a" + bytes(40), Repair.FRAME_UNREADABLE),
        (png(1 << 20, 1 << 20), Repair.FRAME_UNREADABLE),
        (png(8, 6, kind=0, data=bytes(54)), Repair.FRAME_UNREADABLE),
        (png(8, 6, depth=16, data=bytes(300)), Repair.FRAME_UNREADABLE),
        (png(4, 4, data=bytes(52)), Repair.FRAME_SIZE),
    ],
)
def test_a_picture_that_is_none_costs_one_frame(data: bytes, repair: Repair, tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / RGB / "b" / "00000001.png").write_bytes(data)
    item = list(read(tmp_path, Reading()))[1]
    assert item.repairs == {repair: 1}
    assert item.graph.objects[0].trajectory.frames == (0, 2)


def test_pictures_above_the_bounds_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture_of(np.full((6, 8), 258, dtype=np.int64), compression=1))
    assert read_picture(path, grey=False)[0, 0].tolist() == [2, 1, 0]
    for bound in ("MOST_PIXELS", "MOST_BYTES"):
        with monkeypatch.context() as patched:
            patched.setattr(f"svg2_assets.scene_graphs.formats.vipseg.pictures.{bound}", 40)
            with pytest.raises(NoPicture, match="40"):
                read_picture(path, grey=False)


@pytest.mark.parametrize("name", ["../x", "/etc", "b/../../x", "..\\x", "x" * 300, "\0"])
def test_names_of_a_document_lead_nowhere_else(name: str, tmp_path: Path) -> None:
    def edit(document: dict[str, Any]) -> dict[str, Any]:
        document["annotations"][1]["video_id"] = document["videos"][1]["video_id"] = name
        return document

    (tmp_path / "x").mkdir()
    written(tmp_path / "out", edit)
    (tmp_path / "out" / RGB / "b").rename(tmp_path / "out" / "x")
    found = list(read(tmp_path / "out", Reading()))
    assert ids(found) == ["a"]
    assert [r.fault for r in rejected(found)] == [Fault.NO_MASKS]


@pytest.mark.parametrize(
    ("edit", "faults"),
    [
        (lambda d: d | {"annotations": d["annotations"][:1]}, [Fault.NO_MASKS]),
        (lambda d: d | {"annotations": [*d["annotations"], d["annotations"][0]]}, [Fault.DUPLICATE]),
        (lambda d: d | {"videos": [*d["videos"], 3]}, [Fault.FORM]),
    ],
)
def test_a_broken_entry_costs_one_video(edit: Any, faults: list[Fault], tmp_path: Path) -> None:
    found = list(read(written(tmp_path, edit), Reading()))
    assert "a" in ids(found)
    assert [r.fault for r in rejected(found)] == faults


def test_a_cut_document_gives_what_came_before_or_says_what_is_missing(tmp_path: Path) -> None:
    path = written(tmp_path) / DOCUMENT
    text = path.read_text()
    path.write_text(text[: text.index('"categories"') + 4])
    found = list(read(tmp_path, Reading()))
    assert [r.fault for r in rejected(found)] == [Fault.NOT_JSON, Fault.FORM]
    (tmp_path / "panoVIPSeg_categories.json").write_text(json.dumps(CATEGORIES))
    assert ids(list(read(tmp_path, Reading()))) == ["a", "b"]


def test_nothing_stays_of_an_export_that_fails(tmp_path: Path) -> None:
    def graphs() -> Iterator[SceneGraph]:
        yield clip("a", frames=2)
        raise KeyError("the next graph")

    (tmp_path / "mine.txt").write_text("stays")
    with pytest.raises(KeyError):
        write(graphs(), tmp_path, Writing())
    assert [p.name for p in tmp_path.rglob("*")] == ["mine.txt"]
    write([clip("a", frames=2)], tmp_path, Writing())
    for there in (DOCUMENT, RGB):
        with pytest.raises(UnusableTarget, match="is there already"):
            write([clip("b", frames=2)], tmp_path, Writing(resume=True))
        if there == DOCUMENT:
            (tmp_path / there).unlink()


def test_colours_are_distinct_and_never_void() -> None:
    colours = [colour_of(i) for i in range(5000)]
    assert len(set(colours)) == 5000
    assert 0 < min(colours) <= max(colours) < 256**3


def test_the_licence_of_an_import_stays(tmp_path: Path) -> None:
    graph = replace(clip("a", frames=1), provenance=MappingProxyType({"import": {"licence": "CC0", "dataset": "d"}}))
    write([graph], tmp_path, Writing())
    assert only(list(read(tmp_path, Reading()))).origin.licence == "CC0"
    given = only(list(read(tmp_path, Reading(licence="MIT"))))
    assert given.graph.provenance["import"] | {} == {
        "format": "vipseg", "version": "coco", "dataset": "d", "licence": "MIT", "file": str(tmp_path / DOCUMENT),
        "record": given.origin.record,
    }  # fmt: skip

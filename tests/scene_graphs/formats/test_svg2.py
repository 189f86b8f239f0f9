"""SVG2's parquet files: what is written is what is read, and what dirty and damaged files come to."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import tiou
from svg2_assets.scene.taxonomy import AttributeType, Category
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.svg2.form import Convention, Reading, Writing
from svg2_assets.scene_graphs.formats.svg2.reading import read
from svg2_assets.scene_graphs.formats.svg2.writing import GRAPHS, MASKS, write
from svg2_assets.scene_graphs.formats.values import Fault, Loss, Repair, UnusableSource, UnusableTarget
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.clips import clip, ids, kept_of, only, rejected, related, same

H, W = 6, 8
FULL = Mask.from_array(np.ones((H, W), dtype=bool)).counts.decode()
NONE = Mask.empty(H, W).counts.decode()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return tmp_path / "release"


def trip(graph: SceneGraph, convention: Convention) -> SceneGraph:
    with tempfile.TemporaryDirectory() as folder:
        write([graph], Path(folder), Writing(convention=convention))
        return only(list(read(Path(folder), Reading(fps=graph.video.fps)))).graph


@settings(max_examples=30, deadline=None)
@given(clips.graphs(step=1.0))
def test_the_training_convention_keeps_what_is_in_whole_seconds(graph: SceneGraph) -> None:
    assert same(trip(graph, Convention.TRAINING), kept_of(graph, types=False))


@settings(max_examples=30, deadline=None)
@given(clips.graphs())
def test_the_test_convention_keeps_types_and_all_times(graph: SceneGraph) -> None:
    found = trip(graph, Convention.TEST)
    assert same(found, kept_of(graph, types=True))
    assert found.provenance.get("levels", {}) == {str(k): f"L{min(v, 3)}" for k, v in graph.levels.items()}


@settings(max_examples=30, deadline=None)
@given(clips.graphs())
def test_times_between_seconds_move_to_the_nearest_once(graph: SceneGraph) -> None:
    once = trip(graph, Convention.TRAINING)
    assert same(trip(once, Convention.TRAINING), once)
    wanted = {r.key: r.spans for r in kept_of(graph, types=False).relations}
    assert {r.key for r in once.relations} == wanted.keys()
    for r in once.relations:
        ends = 2 * len(wanted[r.key])
        moved = (r.spans | wanted[r.key]).duration - (r.spans & wanted[r.key]).duration
        assert moved <= ends * 0.5 + 1e-6 or r.spans.duration <= 1


# A release as others would write it.


def graph_row(video_id: str, objects: Any, relations: Any = (), source: str = "sav") -> dict[str, Any]:
    return {
        "video_id": video_id,
        "source": source,
        "objects": objects if isinstance(objects, str) else json.dumps(objects),
        "relationships": relations if isinstance(relations, str) or relations is None else json.dumps(relations),
    }


def mask_row(video_id: str, counts: list[str | None], *, objects: int, frames: int | None = None) -> dict[str, Any]:
    shape = {"mask_height": H, "mask_width": W, "num_objects": objects}
    return {"video_id": video_id, "num_frames": frames or len(counts) // objects, "counts": counts} | shape


def lay(
    root: Path, graphs: list[dict], masks: list[dict] | None, *, group: str = "cleaned/sav", name: str = "0"
) -> None:
    for kind, rows, schema in (("data", graphs, GRAPHS), ("masks", masks, MASKS)):
        if rows is not None:
            folder = root / kind / group
            folder.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet", row_group_size=2)


def two(frames: int = 48) -> list[str | None]:
    return [FULL, NONE] * frames


BOTH = [{"object_0": "man_(adult)", "attributes": ["tall", "in red"]}, {"object_1": "chair or seat", "attributes": []}]


def test_the_release_as_it_is_described(release: Path) -> None:
    said = [[0, "sits on", 1, [[0, 0]], "stateful"], [-1, "follows", 0, [[1, 1]], "motion"]]
    lay(release, [graph_row("v", BOTH, said)], [mask_row("v", [FULL, NONE] * 24 + [NONE, FULL] * 24, objects=2)])
    item = only(list(read(release, Reading(licence="CC BY 4.0"))))
    graph = item.graph
    assert graph.video == Video("v", "", "", W, H, 24.0, 48, 2.0)
    assert [o.name for o in graph.objects] == ["man_(adult)", "chair or seat"]
    assert [a.value for a in graph.objects[0].attributes] == ["tall", "in red"]
    assert graph.objects[0].trajectory.frames == tuple(range(24))
    assert graph.objects[1].trajectory.frames == tuple(range(24, 48))
    assert [(r.key, r.category, r.spans.to_json()) for r in graph.relations] == [
        ((0, "sits on", 1), Category.STATEFUL, [[0, 1]]),
        ((-1, "follows", 0), Category.MOTION, [[1, 2]]),
    ]
    assert not item.repairs
    origin = graph.provenance["import"]
    assert origin["dataset"] == "cleaned/sav"
    assert origin["licence"] == "CC BY 4.0"
    assert origin["record"] == "row 0"
    assert origin["version"] == "training"


def test_the_test_set_is_known_by_its_folder_and_has_half_open_halves(release: Path) -> None:
    listed: list[dict[str, Any]] = [
        {"object_0": "man", "attributes": ["red"], "level": "L1"},
        {"object_1": "hand", "attributes": ["up"], "level": "L2"},
    ]
    listed[0]["attributes_typed"] = [{"name": "color", "value": "red"}]
    listed[1]["attributes_typed"] = [{"name": "action", "value": "up"}]
    said = [[0, "near", 1, [[0.5, 1.5], [1.5, 1.5]], "spatial"]]
    lay(release, [graph_row("v", listed, said, "vipseg"), graph_row("w", [], [], "vipseg")],
        [mask_row("v", two(12), objects=2), mask_row("w", two(12), objects=2)], group="SVG2_test/vipseg")  # fmt: skip
    first, second = read(release, Reading())
    assert first.graph.video.fps == 6.0
    assert first.graph.relations[0].spans.to_json() == [[0.5, 1.5]]
    assert [a.type for o in first.graph.objects for a in o.attributes] == [AttributeType.COLOR, AttributeType.OTHER]
    assert first.graph.provenance["levels"] == {"0": "L1", "1": "L2"}
    assert first.repairs == {Repair.NO_LENGTH: 1, Repair.ATTRIBUTE_TYPE: 1, Repair.PART_LEVEL: 1}
    assert second.origin.version == "test"
    assert second.repairs == {Repair.UNNAMED: 1}, "of the columns that no object has, one shows something"


def test_dirty_relations_are_mended_and_counted(release: Path) -> None:
    said = [
        [0, "near", 1, [[0, 1], [1, 2], [1, 2], [0, 2]], "spatial"],
        [0, "near", 1, [[3, 3]], "spatial"],
        ["0", "holds", 1, [0, 1], ""],
        [0, "leaves", 1, [[3, 1]], None],
        [0, "near", 7, [[0, 1]], "spatial"],
        [1, "near", 1, [[0, 1]], "spatial"],
        [0, " ", 1, [[0, 1]], "spatial"],
        [0, "beside", 1, [["a", "b"], [0, 0]], "nonsense"],
        [0, "over", 1, [[0, 900000000]], "spatial"],
        [0, "under", 1, [[-3, 0]], "spatial"],
        [0, "far"],
        "no relation",
    ]
    lay(release, [graph_row("v", BOTH, said)], [mask_row("v", two(96), objects=2)])
    item = only(list(read(release, Reading())))
    assert [(r.key, r.spans.to_json()) for r in item.graph.relations] == [
        ((0, "near", 1), [[0, 4]]),
        ((0, "holds", 1), [[0, 2]]),
        ((0, "beside", 1), [[0, 1]]),
        ((0, "over", 1), [[0, 4]]),
        ((0, "under", 1), [[0, 1]]),
    ]
    assert item.repairs == {
        Repair.UNITED: 3, Repair.REPEATED: 1, Repair.CATEGORY: 2, Repair.REVERSED: 1, Repair.NO_TIME: 1,
        Repair.UNKNOWN_END: 1, Repair.ITSELF: 1, Repair.NO_PREDICATE: 1, Repair.SPAN_FORM: 1, Repair.CLIPPED: 2,
        Repair.RELATION_FORM: 2,
    }  # fmt: skip


def test_dirty_objects_and_masks_are_mended_and_counted(release: Path) -> None:
    listed = [
        {"object_0": "", "attributes": ["red", 3, ""]},
        {"object_2": "late", "attributes": "tall"},
        {"object_2": "late again"},
        {"object_9": "beyond"},
        {"object_1": "a", "object_3": "b"},
        {"thing": "x"},
        7,
    ]
    short = Mask.empty(2, 2).counts.decode()  # background of four pixels: a placeholder of the releases
    wrong = Mask.from_array(np.ones((2, 2), dtype=bool)).counts.decode()
    counts = [FULL, FULL, short, FULL, NONE, wrong, FULL, NONE, "~~", FULL, NONE, None, FULL, NONE, FULL]
    lay(release, [graph_row("v", listed)], [mask_row("v", counts, objects=3)])
    item = only(list(read(release, Reading())))
    assert [(o.id, o.name, o.trajectory.frames) for o in item.graph.objects] == [
        (0, "object", (0, 1, 2, 3, 4)),
        (2, "late", (4,)),
        (9, "beyond", ()),
    ]
    assert item.repairs == {
        Repair.NAMELESS: 1, Repair.ATTRIBUTE_FORM: 3, Repair.REPEATED_ID: 1, Repair.OBJECT_FORM: 3, Repair.NO_COLUMN: 1,
        Repair.UNNAMED: 1, Repair.PLACEHOLDER: 1, Repair.WRONG_AREA: 1, Repair.MASK_FORM: 1,
    }  # fmt: skip


def test_masks_that_end_early_leave_the_video_as_long_as_its_relations(release: Path) -> None:
    lay(release, [graph_row("v", BOTH, [[0, "near", 1, [[0, 9]], "spatial"]])], [mask_row("v", two(48), objects=2)])
    item = only(list(read(release, Reading())))
    assert (item.graph.video.num_frames, item.graph.video.duration) == (240, 10.0)
    assert item.graph.relations[0].spans.to_json() == [[0, 10]]
    assert item.repairs == {Repair.MASKS_SHORT: 1}


def test_fewer_masks_than_frames_are_said(release: Path) -> None:
    lay(release, [graph_row("v", BOTH)], [mask_row("v", [*two(10), FULL], objects=2, frames=48)])
    item = only(list(read(release, Reading())))
    assert item.graph.video.num_frames == 48
    assert item.graph.objects[0].trajectory.frames == tuple(range(10))
    assert item.repairs == {Repair.MASKS_SHORT: 1}


def test_the_clock_is_that_of_the_videos_file_unless_it_has_another_rate(release: Path) -> None:
    lay(release, [graph_row("v", BOTH, source="pvd")], [mask_row("v", two(48), objects=2)], group="cleaned/pvd")
    real = Video("x", "/clips/v.mp4", "", 800, 600, 29.97, 100, 100 / 29.97)
    graph = only(list(read(release, Reading(), videos=lambda v: real if v == "v" else None))).graph
    assert graph.video == Video("v", "/clips/v.mp4", "", W, H, 29.97, 100, 100 / 29.97)
    item = only(list(read(release, Reading(fps=10), videos=lambda _: real)))
    assert item.graph.video == Video("v", "", "", W, H, 10.0, 48, 4.8)
    assert item.repairs == {Repair.OTHER_RATE: 1}
    (bad,) = read(release, Reading())
    assert bad.fault is Fault.NO_RATE
    assert "--videos" in bad.detail


def test_a_broken_row_costs_one_video(release: Path) -> None:
    lay(
        release,
        [
            graph_row("a", BOTH),
            graph_row("b", '[{"object_0": "man"'),
            graph_row("c", BOTH, "{]"),
            graph_row("a", []),
            graph_row("../../etc/d", BOTH, None),
            graph_row("", BOTH),
            graph_row("e", [{"object_0": "half \ud83d"}]),
            graph_row("f", {"object_0": "man"}),
            graph_row("g", BOTH, '{"near": 1}'),
        ],
        [mask_row(v, two(4), objects=2) for v in ("a", "b", "c", "../../etc/d", "e", "f", "g", "nobody's")],
    )
    found = list(read(release, Reading()))
    assert ids(found) == ["a", "../../etc/d"]
    assert [(r.video_id, r.fault) for r in rejected(found)] == [
        ("a", Fault.DUPLICATE), ("", Fault.FORM), ("b", Fault.NOT_JSON), ("c", Fault.NOT_JSON), ("e", Fault.FORM),
        ("f", Fault.FORM), ("g", Fault.FORM), ("nobody's", Fault.NO_RECORD),
    ]  # fmt: skip
    assert "objects: no JSON: line 1, column 20" in rejected(found)[2].detail
    assert rejected(found)[2].origin.record == "row 1"


def test_masks_and_graphs_may_stand_in_any_order_and_any_files(release: Path) -> None:
    names = [f"v{i}" for i in range(7)]
    masks = {v: mask_row(v, two(2), objects=2) for v in names}
    lay(release, [graph_row(v, BOTH) for v in names[:4]], [masks[v] for v in names[5:]], name="0")
    lay(release, [graph_row(v, BOTH) for v in names[4:]], [masks[v] for v in names[4::-1]], name="1")
    assert sorted(ids(list(read(release, Reading())))) == names
    assert sorted(ids(list(read(release / "data" / "cleaned", Reading())))) == names
    one = list(read(release / "data" / "cleaned" / "sav" / "1.parquet", Reading()))
    assert sorted(ids(one)) == names[4:]
    assert not rejected(one), "masks of other files are nobody's business"


def test_one_id_in_two_groups_comes_in_once(release: Path) -> None:
    for group in ("cleaned/sav", "raw/sav"):
        lay(release, [graph_row("v", BOTH)], [mask_row("v", two(2), objects=2)], group=group)
    found = list(read(release, Reading()))
    assert ids(found) == ["v"]
    (again,) = rejected(found)
    assert again.fault is Fault.DUPLICATE
    assert "cleaned/sav/0.parquet, row 0" in again.detail


def test_damaged_and_foreign_files_are_said_and_cost_what_is_in_them(release: Path) -> None:
    lay(release, [graph_row("a", BOTH), graph_row("b", BOTH)], [mask_row("a", two(2), objects=2)], name="0")
    lay(release, [graph_row("c", BOTH)], [mask_row("b", two(2), objects=2)], name="1")
    cut = release / "masks" / "cleaned" / "sav" / "1.parquet"
    cut.write_bytes(cut.read_bytes()[:-20])
    (release / "data" / "cleaned" / "sav" / "2.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"id": ["x"]}), release / "data" / "cleaned" / "sav" / "3.parquet")
    found = list(read(release, Reading()))
    assert ids(found) == ["a"]
    told = {(r.video_id, r.fault, Path(r.origin.file).name) for r in rejected(found)}
    assert told == {
        ("", Fault.UNREADABLE, "2.parquet"), ("", Fault.FORM, "3.parquet"), ("", Fault.UNREADABLE, "1.parquet"),
        ("b", Fault.NO_MASKS, "0.parquet"), ("c", Fault.NO_MASKS, "1.parquet"),
    }  # fmt: skip


def test_graphs_without_masks_come_in_when_asked_for(release: Path) -> None:
    lay(release, [graph_row("v", BOTH, [[0, "near", 1, [[0, 4]], "spatial"]])], None)
    (bad,) = read(release, Reading())
    assert bad.fault is Fault.NO_MASKS
    (bad,) = read(release, Reading(without_masks=True))
    assert bad.fault is Fault.NO_SIZE
    item = only(list(read(release, Reading(without_masks=True, size=(480, 848)))))
    assert (item.graph.video.height, item.graph.video.width, item.graph.video.duration) == (480, 848, 5.0)
    assert not item.graph.objects[0].trajectory.frames
    assert item.repairs == {Repair.NO_MASKS: 1}


@pytest.mark.parametrize(
    "shape", [{"mask_height": 0}, {"num_frames": -1}, {"mask_width": 2**31}, {"num_objects": None}]
)
def test_impossible_shapes_are_rejected(release: Path, shape: dict[str, Any]) -> None:
    lay(release, [graph_row("v", BOTH)], [mask_row("v", two(2), objects=2) | shape])
    (bad,) = read(release, Reading())
    assert bad.fault is Fault.FORM
    assert next(iter(shape)) in bad.detail


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnusableSource, match="found none"):
        read(tmp_path, Reading())
    with pytest.raises(UnusableSource, match="no such file"):
        read(tmp_path / "gone", Reading())


def test_shards_are_whole_and_an_export_never_stands_beside_another(tmp_path: Path) -> None:
    graphs = [clip(f"v{i}", frames=3, relations=[related((0, 0.1))]) for i in range(5)]
    written = write(graphs, tmp_path, Writing(shard=2, source="../evil"))
    assert (written.videos, written.files) == (5, 6)
    folder = tmp_path / "data" / "cleaned" / "%2E.%2Fevil"
    assert sorted(p.name for p in folder.iterdir()) == [f"part-0000{i}.parquet" for i in range(3)]
    assert ids(list(read(tmp_path, Reading(fps=24)))) == ["v0", "v1", "v2", "v3", "v4"]
    with pytest.raises(UnusableTarget, match="parquet files already"):
        write(graphs, tmp_path, Writing(source="../evil"))


def test_an_export_that_fails_leaves_no_half_file(tmp_path: Path) -> None:
    def some() -> Iterator[SceneGraph]:
        yield clip("a", frames=2)
        yield clip("b", frames=2)
        yield clip("c", frames=2)
        raise RuntimeError("the store is gone")

    with pytest.raises(RuntimeError):
        write(some(), tmp_path, Writing(shard=2))
    names = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert names == [f"{kind}/cleaned/svg2-assets/part-00000.parquet" for kind in ("data", "masks")]


def test_what_is_lost_is_counted() -> None:
    graph = clip(relations=[related((0, 2)), related((0.2, 0.3)), related((0.0, 0.7), predicate="by")])
    with tempfile.TemporaryDirectory() as folder:
        lost = write([graph, clip("late", relations=[related((7, 8))])], Path(folder), Writing()).lost
    assert lost == {Loss.CLOCK: 2, Loss.REPEATED: 1, Loss.TIMES: 1, Loss.VANISHED: 1}


def test_tiou_of_a_round_trip_is_what_halves_of_seconds_allow() -> None:
    graph = clip(frames=240, relations=[related((0.4, 4.6))])
    (found,) = trip(graph, Convention.TRAINING).relations
    assert found.spans.to_json() == [[0, 5]]
    assert tiou(found.spans, graph.relations[0].spans) == pytest.approx(4.2 / 5)

"""TRASER's training files: what is written is what is read, and what dirty and broken files come to."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.masks import Mask
from svg2_assets.scene_graphs.formats.traser import Writing, read, write
from svg2_assets.scene_graphs.formats.values import Fault, ReadOptions, Repair, UnusableSource, UnusableTarget
from svg2_assets.traser.graphs import likely_category
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.clips import clip, ids, kept_of, only, rejected, related, same


def trip(graph: SceneGraph) -> SceneGraph:
    with tempfile.TemporaryDirectory() as folder:
        write([graph], Path(folder), Writing())
        # No mask says the size of a video without objects.
        options = ReadOptions(fps=graph.video.fps, size=(graph.video.height, graph.video.width))
        return only(list(read(Path(folder), options))).graph


def without_categories(graph: SceneGraph) -> SceneGraph:
    return SceneGraph(graph.video, graph.objects, tuple(_guessed(r, graph) for r in graph.relations))


def _guessed(r: Any, graph: SceneGraph) -> Any:
    names = {o.id: o.name for o in graph.objects} | {-1: "camera"}
    ends = {"subject": names[r.subject], "object_": names[r.object], "subject_is_camera": r.subject == -1}
    return type(r)(r.subject, r.predicate, r.object, likely_category(r.predicate, **ends), r.spans)


@settings(max_examples=40, deadline=None)
@given(clips.graphs(step=1.0))
def test_what_is_in_whole_seconds_comes_back(graph: SceneGraph) -> None:
    assert same(trip(graph), without_categories(kept_of(graph, types=False)))


@settings(max_examples=25, deadline=None)
@given(clips.graphs())
def test_a_second_trip_changes_nothing(graph: SceneGraph) -> None:
    once = trip(graph)
    assert same(trip(once), once)


def test_an_entry_is_what_the_specification_says(tmp_path: Path) -> None:
    write([clip("v", frames=60, relations=[related((0, 2.2))])], tmp_path, Writing(name="sav", source="sav"))
    (entry,) = json.loads((tmp_path / "sav.json").read_text())
    assert entry["video"] == "v.mp4"
    assert entry["mask_json"] == "masks/sav/v_rle.json"
    assert entry["obj_list"] == [0, 1]
    assert entry["has_relationships"] is True
    human, gpt = entry["conversations"]
    asked = "List all objects and their relationships from the video and object trajectories:\n<video>\n"
    assert human == {"from": "human", "value": asked}
    assert json.loads(gpt["value"]) == {
        "objects": [{"object_0": "man_(adult)"}, {"object_1": "chair or seat"}],
        "relationships": [[0, "near", 1, [[0, 1]]]],
    }
    frames = json.loads((tmp_path / "masks" / "sav" / "v_rle.json").read_text())
    assert len(frames) == 60
    assert [Mask.from_json(m).area for m in frames[0]] == [9, 9]
    assert only(list(read(tmp_path, ReadOptions()))).graph.video.fps == 24, "the rate of its source"


def written(folder: Path, *, edit: Any = lambda entry: entry, **given: Any) -> Path:
    """Two videos, the second one's entry edited."""
    write([clip("a"), clip("b", **given)], folder, Writing())
    path = folder / "train.json"
    first, second = json.loads(path.read_text())
    path.write_text(json.dumps([first, edit(second)]))
    return folder


def test_numbered_objects_are_places_in_the_list_of_objects(tmp_path: Path) -> None:
    def numbered(entry: dict[str, Any]) -> dict[str, Any]:
        told = {
            "objects": [{"object 1": "one"}, {"object 2": "two", "attributes": ["big"]}],
            "relationships": [[1, "near", 2, [[0, 0]]], [2, "near", -1, [0, 1]], [9, "near", 1, [[0, 0]]]],
        }
        entry["conversations"][1]["value"] = json.dumps(told)
        return entry | {"obj_list": [1, 0]}

    first, second = read(written(tmp_path, edit=numbered), ReadOptions(fps=24))
    assert [(o.id, o.name) for o in second.graph.objects] == [(1, "one"), (0, "two")]
    assert [r.key for r in second.graph.relations] == [(1, "near", 0), (0, "near", -1)]
    assert second.repairs[Repair.UNKNOWN_END] == 1
    assert [o.id for o in first.graph.objects] == [0, 1]


def test_short_ragged_and_wrong_masks_are_mended_and_counted(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "masks" / "svg2-assets" / "b_rle.json"
    frames = json.loads(path.read_text())[:9]
    frames[1] = frames[1][:1]
    frames[2][0] = {"size": [6, 8], "counts": "1"}
    frames[3][0] = {"size": [3, 8], "counts": "1"}
    frames[4] = None
    frames[5].append(frames[5][0])
    frames[6][0] = {"size": [6, 8], "counts": "0T2"}
    frames[7][0] = {"counts": 3}
    path.write_text(json.dumps(frames))
    item = list(read(folder, ReadOptions(fps=24)))[1]
    assert [o.trajectory.frames for o in item.graph.objects] == [(0, 1, 5, 8), (0, 2, 3, 5, 6, 7, 8)]
    assert item.graph.video.num_frames == 9
    assert item.repairs == {
        Repair.PLACEHOLDER: 1, Repair.WRONG_SIZE: 1, Repair.WRONG_AREA: 1, Repair.MASK_FORM: 2, Repair.UNNAMED: 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda e: e | {"mask_json": "masks/svg2-assets/gone_rle.json"}, Fault.NO_MASKS),
        (lambda e: e | {"mask_json": "../../../etc/passwd"}, Fault.NO_MASKS),
        (lambda e: e | {"mask_json": ""}, Fault.NO_MASKS),
        (lambda e: e | {"conversations": []}, Fault.FORM),
        (lambda e: e | {"conversations": [{"from": "gpt", "value": "[1]"}]}, Fault.FORM),
        (lambda e: e | {"conversations": [{"from": "gpt", "value": "{"}]}, Fault.NOT_JSON),
        (lambda e: e | {"video_id": "a"}, Fault.DUPLICATE),
        (lambda e: 7, Fault.FORM),
        (lambda e: {}, Fault.FORM),
    ],
)
def test_a_wrong_entry_costs_one_video(tmp_path: Path, edit: Any, fault: Fault) -> None:
    found = list(read(written(tmp_path, edit=edit), ReadOptions(fps=24)))
    assert ids(found) == ["a"]
    assert [r.fault for r in rejected(found)] == [fault]


def test_masks_of_lists_that_were_made_elsewhere_are_found_beside_the_list(tmp_path: Path) -> None:
    made = {"mask_json": "/data/out/masks/svg2-assets/b_rle.json", "video_id": None}
    found = list(read(written(tmp_path, edit=lambda e: e | made), ReadOptions(fps=24)))
    assert ids(found) == ["a", "b"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = written(tmp_path / "in")
    path = folder / "masks" / "svg2-assets" / "b_rle.json"
    path.rename(tmp_path / "outside.json")
    path.symlink_to(tmp_path / "outside.json")
    assert [r.fault for r in rejected(list(read(folder, ReadOptions(fps=24))))] == [Fault.NO_MASKS]


def test_masks_that_are_no_list_are_rejected(tmp_path: Path) -> None:
    folder = written(tmp_path)
    for text, fault in (("{}", Fault.FORM), ("[[", Fault.NOT_JSON)):
        (folder / "masks" / "svg2-assets" / "b_rle.json").write_text(text)
        assert [r.fault for r in rejected(list(read(folder, ReadOptions(fps=24))))] == [fault]


def test_json_that_breaks_in_the_middle_keeps_what_was_before(tmp_path: Path) -> None:
    path = written(tmp_path) / "train.json"
    text = json.dumps(json.loads(path.read_text()), indent=1)
    for broken in (text[: text.rindex("conversations")], text.replace('"b.mp4",', '"b.mp4"')):
        path.write_text(broken)
        found = list(read(path, ReadOptions(fps=24)))
        assert ids(found) == ["a"]
        (bad,) = rejected(found)
        assert bad.fault is Fault.NOT_JSON
        line = int(bad.origin.record.removeprefix("line "))
        assert line > text.count("\n", 0, text.index("b.mp4"))


def test_an_id_that_is_a_path_stays_in_the_target_and_comes_back(tmp_path: Path) -> None:
    names = ["../../evil", "/etc/passwd", "a/b", "..", ".hidden", "a\0b", "x" * 400, "ä ö", "%2E"]
    target = tmp_path / "deep" / "target"
    write([clip(name, frames=2) for name in names], target, Writing(source=".."))
    assert {p.parent for p in tmp_path.rglob("*_rle.json")} == {target / "masks" / "%2E."}
    assert ids(list(read(target, ReadOptions(fps=24)))) == names


def test_an_interrupted_export_goes_on(tmp_path: Path) -> None:
    def some(most: int) -> Any:
        for i in range(5):
            if i == most:
                raise KeyboardInterrupt
            yield clip(f"v{i}", frames=2)

    with pytest.raises(KeyboardInterrupt):
        write(some(3), tmp_path, Writing())
    assert not (tmp_path / "train.json").exists()
    assert not list(tmp_path.glob(".unfinished*"))
    with pytest.raises(UnusableTarget, match="--resume"):
        write(some(9), tmp_path, Writing())
    done = write(some(9), tmp_path, Writing(resume=True))
    assert (done.videos, done.kept) == (2, 3)
    assert ids(list(read(tmp_path, ReadOptions(fps=24)))) == [f"v{i}" for i in range(5)]


def test_an_empty_export_is_an_empty_list(tmp_path: Path) -> None:
    assert write([], tmp_path, Writing()).videos == 0
    assert list(read(tmp_path, ReadOptions())) == []


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    for source in (tmp_path, tmp_path / "gone.json"):
        with pytest.raises(UnusableSource, match="found none"):
            read(source, ReadOptions())

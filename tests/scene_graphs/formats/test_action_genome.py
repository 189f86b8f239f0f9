"""Action Genome: frames as spans, boxes as masks, and pickles of which nothing runs."""

from __future__ import annotations

import json
import pickle
import pickletools
import tempfile
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.scene_graphs.formats.action_genome.form import Form, Reading, Writing
from svg2_assets.scene_graphs.formats.action_genome.pickles import Array, RefusedPickle, read_entries
from svg2_assets.scene_graphs.formats.action_genome.reading import read
from svg2_assets.scene_graphs.formats.action_genome.writing import person_of, write
from svg2_assets.scene_graphs.formats.values import Fault, Imported, Loss, Read, Repair, UnusableTarget
from tests.scene_graphs.formats import clips
from tests.scene_graphs.formats.boxed import between_objects, boxed, plain, told
from tests.scene_graphs.formats.clips import clip, only, rejected, related

OBJECTS, PEOPLE = "object_bbox_and_relationship", "person_bbox"


def sampled(graph: SceneGraph, step: int) -> SceneGraph:
    """The same relations, on every second annotated frame."""
    video = graph.video
    frames = [*range(0, video.num_frames, step), video.num_frames]
    spans = Spans.where([i % 2 == 0 for i in range(len(frames) - 1)], video.edges[frames])
    return SceneGraph(video, graph.objects, tuple(replace(r, spans=spans) for r in graph.relations), graph.provenance)


@settings(max_examples=25, deadline=None)
@given(clips.graphs(), st.sampled_from(Form), st.sampled_from([None, 1.0]))
def test_what_is_on_annotated_frames_comes_back(graph: SceneGraph, files: Form, rate: float | None) -> None:
    step = 1 if rate is None else max(1, round(graph.video.fps / rate))
    graph = sampled(graph, step)
    with tempfile.TemporaryDirectory() as folder:
        done = write([graph], Path(folder), Writing(files=files, sample_fps=rate))
        item = only(list(read(Path(folder), Reading())))
    person = person_of(graph)
    tracks = {o.id: boxed(o.trajectory, step=step) for o in graph.objects}
    kept = [r for r in between_objects(graph) if r.subject == person]
    assert item.graph.video == replace(graph.video, uri="", sha256="")
    wanted = [o for o in plain(graph, tracks) if o.id != person or kept or len(o.trajectory)]
    assert sorted(item.graph.objects, key=lambda o: o.id) == sorted(wanted, key=lambda o: o.id)
    assert told(list(item.graph.relations)) == told(kept)
    sure = {Category.ATTENTIONAL, Category.SPATIAL}
    categories = {r.key: r.category for r in item.graph.relations}
    assert all(categories[r.key] is r.category for r in kept if r.category in sure)
    others = [r for r in graph.relations if CAMERA_ID not in (r.subject, r.object) and r.subject != person]
    assert done.lost[Loss.SUBJECTS] == len(others)


def thing(name: str, box: Any = (1.0, 1.0, 2.0, 3.0), **groups: Any) -> dict[str, Any]:
    said = {f"{group}_relationship": groups.get(group) for group in ("attention", "spatial", "contacting")}
    metadata = {"tag": f"x/{name}/1", "set": "test"}
    return {"class": name, "bbox": box, **said, "metadata": metadata, "visible": box is not None}


def someone(*boxes: Any, scores: Any = None, size: Any = (8, 6)) -> dict[str, Any]:
    """As the release has people."""
    return {
        "bbox": np.asarray(boxes, dtype=np.float32).reshape(-1, 4),
        "bbox_score": np.asarray(scores if scores is not None else [0.9] * len(boxes), dtype=np.float32),
        "bbox_size": size,
        "bbox_mode": "xyxy",
        "keypoints": np.zeros((len(boxes), 17, 3)),
    }


HERE = someone((0.4, 0.6, 3.6, 5.4))


def released(folder: Path, objects: Any, people: Any, protocol: int = 3) -> Path:
    for stem, value in ((OBJECTS, objects), (PEOPLE, people)):
        (folder / f"{stem}.pkl").write_bytes(pickle.dumps(value, protocol=protocol))
    return folder


def frames_of(spec: dict[int, Any], video: str = "001YG.mp4") -> dict[str, Any]:
    return {f"{video}/{number:06d}.png": value for number, value in spec.items()}


def uneven(folder: Path) -> Path:
    """Frames 1, 3, 5 and 15 are annotated; a book is looked at on all but the second."""
    looked = [thing("book", attention=["looking_at"], spatial=["in_front_of"], contacting=["holding"])]
    unseen = [thing("book", box=None), thing("cup", attention=["unsure"], contacting=[])]
    objects = frames_of({5: looked, 1: looked, 3: unseen, 15: looked})
    return released(folder, objects, frames_of({3: HERE, 1: HERE, 15: HERE, 5: HERE}))


def only_graph(found: list[Read]) -> SceneGraph:
    return only(found).graph


@pytest.mark.parametrize(
    ("options", "spans"),
    [
        (Reading(fps=2), [[0, 1], [2, 3], [7, 8]]),
        (Reading(fps=2, spacing=2.0), [[0, 1], [2, 4], [7, 8]]),
        (Reading(fps=2, spacing=60), [[0, 1], [2, 8]]),
        (Reading(fps=2, spacing=0.1), [[0, 0.5], [2, 2.5], [7, 7.5]]),
    ],
)
def test_a_frame_stands_for_the_time_to_the_next_at_most_the_median_spacing(
    tmp_path: Path, options: Reading, spans: list[list[float]]
) -> None:
    graph = only_graph(list(read(uneven(tmp_path), options)))
    assert (graph.video.id, graph.video.num_frames, graph.video.duration) == ("001YG", 16, 8)
    times = {r.predicate: r.spans.to_json() for r in graph.relations}
    assert times == dict.fromkeys(("looking_at", "in_front_of", "holding"), spans) | {
        "unsure": [[1, min(2, 1 + (options.spacing or 1))]] if options.spacing != 0.1 else [[1, 1.5]]
    }
    kinds = {r.predicate: r.category for r in graph.relations}
    assert kinds["looking_at"] is Category.ATTENTIONAL
    assert kinds["in_front_of"] is Category.SPATIAL
    assert kinds["holding"] is Category.FUNCTIONAL


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_of_every_age_say_the_same_as_json(tmp_path: Path, protocol: int) -> None:
    looked = [thing("book", box=(1.2, 0.8, 2.0, 3.0), spatial=["behind"])]
    released(tmp_path, frames_of({1: looked}), frames_of({1: HERE}), protocol)
    pickled = list(read(tmp_path, Reading(fps=1, licence="L")))
    graph = only_graph(pickled)
    assert [(o.id, o.name) for o in graph.objects] == [(0, "person"), (1, "book")]
    assert [o.trajectory.boxes.tolist() for o in graph.objects] == [[[0, 1, 4, 4]], [[1, 1, 2, 3]]]
    assert graph.provenance["set"] == "test"
    assert graph.provenance["masks"] == "boxes"
    assert graph.provenance["import"]["licence"] == "L"
    for stem in (OBJECTS, PEOPLE):
        value = pickle.loads((tmp_path / f"{stem}.pkl").read_bytes())
        (tmp_path / f"{stem}.json").write_text(json.dumps(value, default=lambda a: a.tolist()))
        (tmp_path / f"{stem}.pkl").write_bytes(b"JSON is taken first")
    again = only_graph(list(read(tmp_path, Reading(fps=1))))
    assert (again.objects, again.relations) == (graph.objects, graph.relations)


class Calls:
    """What a pickle does that is no data."""

    def __init__(self, function: Any, *given: Any) -> None:
        self.made = (function, given)

    def __reduce__(self) -> Any:
        return self.made


def hostile(mark: Path) -> dict[str, bytes]:
    """Pickles that would write to `mark`, import, or claim what they do not have."""
    import os

    array = pickle.dumps(np.zeros(3, dtype=np.float32), protocol=3)
    return {
        "system": pickle.dumps({"a/1.png": Calls(os.system, f"touch {mark}")}),
        "eval": pickle.dumps(Calls(eval, f"open({str(mark)!r}, 'w')")),
        "getattr": pickle.dumps(Calls(getattr, "text", "upper")),
        "load of numpy": b"cnumpy\nload\n(V/etc/passwd\ntR.",
        "a submodule": b"cnumpy.core.multiarray\n_reconstruct.__globals__\n.",
        "old instances": b"(ios\nsystem\n(S'true'\no.",
        "persistent": b"Pthing\n.",
        "extension": b"\x80\x02\x82\x01.",
        "state of a name": b"\x80\x02cnumpy\ndtype\n}b.",
        "new object": b"\x80\x02cnumpy\nndarray\n)\x81.",
        "encoding": b"c_codecs\nencode\n(Vx\nVidna\ntR.",
        "cut": array[:-20],
        "nothing": b"",
        "no pickle": b"hello",
    }


def entries(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    read_entries(path, found.__setitem__)
    return found


@pytest.mark.parametrize("name", [*hostile(Path("mark"))])
def test_a_hostile_or_broken_pickle_is_refused_and_nothing_runs(tmp_path: Path, name: str) -> None:
    mark = tmp_path / "mark"
    released(tmp_path, {}, frames_of({1: HERE}))
    (tmp_path / f"{OBJECTS}.pkl").write_bytes(hostile(mark)[name])
    with pytest.raises(RefusedPickle):
        entries(tmp_path / f"{OBJECTS}.pkl")
    (told_of,) = rejected(list(read(tmp_path, Reading(fps=1))))
    assert told_of.fault is Fault.FORM
    assert OBJECTS in told_of.origin.file
    assert not mark.exists()


def test_what_is_refused_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(Calls(eval, "1")))
    with pytest.raises(RefusedPickle, match=r"builtins\.eval.*nothing was run"):
        entries(path)
    for value, found in (([1], "list"), (np.zeros(1), "Array"), ({1: 2}, "a key of type int")):
        path.write_bytes(pickle.dumps(value))
        with pytest.raises(RefusedPickle, match=f"expected frames by name, found {found}"):
            entries(path)


def test_arrays_say_no_more_than_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"

    def read_back(value: Any, protocol: int = 3, spoil: tuple[bytes, bytes] = (b"", b"")) -> Any:
        path.write_bytes(pickle.dumps({"a": value}, protocol=protocol).replace(*spoil))
        return entries(path)["a"]

    assert read_back(np.arange(6, dtype=">i2").reshape(2, 3).T).to_list() == [[0, 3], [1, 4], [2, 5]]
    assert read_back([np.float32(1.5), np.int64(7)], protocol=2) == [1.5, 7]
    for array in (np.asarray([{}], dtype=object), np.zeros(2, dtype="U3"), np.zeros(1, dtype=[("a", "f4")])):
        with pytest.raises(RefusedPickle):
            read_back(array).to_list()
    with pytest.raises(RefusedPickle, match="12 bytes"):
        read_back(np.zeros(3, dtype=np.float32), spoil=(b"K\x03\x85", b"K\x09\x85")).to_list()
    with pytest.raises(RefusedPickle):
        Array().to_list()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_read_entry_by_entry_and_shared_values_stay_shared(tmp_path: Path, protocol: int) -> None:
    """What comes again after many others is what it was; entries come before the end of the file is known."""
    shared = ["on", "under"]
    value = {f"k{i}": {"said": shared, "own": [i, "on" * i], "size": (i, None, 0.5)} for i in range(3000)}
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    assert entries(path) == value
    found: list[str] = []
    path.write_bytes(pickle.dumps(value, protocol=protocol)[:-1] + b"\x93.")  # a name where none can be
    with pytest.raises(RefusedPickle, match="no whole pickle"):
        read_entries(path, lambda key, _: found.append(key))
    assert found == list(value)


def test_memory_is_not_that_of_the_pickle(tmp_path: Path) -> None:
    """Of 3 MB, with every value remembered by the pickle."""
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({f"k{i}": [f"{i} text" * 40] for i in range(10_000)}))
    assert path.stat().st_size > 3e6
    count = 0

    def counted(_: str, __: Any) -> None:
        nonlocal count
        count += 1

    tracemalloc.start()
    read_entries(path, counted)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 10_000
    assert peak < 1e6


@pytest.mark.parametrize("files", Form)
def test_files_are_what_the_format_says(tmp_path: Path, files: Form) -> None:
    graph = clip("../v", frames=4, fps=2, relations=[related((0, 1)), related((1, 2), predicate="holds")])
    holds = replace(graph.relations[1], category=Category.FUNCTIONAL)
    man, chair = graph.objects
    gone = replace(chair, trajectory=replace(chair.trajectory, frames=(0, 1, 2), masks=chair.trajectory.masks[:3]))
    write([SceneGraph(graph.video, (man, gone), (graph.relations[0], holds))], tmp_path, Writing(files=files))
    if files is Form.JSON:
        objects, people = (json.loads((tmp_path / f"{stem}.json").read_text()) for stem in (OBJECTS, PEOPLE))
    else:
        data = [(tmp_path / f"{stem}.pkl").read_bytes() for stem in (OBJECTS, PEOPLE)]
        objects, people = map(pickle.loads, data)
        named = {text for _, text, _ in pickletools.genops(data[1]) if isinstance(text, str) and "multiarray" in text}
        assert named == {"numpy.core.multiarray _reconstruct"}, "numpy 1 knows it, too"
    keys = [f"%2E.%2Fv.mp4/{n:06d}.png" for n in (1, 2, 3, 4)]
    assert list(objects) == list(people) == (tmp_path / "frame_list.txt").read_text().split() == keys
    first, last = objects[keys[0]][0], objects[keys[3]][0]
    assert tuple(first["bbox"]) == (4, 1, 3, 3)
    assert (first["spatial_relationship"], first["contacting_relationship"]) == (["near"], [])
    assert (last["bbox"], last["visible"], last["contacting_relationship"]) == (None, False, ["holds"])
    assert np.asarray(people[keys[0]]["bbox"]).tolist() == [[0, 1, 3, 4]]
    assert tuple(people[keys[0]]["bbox_size"]) == (8, 6)
    assert (tmp_path / "object_classes.txt").read_text() == "person\nchair or seat\n"
    assert (tmp_path / "relationship_classes.txt").read_text() == "near\nholds\n"


def test_dirty_frames_are_mended_and_counted(tmp_path: Path) -> None:
    objects = frames_of(
        {
            1: [thing("book", contacting=["holding", 7]), thing("book"), 5, thing(" ", box=(1, 1, 0, 2))],
            2: [thing("book", box=(7, 1, 3, 2), contacting=["holding", "not_contacting"]), thing("cup", box=(1, 2))],
        }
    ) | {"no frame": [], "x/0.png": []}
    people = frames_of(
        {1: someone((0, 0, 1, 1), (2, 2, 4, 4), scores=[0.2, 0.8]), 2: someone(), 9: someone((9, 0, 12, 2))}
    )
    found = list(read(released(tmp_path, objects, people), Reading(fps=1, negatives=False)))
    assert [r.fault for r in rejected(found)] == [Fault.FORM]
    assert "2 entries" in rejected(found)[0].detail
    (item,) = (i for i in found if isinstance(i, Imported))
    assert [(o.id, o.name) for o in item.graph.objects] == [(0, "person"), (1, "book"), (2, "object"), (3, "cup")]
    assert item.graph.objects[0].trajectory.boxes.tolist() == [[2, 2, 2, 2]]
    assert item.graph.objects[1].trajectory.boxes.tolist() == [[1, 1, 2, 3], [7, 1, 1, 2]]
    assert told(list(item.graph.relations)) == {(0, "holding", 1): [[0, 5]]}
    assert item.repairs == {
        Repair.REPEATED_ID: 1, Repair.OBJECT_FORM: 1, Repair.NAMELESS: 1, Repair.BOX_EMPTY: 1, Repair.BOX_FORM: 1,
        Repair.BOX_CLIPPED: 1, Repair.BOX_OUTSIDE: 1, Repair.MORE_PEOPLE: 1, Repair.RELATION_FORM: 1,
        Repair.NO_COLUMN: 2, Repair.CATEGORY: 1,
    }  # fmt: skip


def test_json_that_breaks_off_brings_nothing_and_repeats_are_counted(tmp_path: Path) -> None:
    written = json.dumps(frames_of({1: [thing("book", spatial=["behind"])]}))
    person = '"001YG.mp4/000001.png": {"bbox": [[0, 0, 2, 2]], "bbox_size": [8, 6]}'
    (tmp_path / f"{OBJECTS}.json").write_text(written)
    (tmp_path / f"{PEOPLE}.json").write_text(f"{{{person}, ")
    assert [r.fault for r in rejected(list(read(tmp_path, Reading(fps=1))))] == [Fault.FORM]
    (tmp_path / f"{PEOPLE}.json").write_text(f"{{{person}, {person}}}")
    item = only(list(read(tmp_path, Reading(fps=1))))
    assert item.repairs[Repair.FRAME_REPEATED] == 1
    assert item.graph.relations[0].spans.to_json() == [[0, 1]]


def test_without_a_rate_a_video_is_rejected_and_videos_lie_apart(tmp_path: Path) -> None:
    frame = [thing("book", spatial=["behind"])]
    objects = frames_of({1: frame}, "a.mp4") | frames_of({1: frame}, "b/a.mp4") | frames_of({2: frame}, "a.mp4")
    people = dict.fromkeys(objects, HERE)
    assert [r.fault for r in rejected(list(read(released(tmp_path, objects, people), Reading())))] == [
        Fault.NO_RATE
    ] * 2
    found = list(read(tmp_path, Reading(fps=1)))
    assert [(i.graph.video.id, i.graph.video.num_frames) for i in found] == [("a", 2), ("b/a", 1)]  # type: ignore[union-attr]


def test_what_is_there_is_refused_or_written_anew_and_the_licence_goes_along(tmp_path: Path) -> None:
    mine = replace(clip("a"), provenance={"import": {"licence": "MIT"}, "set": "test"})
    write([mine], tmp_path, Writing())
    with pytest.raises(UnusableTarget, match="is there already"):
        write([mine], tmp_path, Writing())
    assert write([mine, clip("b")], tmp_path, Writing(resume=True)).videos == 2
    first, second = (i.graph for i in read(tmp_path, Reading()))  # type: ignore[union-attr]
    assert (first.provenance["import"]["licence"], first.provenance["set"]) == ("MIT", "test")
    assert second.provenance["set"] == "train"

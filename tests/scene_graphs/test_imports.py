"""Imported graphs in a real store: rows, batches, and memory that does not grow with the release."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings

from resources.store.store import SceneGraphStore
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs import imports
from svg2_assets.scene_graphs.formats.values import Fault, Imported, Origin, Read, Rejected, Repair
from svg2_assets.scene_graphs.imports import all_imported, bring_in, imported_graphs, imported_ids, read_imported
from tests.scene.strategies import graphs
from tests.scene_graphs.formats.clips import clip, related

ORIGIN = Origin("svg2", "training", "cleaned/sav", "CC BY 4.0", file="data/0.parquet", record="row 7")


@pytest.fixture
def store(tmp_path: Path) -> SceneGraphStore:
    return SceneGraphStore(str(tmp_path / "store"))


def item(graph: SceneGraph, **repairs: int) -> Imported:
    known = MappingProxyType({"import": ORIGIN.to_json(), "levels": {"0": "L2"}})
    named = SceneGraph(graph.video, graph.objects, graph.relations, known)
    return Imported(named, ORIGIN, Counter({Repair[name]: count for name, count in repairs.items()}))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graphs())
def test_a_graph_comes_back_from_the_store_as_it_went_in(store: SceneGraphStore, graph: SceneGraph) -> None:
    given_ = item(graph, UNITED=2)
    assert bring_in(store, [given_], source="mine").videos == 1
    found = read_imported(store, graph.video.id, "mine")
    assert found == given_.graph
    assert dict(found.provenance) == dict(given_.graph.provenance)
    (row,) = store.read("imported_graphs", video_ids=[graph.video.id]).to_dicts()
    assert (row["licence"], row["record"]) == ("CC BY 4.0", "row 7")
    assert json.loads(row["repairs"]) == {Repair.UNITED.value: 2}


def test_sources_stand_beside_each_other_and_beside_the_phases(store: SceneGraphStore) -> None:
    bring_in(store, [item(clip("v"))], source="a")
    bring_in(store, [item(clip("v", frames=3)), item(clip("w"))], source="b")
    assert read_imported(store, "v", "a").video.num_frames == 48
    assert read_imported(store, "v", "b").video.num_frames == 3
    assert imported_ids(store, "b") == ["v", "w"]
    assert store.read("videos").is_empty()
    bring_in(store, [item(clip("v", frames=5))], source="b")
    assert read_imported(store, "v", "b").video.num_frames == 5, "an import again replaces what it brings"
    assert imported_ids(store, "b") == ["v", "w"]
    with pytest.raises(PhaseError, match="svg2 import"):
        read_imported(store, "w", "a")


def test_all_of_a_source_comes_in_order_of_ids_whatever_was_written_when(
    store: SceneGraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(all_imported(store, "mine")) == [], "before there is a table"
    order = ["e", "a", "d", "c", "b"]
    for video_id in order:  # a commit each
        bring_in(store, [item(clip(video_id, frames=3 + order.index(video_id)))], source="mine")
        bring_in(store, [item(clip(video_id, frames=1))], source="others")
    monkeypatch.setattr(imports, "AT_ONCE", 2)
    found = all_imported(store, "mine")
    first = next(found)
    bring_in(store, [item(clip("c", frames=40))], source="mine")
    read = [first, *found]
    assert [(g.video.id, g.video.num_frames) for g in read] == [("a", 4), ("b", 7), ("c", 6), ("d", 5), ("e", 3)]
    assert read == [g for v in sorted(order) for g in ([read[2]] if v == "c" else imported_graphs(store, "mine", [v]))]
    assert [g.video.num_frames for g in all_imported(store, "mine")] == [4, 7, 40, 5, 3], "what is new is seen anew"


def test_what_is_mended_and_rejected_is_counted_over_all_batches(
    store: SceneGraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 3)
    heard: list[tuple[int, int]] = []
    found: list[Read] = [item(clip(f"v{i}"), UNITED=1) for i in range(8)]
    found += [Rejected(f"bad{i}", Fault.NOT_JSON, "no JSON.", ORIGIN) for i in range(30)]
    done = bring_in(store, found, source="s", heard=lambda videos, rejected: heard.append((videos, rejected)))
    assert (done.videos, done.repairs, done.faults) == (8, {Repair.UNITED: 8}, {Fault.NOT_JSON: 30})
    assert len(done.rejected) == imports.SHOWN
    assert heard[-1] == (8, 30)
    monkeypatch.setattr(imports, "AT_ONCE", 1)
    assert [g.video.id for g in imported_graphs(store, "s", ["v7", "nobody", "v0"])] == ["v7", "v0"]


def test_a_limit_stops_the_reader(store: SceneGraphStore) -> None:
    read = 0

    def endless() -> Iterator[Read]:
        nonlocal read
        while True:
            read += 1
            yield Rejected("x", Fault.FORM, "no.", ORIGIN) if read % 2 else item(clip(f"v{read}"))

    done = bring_in(store, endless(), source="s", limit=3)
    assert (done.videos, done.faults.total(), read) == (3, 3, 6)


def test_a_batch_is_written_when_its_masks_are_large(store: SceneGraphStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH_BYTES", 100)
    bring_in(store, [item(clip(f"v{i}")) for i in range(3)], source="s")
    assert len(store._tables.existing("imported_graphs").list_versions()) >= 4


MEMORY = """
import sys
from pathlib import Path
from resources.store.store import SceneGraphStore
from svg2_assets.memory import peak_megabytes
from svg2_assets.scene_graphs.formats.registry import FORMATS
from svg2_assets.scene_graphs.imports import all_imported, bring_in, imported_graphs, imported_ids
from tests.scene_graphs.formats.clips import clip, related

name, number, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
chosen = FORMATS[name]
store = SceneGraphStore(str(folder / "store"))
chosen.write((clip(f"v{i}", relations=[related((0, 1))]) for i in range(number)), folder / "out", chosen.writing())
done = bring_in(store, chosen.read(folder / "out", chosen.reading(fps=24)), source="s")
assert done.videos == number, done
ids = imported_ids(store, "s")
written = chosen.write(imported_graphs(store, "s", ids), folder / "again", chosen.writing())
assert written.videos == number
print(peak_megabytes())
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["svg2", "traser", "stage6"])
def test_memory_does_not_grow_with_the_number_of_videos(name: str, tmp_path: Path) -> None:
    """A release written, imported and exported again, ten times as large."""
    peaks = []
    for number in (60, 600):
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, name, str(number), str(tmp_path / str(number))],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=250,
        )  # fmt: skip
        peaks.append(float(done.stdout))
    assert peaks[1] < peaks[0] + 60, f"MB: {peaks}"


def test_relations_of_imported_graphs_can_be_read_without_masks(store: SceneGraphStore) -> None:
    bring_in(store, [item(clip("v", relations=[related((0, 1))]))], source="s")
    rows = store.read("imported_graphs", columns=["video_id", "source", "relations"], where={"source": "s"})
    assert rows["relations"][0][0]["predicate"] == "near"

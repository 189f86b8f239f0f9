"""The benchmark of formats: what it generates, what it takes for lost, broken records of every format, its tables."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import formats, formats_worker
from benchmarks.formats_files import SPOILT, held, spoil
from benchmarks.formats_graphs import FPS, Counts, graphs, video_id
from svg2_assets.scene_graphs.formats.registry import FORMATS
from svg2_assets.scene_graphs.formats.values import Imported, Rejected


def test_graphs_are_those_of_their_seed_and_nobody_hides_another() -> None:
    found = list(graphs(30))
    assert found[:7] == list(graphs(7))
    assert found != list(graphs(30, seed=1))
    for g in found:
        pixels = np.zeros((g.video.height, g.video.width), dtype=int)
        for o in g.objects:
            pixels += np.logical_or.reduce([m.to_array() for m in o.trajectory.masks])
        assert pixels.max() == 1
        shown = {o.id: {f / FPS for f in o.trajectory.frames} for o in g.objects} | {-1: {g.video.duration / 2}}
        for r in g.relations:
            times = shown[r.subject] & shown[r.object]
            assert any(s.start <= t < s.end for s in r.spans for t in times), "a moment that shows both"


@pytest.mark.parametrize("name", SPOILT)
def test_one_broken_record_is_told_with_its_place_and_the_others_go_on(name: str, tmp_path: Path) -> None:
    chosen = FORMATS[name]
    assert chosen.write is not None
    assert chosen.read is not None
    chosen.write(graphs(5), tmp_path, chosen.writing())
    where = spoil(name, tmp_path, video_id(2))
    found = list(chosen.read(tmp_path, chosen.reading(fps=FPS)))
    (told,) = [item for item in found if isinstance(item, Rejected)]
    assert where in f"{told.origin.place} {told.detail}"
    others = {item.graph.video.id for item in found if isinstance(item, Imported)}
    assert others == {video_id(i) for i in range(5)} - (set() if name == "action-genome" else {video_id(2)})
    assert told.video_id == ("" if name == "action-genome" else video_id(2))


@pytest.mark.parametrize("name", [f.name for f in FORMATS.values() if f.read is None])
def test_what_is_only_written_is_counted_in_its_files(name: str, tmp_path: Path) -> None:
    chosen, counts = FORMATS[name], Counts()
    assert chosen.write is not None
    done = chosen.write(graphs(5), tmp_path, chosen.writing())
    for graph in graphs(5):
        counts.add(graph)
    lost = {loss.name: count for loss, count in done.lost.items()}
    assert held(name, tmp_path).to_json() == formats.kept_of(counts.to_json(), lost)


def worked(work: str, files: Path, **options: Any) -> dict[str, Any]:
    given = Namespace(format="pvsg", files=files, **options)
    return formats_worker.WORK[work](given) | {"wall": 1.0, "cpu": 0.5, "peak_mb": 300.0}


def test_tables_say_what_came_back_and_what_did_not(tmp_path: Path) -> None:
    files, stores = tmp_path / "files", [str(tmp_path / name) for name in "ab"]
    ways = {way: {6: worked(way, files, videos=6, store=stores[0])} for way in ("write", "read", "take")}
    broken = {"videos": 6, "where": spoil("pvsg", files, video_id(3))} | worked("read", files, store=stores[1])
    found = formats.Measured("pvsg", ways, broken)
    (row,) = formats.back_table([found]).rows
    camera = sum(r.subject == -1 for g in graphs(6) for r in g.relations)
    assert (row[1], row[-2], row[-1]) == ("6", f"relations {camera}", "met")
    (row,) = formats.broken_table([found]).rows
    assert (*row[:4], row[-1]) == ("pvsg", 6, 5, 1, "met")
    ways["take"][6]["counts"]["masks"] -= 1
    broken["where"] = "line 99"
    assert formats.back_table([found]).rows[0][-1] == formats.broken_table([found]).rows[0][-1] == "MISSED"
    costs = formats.cost_table([found])
    assert [row[1] for row in costs.rows] == ["out", "in", "store"]
    assert {row[5] for row in costs.rows} == {12}, "videos a second of CPU"


def test_a_release_is_where_the_line_through_the_last_two_leads() -> None:
    slope, total = formats.extrapolated([100, 400, 1600], [200.0, 290.0, 296.0])
    assert slope == pytest.approx(0.005)
    assert total == pytest.approx(296 + 0.005 * 598_400)
    assert formats.extrapolated([400, 1600], [300.0, 298.0]) == (0.0, 298.0)
    assert formats.extrapolated([400], [300.0]) == (0.0, 300.0)

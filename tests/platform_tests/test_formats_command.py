"""`svg2 import`, `svg2 export` and `svg2 formats` on a real store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.cli import app
from svg2_assets.commands.formats import NoSuchSource
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.labels.rows import verified_rows
from svg2_assets.relations.rows import to_rows as relation_rows
from svg2_assets.scene.graph import SceneGraph, Verification
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.scene_graphs.formats.registry import FORMATS, NoSuchFormat
from svg2_assets.scene_graphs.formats.svg2.form import Writing
from svg2_assets.scene_graphs.formats.svg2.writing import write
from svg2_assets.scene_graphs.formats.values import UnusableSource, UnusableTarget
from svg2_assets.scene_graphs.imports import imported_ids, read_imported
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from svg2_assets.trajectories.rows import to_rows
from svg2_assets.traser.forms import InvalidSetup
from tests.platform_tests.conftest import write_clip
from tests.scene_graphs.formats.clips import clip, related


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Three videos, the last of which relates an unknown object."""
    graphs = [clip(f"v{i}", relations=[related((0, 1))]) for i in range(3)]
    write(graphs, tmp_path / "release", Writing(source="pvd"))
    path = tmp_path / "release" / "data" / "cleaned" / "pvd" / "part-00000.parquet"
    table = pq.read_table(path)
    said = [*table.column("relationships").to_pylist()[:2], '[[0, "near", 9, [[0, 0]], "spatial"]]']
    pq.write_table(table.set_column(3, "relationships", [said]), path)
    return tmp_path / "release"


def command(home: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], env={"SVG2_HOME": str(home)})


def told(home: Path, *arguments: str | Path) -> Any:
    done = command(home, *arguments, "--json")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return json.loads(done.stdout)


def store_of(home: Path) -> SceneGraphStore:
    return SceneGraphStoreResource(uri=str(home.absolute() / "store")).open()


def test_from_one_format_to_another(home: Path, release: Path, tmp_path: Path) -> None:
    arguments = ("--source", "pvd", "--licence", "CC BY 4.0", "--set", "fps=24")
    done = command(home, "import", "svg2", release, *arguments)
    assert done.exit_code == 0, done.output
    assert "Videos imported as pvd: 3, rejected: 0." in done.stdout
    assert "touches no known object" in done.stdout
    graph = read_imported(store_of(home), "v0", "pvd")
    assert graph.provenance["import"]["licence"] == "CC BY 4.0"
    done = command(home, "export", "stage6", tmp_path / "out", "--source", "pvd", "--videos", "v2", "--videos", "v0")
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["v0", "v2"]
    said = told(home, "export", "stage6", tmp_path / "out", "--source", "pvd", "--resume", "--set", "mask_files=false")
    assert (said["videos"], said["kept"], said["files"]) == (1, 2, 1)


def test_masklets_come_in_and_leave_as_every_format(home: Path, tmp_path: Path) -> None:
    """What is written of an import says its licence; what goes back to masklets is what came."""
    masklets = FORMATS["sav"]
    assert masklets.write is not None
    masklets.write([clip("a"), clip("b.c")], tmp_path / "sav", masklets.writing())
    arguments = ("--licence", "CC BY 4.0", "--set", "kinds=[manual]")
    assert told(home, "import", "sav", tmp_path / "sav", *arguments)["videos"] == 2
    done = {
        name: told(home, "export", name, tmp_path / name, "--source", "sav")
        for name in ("coco-video", "huggingface", "webdataset", "vipseg")
    }
    assert {name: (said["videos"], said["files"]) for name, said in done.items()} == {
        "coco-video": (2, 1), "huggingface": (2, 2), "webdataset": (2, 1), "vipseg": (2, 25),
    }  # fmt: skip
    assert not any(said["lost"] for name, said in done.items() if name in {"huggingface", "webdataset"})
    assert "license: cc-by-4.0" in (tmp_path / "huggingface" / "README.md").read_text()
    assert "CC BY 4.0" in (tmp_path / "coco-video" / "instances.json").read_text()
    assert told(home, "export", "sav", tmp_path / "again", "--source", "sav")["lost"] == {"what made the graph": 2}
    for name in ("a_manual.json", "b.c_manual.json"):
        first, again = (json.loads((tmp_path / folder / name).read_text()) for folder in ("sav", "again"))
        assert again.pop("svg2_origin")["licence"] == "CC BY 4.0"
        assert again == first


def test_what_is_rejected_is_told_and_is_the_exit_code(home: Path, release: Path) -> None:
    done = command(home, "import", "svg2", release)
    assert done.exit_code == 1
    assert "nothing says how many frames a second" in done.stdout.replace("\n", " ")
    assert "Videos imported as svg2: 0, rejected: 3." in done.stdout
    said = told(home, "import", "svg2", release)
    assert said["rejected"] == {"frame rate unknown": 3}
    assert [e["video"] for e in said["examples"]] == ["v0", "v1", "v2"]
    assert imported_ids(store_of(home), "svg2") == []


def test_a_folder_of_videos_gives_rates_and_addresses(home: Path, release: Path, tmp_path: Path) -> None:
    (tmp_path / "videos" / "deep").mkdir(parents=True)
    write_clip(tmp_path / "videos" / "deep" / "v0.mp4", seed=1, frames=60)
    (tmp_path / "videos" / "v1.mp4").write_bytes(b"no video")
    said = told(home, "import", "svg2", release, "--videos", tmp_path / "videos")
    assert said["videos"] == 1
    assert said["rejected"] == {"frame rate unknown": 2}
    video = read_imported(store_of(home), "v0", "svg2").video
    assert (video.fps, video.num_frames, video.width) == (6.0, 60, 8)
    assert video.uri == str(tmp_path / "videos" / "deep" / "v0.mp4")
    assert said["repairs"]["video: masks end before it does"] == 1
    assert isinstance(command(home, "import", "svg2", release, "--videos", tmp_path / "none").exception, UnusableSource)


def test_a_limit_takes_the_first_ones(home: Path, release: Path) -> None:
    assert told(home, "import", "svg2", release, "--limit", "2", "--set", "fps=24")["videos"] == 2
    assert imported_ids(store_of(home), "svg2") == ["v0", "v1"]


def annotated(home: Path, graph: SceneGraph) -> None:
    """`graph` as the phases write it."""
    store, video = store_of(home), graph.video
    store.upsert("videos", [{
        "video_id": video.id, "uri": f"/clips/{video.id}.mp4", "sha256": "", "width": video.width, "status": "ok",
        "height": video.height, "fps": video.fps, "num_frames": video.num_frames, "duration": video.duration,
    }])  # fmt: skip
    tracked = TrackingResult(tuple(TrackedObject(o.id, o.trajectory, Origin.SEED, 1.0) for o in graph.objects))
    for table, rows in to_rows(video, tracked).items():
        store.replace(table, rows, video_ids=[video.id])
    labels = [VerifiedLabel(Label(o.id, o.name, 0.9), Verification(Verdict.SUPPORTED, 0.8)) for o in graph.objects]
    store.replace("labels", verified_rows(video.id, labels), video_ids=[video.id], stage="verified")
    store.replace("relations", relation_rows(video.id, graph.relations), video_ids=[video.id])


def test_the_graphs_of_the_phases_and_of_predictions_are_exported_too(home: Path, tmp_path: Path) -> None:
    graph = clip("0123456789abcdef", relations=[related((0, 1))])
    annotated(home, graph)
    broken = {"video_id": "broken", "uri": "/clips/broken.mp4", "sha256": "", "status": "failed"}
    store_of(home).upsert("videos", [broken])
    done = command(home, "export", "traser", tmp_path / "own")
    assert done.exit_code == 1, "one video has no graph"
    assert "Videos written: 1;" in done.stdout
    assert "broken: " in done.stdout
    assert "verdicts on names" in done.stdout
    (entry,) = json.loads((tmp_path / "own" / "train.json").read_text())
    assert entry["video_id"] == graph.video.id
    one = told(home, "export", "svg2", tmp_path / "one", "--videos", "0123456789abcdef.mp4", "--set", "convention=test")
    assert (one["videos"], one["problems"]) == (1, {})

    guess = [{"id": 0, "name": "boy", "attributes": []}]
    store_of(home).upsert("predictions", [
        {"video_id": graph.video.id, "source": "model", "objects": guess, "relations": []}
    ])  # fmt: skip
    assert told(home, "export", "svg2", tmp_path / "guess", "--source", "model")["videos"] == 1
    (row,) = pq.read_table(tmp_path / "guess" / "data").to_pylist()
    assert json.loads(row["objects"]) == [{"object_0": "boy", "attributes": []}]


def test_wrong_requests_say_what_to_do(home: Path, release: Path, tmp_path: Path) -> None:
    wrong: list[tuple[tuple[str | Path, ...], type[Exception], str]] = [
        (("import", "svg3", release), NoSuchFormat, "There are svg2"),
        (("import", "svg2", tmp_path / "gone"), UnusableSource, "no such file"),
        (("import", "svg2", release, "--source", "../x"), NoSuchSource, "letters"),
        (("import", "svg2", release, "--set", "fsp=3"), InvalidSetup, "fps"),
        (("import", "svg2", release, "--set", "fps=-3"), InvalidSetup, "fps"),
        (("export", "svg2", tmp_path / "out", "--source", "none"), NoSuchSource, "import something first"),
        (("export", "svg2", release / "data" / "cleaned" / "pvd" / "part-00000.parquet"), UnusableTarget, "cannot be"),
    ]
    done = command(home, "export", "svg2", tmp_path / "out")
    assert "no video here has a graph of its own" in str(done.exception)
    assert not (tmp_path / "out").exists()
    annotated(home, clip("0123456789abcdef"))
    for arguments, kind, text in wrong:
        done = command(home, *arguments)
        assert isinstance(done.exception, kind), (arguments, done.exception, done.output)
        assert text in str(done.exception)


def test_ids_that_a_source_does_not_have_are_problems(home: Path, release: Path, tmp_path: Path) -> None:
    command(home, "import", "svg2", release, "--set", "fps=24")
    said = told(home, "export", "traser", tmp_path / "out", "--source", "svg2", "--videos", "v0", "--videos", "gone")
    assert said["videos"] == 1
    assert said["problems"] == {"gone": "svg2 has no graph of it."}
    assert command(home, "export", "traser", tmp_path / "other", "--source", "nobody").exit_code == 1


def test_formats_are_listed_with_what_is_lost(home: Path) -> None:
    done = command(home, "formats")
    assert done.exit_code == 0
    for f in FORMATS.values():
        assert f.title in done.stdout.replace("\n", " ")
        assert all(sentence in done.stdout for sentence in (*f.lost_in, *f.lost_out))
    assert [f["name"] for f in told(home, "formats")] == list(FORMATS)

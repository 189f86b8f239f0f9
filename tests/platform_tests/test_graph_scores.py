"""`svg2 evaluate graphs` and the asset `graph_scores` on a real store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.cli import app
from svg2_assets.evaluation.assets import COVERAGE, graph_scores
from svg2_assets.evaluation.harness.choosing import choose
from svg2_assets.evaluation.harness.sources import UnusableGraphs
from svg2_assets.evaluation.harness.stored import StoredGraphs
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.labels.rows import verified_rows
from svg2_assets.relations.rows import to_rows as relation_rows
from svg2_assets.scene import document
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import SceneGraph, Verification
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.scene_graphs.formats.values import Imported, Origin
from svg2_assets.scene_graphs.imports import bring_in
from svg2_assets.trajectories.protocols import Origin as TrackOrigin
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult
from svg2_assets.trajectories.rows import to_rows
from svg2_assets.traser.predicting import read_prediction
from tests.evaluation.graphs.scenes import says
from tests.evaluation.harness.sources import clip, seen
from tests.platform_tests.conftest import QUIET

NEAR = says(0, "near", 1, (0, 2))
IDS = ("0123456789abcdef", "fedcba9876543210")
GRAPHS = [seen({0: ("dog", 0), 1: ("cat", 20)}, [NEAR], video=clip(v)) for v in IDS]
FIRST, SECOND = IDS


def annotated(store: SceneGraphStore, graph: SceneGraph) -> None:
    """`graph` as the phases write it; its file is called clip-<first letter of the id>.mp4."""
    video = graph.video
    store.upsert("videos", [{
        "video_id": video.id, "uri": f"/clips/clip-{video.id[0]}.mp4", "sha256": video.id * 4, "width": video.width,
        "status": "ok", "height": video.height, "fps": video.fps, "num_frames": video.num_frames,
        "duration": video.duration, "partition": video.id,
    }])  # fmt: skip
    tracked = TrackingResult(tuple(TrackedObject(o.id, o.trajectory, TrackOrigin.SEED, 1.0) for o in graph.objects))
    for table, rows in to_rows(video, tracked).items():
        store.replace(table, rows, video_ids=[video.id])
    labels = [VerifiedLabel(Label(o.id, o.name, 0.9), Verification(Verdict.SUPPORTED, 0.8)) for o in graph.objects]
    store.replace("labels", verified_rows(video.id, labels), video_ids=[video.id], stage="verified")
    store.replace("relations", relation_rows(video.id, graph.relations), video_ids=[video.id])
    store.replace("scene_graphs", [{"video_id": video.id}], video_ids=[video.id])


def predicted(video_id: str, *names: str, source: str = "traser") -> dict[str, Any]:
    return {
        "video_id": video_id, "source": source,
        "objects": [{"id": i, "name": name, "attributes": []} for i, name in enumerate(names)],
        "relations": [{
            "subject": 0, "predicate": "near", "object": 1, "category": "spatial",
            "spans": [{"start": 0.0, "end": 2.0}], "confidence": 1.0,
        }],
    }  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two annotated videos; predictions of the first, one of them of trajectories that are gone; an import of both by
    the names of their files, with other ids."""
    folder = tmp_path_factory.mktemp("home")
    store = store_of(folder)
    for graph in GRAPHS:
        annotated(store, graph)
    store.upsert("predictions", [predicted(FIRST, "dog", "bus"), predicted(FIRST, "dog", "cat", "bus", source="old")])
    imported(store, "gold", *(f"clip-{v[0]}" for v in IDS))
    return folder


def imported(store: SceneGraphStore, source: str, *videos: str) -> None:
    truth = [seen({4: ("puppy", 0), 2: ("cat", 20)}, [says(4, "near", 2, (0, 2))], video=clip(v)) for v in videos]
    bring_in(store, [Imported(g, Origin("svg2")) for g in truth], source=source)


def store_of(home: Path) -> SceneGraphStore:
    return SceneGraphStoreResource(uri=str(home.absolute() / "store")).open()


def command(home: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", "graphs", *map(str, arguments)], env={"SVG2_HOME": str(home)})


def figure(told: dict[str, Any], measure: str, criterion: str = "strict", *, system: int = 0) -> Any:
    rows = told["systems"][system]["report"]["figures"]
    at = 0.5 if measure in {"relations", "triplets"} else None
    return next(
        r for r in rows if (r["measure"], r["criterion"], r["at"], r["group"]) == (measure, criterion, at, "all")
    )


def test_predictions_of_the_stores_trajectories_are_compared_by_id(home: Path, tmp_path: Path) -> None:
    asked = ("--gt", "store:pipeline", "--pred", "traser=store:predictions:traser")
    done = command(home, *asked, "--json", "--out", tmp_path / "report.md")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    (system,) = told["systems"]
    assert system["without_prediction"] == [SECOND]
    assert system["same_place"] == {"right": 2, "of": 2}
    assert figure(told, "objects")["recall"]["right"] == 1
    assert figure(told, "objects")["recall"]["of"] == 4
    assert figure(told, "relations")["recall"]["micro"] == 0.5
    assert figure(told, "triplets")["recall"]["micro"] == 0.0
    assert "traser: no prediction for 1 video: fedcba9876543210" in (tmp_path / "report.md").read_text()
    shown = command(home, *asked, "--criterion", "strict", "--sweep", "--by", "category")
    assert "judge exact 1" in shown.stdout
    assert "judge lexical" not in shown.stdout.split("Odd")[0]


def test_an_import_is_matched_by_place_and_its_videos_by_the_names_of_their_files(home: Path) -> None:
    asked = ("--gt", "store:imported:gold", "--pred", "store:pipeline", "--pred", "t=store:predictions:traser")
    done = command(home, *asked, "--match", "viou", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["systems"][0]["paired_by"] == {"name of the file": 2}
    assert figure(told, "relations")["recall"]["micro"] == 1.0
    assert figure(told, "objects")["recall"]["micro"] == 0.5, "a dog is no puppy, by letters"
    assert figure(told, "objects", "lenient")["recall"]["micro"] == 1.0
    assert figure(told, "relations", system=1)["recall"]["micro"] == 0.5
    public = {(r["benchmark"], r["metric"]): r["value"] for r in told["systems"][0]["public"]["figures"]}
    assert public["PVSG", "R@20"] == 0, "letter by letter"
    assert {d["figure"] for d in told["differences"]} == {"recall", "precision", "F1"}


def test_files_and_the_store_together(home: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for graph in GRAPHS:
        (tmp_path / "out" / f"{graph.video.id}.json").write_text(json.dumps(document.write(graph)))
    (tmp_path / "out" / "broken.json").write_text("{")
    done = command(home, "--gt", "store:pipeline", "--pred", tmp_path / "out", "--json", "--no-intervals")
    assert done.exit_code == 1, "a file was no graph"
    told = json.loads(done.stdout)
    assert figure(told, "triplets")["recall"]["micro"] == 1.0
    assert "line 1" in str(told["systems"][0]["not_read"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--pred", "store:predictions:nobody"],
            "There are store:imported:gold, store:predictions:old, store:pred",
        ),
        (["--pred", "store:pipeline", "--tiou", "1"], "expected tIoUs in"),
        (["--pred", "store:pipeline", "--judge", "gpt"], "expected one of exact, normalised, lexical"),
        (["--pred", "store:pipeline", "--match", "name"], "expected id or viou"),
        (["--pred", "store:pipeline", "--by", "colour"], "expected one of category, level, length"),
        (["--pred", "store:pipeline", "--out", "report.txt"], "expected a name that ends in .json or .md"),
        (["--pred", "nowhere"], "there is no such file or folder"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_can(home: Path, arguments: Sequence[str], said: str) -> None:
    done = command(home, "--gt", "store:pipeline", *arguments)
    assert done.exit_code == 2
    assert said in done.output.replace("\n", " ")


def test_a_prediction_of_trajectories_that_are_gone_says_so(home: Path) -> None:
    with pytest.raises(PhaseError, match=r"none with the ids \[2\]\. The video was tracked anew"):
        read_prediction(store_of(home), FIRST, "old")
    done = command(home, "--gt", "store:pipeline", "--pred", "store:predictions:old", "--json")
    assert done.exit_code == 1
    assert list(json.loads(done.stdout)["systems"][0]["not_read"]) == [FIRST]


def materialize(home: Path, monkeypatch: pytest.MonkeyPatch, **config: Any) -> dg.ExecuteInProcessResult:
    monkeypatch.setenv("SVG2_HOME", str(home))
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [graph_scores],
            instance=instance,
            resources={"store": SceneGraphStoreResource(uri=str(home.absolute() / "store"))},
            run_config={**QUIET, "ops": {"graph_scores": {"config": config}}},
            raise_on_error=False,
        )


def test_the_asset_takes_the_import_that_has_the_catalogs_videos(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systems = ["store:pipeline", "store:predictions:traser"]
    done = materialize(home, monkeypatch, systems=systems)
    assert done.success
    (event,) = done.asset_materializations_for_node("graph_scores")
    told = {k: v.value for k, v in event.metadata.items()}
    assert (told["truth"], told["match"], told["videos"]) == ("store:imported:gold", "viou", 2)
    assert told["systems"] == systems
    assert (told["relation_recall_pipeline"], told["relation_recall_predictions_traser"]) == (1.0, 0.5)
    assert Path(told["sweep"]).stat().st_size > 1000
    assert "## Sweep over tIoU" in told["tables"]
    assert len(told["scores"].records) == 16
    (check,) = done.get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.severity) == (COVERAGE, False, dg.AssetCheckSeverity.WARN)
    (row,) = check.metadata["videos"].value.records
    assert (row.data["of"], row.data["video"]) == ("store:predictions:traser", "clip-f")


def test_the_asset_against_the_phases_covers_what_the_phases_have(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = materialize(home, monkeypatch, truth="store:pipeline", systems=["store:pipeline"])
    assert done.success
    (check,) = done.get_asset_check_evaluations()
    assert check.passed


def test_a_store_without_graphs_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = materialize(tmp_path, monkeypatch)
    assert not done.success
    (failed,) = done.get_step_failure_events()
    assert "store:pipeline: the store has no graph of it" in str(failed.step_failure_data.error)


def test_what_nobody_names_is_chosen(home: Path, tmp_path: Path) -> None:
    chosen = choose(store_of(home))
    named = [s.name for s in chosen.systems]
    assert named == ["store:pipeline", "store:predictions:old", "store:predictions:traser"]
    other = store_of(tmp_path)
    annotated(other, GRAPHS[0])
    imported(other, "elsewhere", "nobody-has-it")
    with pytest.raises(UnusableGraphs, match="there is nothing to compare with it"):
        choose(other)
    assert choose(other, systems=["store:pipeline"]).truth.kind == "pipeline"
    for source in ("one", "two"):
        imported(other, source, "clip-0")
    with pytest.raises(UnusableGraphs, match=r"several imports .*store:imported:one, store:imported:two\. Name one"):
        choose(other)
    with pytest.raises(UnusableGraphs, match="expected store:pipeline"):
        StoredGraphs(other, "imported")

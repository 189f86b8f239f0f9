"""`svg2 label-record` over what a store holds, and the policy that its file makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from resources.store.store import SceneGraphStore
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.label_record import NoRecord, Wanted, label_record
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.labels.rows import parsed_rows, verified_rows
from svg2_assets.scene.graph import Verification
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.settings import Settings

SUPPORTED, UNVERIFIED = Verification(Verdict.SUPPORTED, 0.9), Verification(Verdict.UNVERIFIED, 0.2)


def judged(store: SceneGraphStore, video_id: str, names: dict[str, Verification], *, model: str = "fake/1") -> None:
    """One video whose `names` got these verdicts; what is not supported went on as `object`."""
    labels = [Label(i, name, 0.5) for i, name in enumerate(names)]
    kept = [
        VerifiedLabel(label if v is SUPPORTED else Label(label.object_id, "object", 1.0), v)
        for label, v in zip(labels, names.values(), strict=True)
    ]
    store.replace("labels", parsed_rows(video_id, labels), video_ids=[video_id], stage="parsed")
    rows = [row | {"model_id": model} for row in verified_rows(video_id, kept)]
    store.replace("labels", rows, video_ids=[video_id], stage="verified")
    store.upsert("videos", [{"video_id": video_id, "uri": f"{video_id}.mp4", "sha256": video_id}])


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(Settings(home=tmp_path / "home", profile="embedded"))


def run(installation: Installation, wanted: Wanted | None = None, *, as_json: bool = False) -> str:
    console = Console(width=160, record=True, quiet=False)
    with console.capture() as captured:
        assert label_record(installation, console, wanted or Wanted(), as_json=as_json) == 0
    return captured.get()


def test_the_record_is_printed_written_and_used_by_the_policy(installation: Installation, tmp_path: Path) -> None:
    for i in range(3):
        judged(installation.store, f"v{i}", {"dog": SUPPORTED, "cat": UNVERIFIED, "object": UNVERIFIED})
    judged(installation.store, "v3", {"dog": UNVERIFIED})
    path = tmp_path / "record.json"
    said = run(installation, Wanted(out=path))
    assert "2 names in 4 videos, verified by fake/1" in said
    assert said.index("dog") < said.index("cat"), "the most frequent first"
    assert "stale" in said
    assert json.loads(path.read_text())["names"] == {"cat": [3, 0], "dog": [4, 3]}

    used = Settings(home=tmp_path / "home", verifier={"policy": {"record": str(path)}})
    before, after = installation.backends.verifier, Installation(used).backends.verifier
    assert after.config["policy"]["record"] == {"cat": (3, 0), "dog": (4, 3)}
    assert before.config["policy"] == after.config["policy"] | {"record": {}}


def test_a_file_that_is_there_is_replaced_only_by_force(installation: Installation, tmp_path: Path) -> None:
    judged(installation.store, "v", {"dog": SUPPORTED})
    path = tmp_path / "record.json"
    path.write_text("mine")
    with pytest.raises(NoRecord, match=r"record\.json: it is there already.*--force"):
        run(installation, Wanted(out=path))
    assert path.read_text() == "mine"
    run(installation, Wanted(out=path, force=True))
    assert json.loads(path.read_text())["names"] == {"dog": [1, 1]}
    with pytest.raises(NoRecord, match="cannot be written"):
        run(installation, Wanted(out=path / "under a file" / "record.json"))


def test_an_empty_store_and_verdicts_of_two_models_are_told(installation: Installation) -> None:
    with pytest.raises(NoRecord, match="No label is verified yet"):
        run(installation)
    judged(installation.store, "a", {"dog": SUPPORTED}, model="one/1")
    judged(installation.store, "b", {"cat": SUPPORTED}, model="two/1")
    with pytest.raises(NoRecord, match=r"one/1, two/1: choose one with --model"):
        run(installation)
    with pytest.raises(NoRecord, match="--model three/1: it verified nothing here"):
        run(installation, Wanted(model="three/1"))
    assert "1 names in 1 videos, verified by two/1" in run(installation, Wanted(model="two/1"))


def test_superseded_videos_do_not_count_twice(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    judged(installation.store, "old", {"dog": SUPPORTED})
    judged(installation.store, "new", {"dog": SUPPORTED})
    installation.store.upsert("videos", [{"video_id": "old", "uri": "a.mp4", "sha256": "old", "superseded_by": "new"}])
    run(installation, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "format": "svg2-assets/label-record/1", "verifier": "fake/1", "videos": 1, "names": {"dog": [1, 1]},
    }  # fmt: skip


def test_a_record_that_is_missing_makes_the_verifier_unusable_by_name(tmp_path: Path) -> None:
    from svg2_assets.recipes import recipe_of

    settings = Settings(home=tmp_path, verifier={"policy": {"record": "/nowhere/record.json"}})
    recipe = recipe_of("verified_labels", Installation(settings).backends)
    assert recipe.unusable.startswith("SVG2_VERIFIER.policy: policy: `record` /nowhere/record.json cannot be read")

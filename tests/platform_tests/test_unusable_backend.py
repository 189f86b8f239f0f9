"""A backend that can work for no video: said once, on record for every video, and what was done before is kept."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from resources.fakes.tracker import FakeTracker
from resources.store.store import SceneGraphStore
from svg2_assets.scene.errors import UnusableBackend
from tests import command
from tests.media_factory import write_video
from tests.platform_tests.conftest import Platform

Run = Callable[..., subprocess.CompletedProcess[str]]
NO_WEIGHTS = "there is no checkpoint '/nowhere/sam2.1_hiera_tiny.pt'"
UNUSABLE = [
    ("svg2", {"model": {"checkpoint": "/nowhere/sam2.1_hiera_tiny.pt"}}, NO_WEIGHTS),
    ("svg2", {"model": {"image_size": 100}}, "the setting image_size takes a multiple of 32"),
    ("nonsense", {}, "there is no profile 'nonsense'; this version has: embedded, svg2"),
]


@pytest.fixture
def svg2(tmp_path: Path) -> Run:
    """`svg2(*arguments, profile=..., tracker=...)` on an installation of its own."""

    def run(*arguments: str | Path, profile: str = "fake", tracker: object = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SVG2_HOME": str(tmp_path / "home"), "SVG2_PROFILE": profile}
        environment["SVG2_TRACKER"] = json.dumps(tracker) if tracker else ""
        if profile == "svg2":  # its tracker alone: the other roles need a key and servers
            environment |= {"SVG2_PROFILE": "fake", "SVG2_ROLES": json.dumps({"tracker": "svg2"})}
        return command.svg2(*arguments, environment=environment)

    return run


@pytest.fixture
def store(tmp_path: Path) -> SceneGraphStore:
    return SceneGraphStore(str(tmp_path / "home" / "store"))


def status(svg2: Run, **settings: object) -> dict[str, dict]:
    """file name -> what `svg2 status --json` says of it"""
    done = svg2("status", "--json", **settings)
    assert done.returncode == 0, done.stderr
    return {Path(row["file"]).name: row for row in json.loads(done.stdout)}


def tracked(store: SceneGraphStore) -> dict[str, dict]:
    """video id -> its state in Phase 1"""
    return {r["video_id"]: r for r in store.read("phase_state", where={"phase": "trajectories"}).to_dicts()}


@pytest.mark.parametrize(("profile", "tracker", "says"), UNUSABLE, ids=[says[:30] for _, _, says in UNUSABLE])
def test_it_is_said_once_and_every_video_is_recorded_as_failed(
    svg2: Run, store: SceneGraphStore, tmp_path: Path, profile: str, tracker: dict, says: str
) -> None:
    clips = [write_video(tmp_path / "a.mp4"), write_video(tmp_path / "b.mp4", frames=8)]
    done = svg2("annotate", *clips, profile=profile, tracker=tracker)
    assert done.returncode == 1
    assert done.stdout.count(says) == 1, done.stdout
    assert all(f"{clip}: trajectories cannot run, see above" in done.stdout for clip in clips)
    assert "Traceback" not in done.stdout + done.stderr
    rows = status(svg2, profile=profile, tracker=tracker)
    assert set(rows) == {"a.mp4", "b.mp4"}
    for row in rows.values():
        phases = dict(row["phases"])
        assert (phases.pop("videos"), phases.pop("trajectories")) == ("fresh", "failed")
        assert set(phases.values()) == {"blocked"}
        assert says in row["why"]
    assert [store.read(table).height for table in ("trajectories", "masks", "failures")] == [0, 0, 2]
    printed = svg2("status", profile=profile, tracker=tracker)
    assert printed.returncode == 0
    assert printed.stdout.count(says) == 1, printed.stdout


def test_once_it_is_mended_what_failed_is_done(svg2: Run, store: SceneGraphStore, tmp_path: Path) -> None:
    clip = write_video(tmp_path / "a.mp4")
    assert svg2("annotate", clip, profile="svg2", tracker=UNUSABLE[0][1]).returncode == 1
    assert svg2("refresh", profile="svg2", tracker=UNUSABLE[0][1]).returncode == 1
    assert [s["attempts"] for s in tracked(store).values()] == [2]
    done = svg2("refresh")
    assert done.returncode == 0, done.stdout
    assert set(status(svg2)["a.mp4"]["phases"].values()) == {"fresh"}


def test_what_was_done_before_stays_done(svg2: Run, store: SceneGraphStore, tmp_path: Path) -> None:
    old, new = write_video(tmp_path / "old.mp4"), write_video(tmp_path / "new.mp4", frames=8)
    assert svg2("annotate", old).returncode == 0
    before = tracked(store)
    profile, tracker, says = UNUSABLE[0]
    assert svg2("annotate", old, profile=profile, tracker=tracker).returncode == 1
    assert svg2("annotate", old, new, profile=profile, tracker=tracker).returncode == 1
    after = tracked(store)
    assert {v: after.pop(v) for v in before} == before
    assert [s["status"] for s in after.values()] == ["failed"]
    rows = status(svg2, profile=profile, tracker=tracker)
    assert (rows["old.mp4"]["phases"]["trajectories"], rows["new.mp4"]["phases"]["trajectories"]) == ("stale", "failed")
    assert says in rows["old.mp4"]["why"]
    assert set(status(svg2)["old.mp4"]["phases"].values()) == {"fresh"}


@pytest.mark.skipif(find_spec("sam2") is None or find_spec("torch") is None, reason="needs the models extra")
def test_weights_that_cannot_be_read_are_tried_once(svg2: Run, store: SceneGraphStore, tmp_path: Path) -> None:
    broken = tmp_path / "sam2.1_hiera_tiny.pt"
    broken.write_bytes(b"cut short")
    clips = [write_video(tmp_path / "a.mp4"), write_video(tmp_path / "b.mp4", frames=8)]
    tracker = {"model": {"checkpoint": str(broken), "device": "cpu"}}
    done = svg2("annotate", *clips, profile="svg2", tracker=tracker)
    assert done.returncode == 1
    assert done.stdout.count("cannot be read as a checkpoint") == 1, done.stdout
    found = tracked(store)
    assert [s["status"] for s in found.values()] == ["failed"] * 2
    assert min(s["seconds"] for s in found.values()) < 0.1 < max(s["seconds"] for s in found.values())
    rows = status(svg2, profile="svg2", tracker=tracker)
    assert all("cannot be read as a checkpoint" in row["why"] for row in rows.values())


def test_no_further_video_is_tried_and_the_run_ends_with_the_reason(platform: Platform) -> None:
    intake = platform.add("a.mp4", "b.mp4", "c.mp4")

    def script(video: object) -> None:
        raise UnusableBackend("No licence for this model. Renew it.")

    platform.tracker = FakeTracker(script=script)  # type: ignore[arg-type]
    result = platform.run(intake.partitions[0], intake.partitions[-1])
    assert not result.success
    assert len(platform.tracker.calls) == 1
    assert set(platform.gates("trajectories").values()) == {("failed", "closed")}
    assert set(platform.gates("trajectories")) == set(intake.video_ids)
    (failure,) = [e.step_failure_data for e in result.get_step_failure_events()]
    assert "No licence for this model" in failure.error.cause.message  # type: ignore[union-attr]
    assert platform.materialized("trajectories") == set()
    assert platform.materialized("videos") == set(intake.partitions)

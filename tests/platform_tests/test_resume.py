"""Tracking is what takes long: a run that is killed between two videos goes on with the second."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from resources.store.store import SceneGraphStore
from tests import command
from tests.media_factory import write_video

pytestmark = pytest.mark.skipif(
    find_spec("sam2") is None or find_spec("torch") is None, reason="needs the models extra"
)

ROOT = Path(__file__).parents[2]
MODEL = {"size": "tiny", "random_weights": True, "image_size": 256, "device": "cpu", "dtype": "float32"}
SEGMENT = {"points_per_side": [3, 2], "least_iou": -1e9, "least_stability": 0.0, "points_per_batch": 8}


def environment_in(home: Path) -> dict[str, str]:
    """SAM 2's architecture and drawn weights, each finished video committed at once."""
    return {
        **os.environ,
        "SVG2_HOME": str(home),
        "SVG2_PROFILE": "embedded",
        "SVG2_ROLES": json.dumps({"tracker": "svg2"}),
        "SVG2_TRACKER": json.dumps({"model": MODEL, "segment": SEGMENT}),
        "SVG2_FLUSH_VIDEOS": "1",
        "OMP_NUM_THREADS": "1",
    }


def start(home: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """`svg2` in a process that can be killed."""
    program = [sys.executable, "-m", "svg2_assets.cli", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(program, env=environment_in(home), cwd=ROOT, text=True, start_new_session=True, **pipes)  # type: ignore[call-overload, no-any-return]


def tracked(store: SceneGraphStore) -> dict[str, dict]:
    """video id -> its state in Phase 1"""
    return {r["video_id"]: r for r in store.read("phase_state", where={"phase": "trajectories"}).to_dicts()}


def rows_of(store: SceneGraphStore, video: str) -> list[list[dict]]:
    return [store.read(table, video_ids=[video]).to_dicts() for table in ("trajectories", "masks")]


@pytest.mark.slow
def test_a_killed_run_resumes_at_the_video_it_was_at(tmp_path: Path) -> None:
    clips = [write_video(tmp_path / f"{frames}.mp4", frames=frames) for frames in (6, 7)]
    store = SceneGraphStore(str(tmp_path / "home" / "store"))
    process = start(tmp_path / "home", "annotate", *clips)
    deadline = time.monotonic() + 200
    while not (found := tracked(store)):
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    ((first, state),) = found.items()
    assert state["status"] == "done"
    assert set(tracked(store)) == {first}, "the run was not killed in time"
    (second,) = set(store.read("videos")["video_id"]) - {first}
    before = rows_of(store, first)
    assert all(before)
    assert rows_of(store, second) == [[], []]

    resumed = command.svg2("annotate", *clips, environment=environment_in(tmp_path / "home"))
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert resumed.stdout.count("✓") == 2
    after = tracked(store)
    assert rows_of(store, first) == before
    unchanged = ("run_id", "updated_at", "attempts", "seconds", "output_version")
    assert {k: after[first][k] for k in unchanged} == {k: state[k] for k in unchanged}
    assert (after[first]["gate"], after[second]["gate"]) == ("open", "open")
    assert after[second]["attempts"] == 1
    assert after[second]["run_id"] != state["run_id"]

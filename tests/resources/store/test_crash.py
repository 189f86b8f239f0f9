"""A process that dies anywhere in a flush leaves old rows or new ones per table, and a state that claims no more."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import DyingStore, rewrite_and_die, rewrite_for_ever, tracked, tracks

# withdrawn states, trajectories, masks, new states: before and after each
BOUNDARIES = range(8)


class Crash(BaseException):
    """Ends the flush like the death of the process: nothing of it runs afterwards."""


class InterruptedStore(DyingStore):
    def die(self) -> None:
        raise Crash


def versions_of(store: SceneGraphStore, table: str, column: str, video: str) -> list[str]:
    return store.read(table, video_ids=[video])[column].to_list()


def assert_whole(store: SceneGraphStore, video: str) -> None:
    """Rows of one version per table; a state of `done` only with the rows of just that version in every table."""
    origins = versions_of(store, "trajectories", "origin", video)
    marks = versions_of(store, "masks", "input_version", video)
    sizes = {"old": 3, "new": 2}
    for found in (origins, marks):
        assert len(set(found)) == 1, found
        assert found[0] not in sizes or len(found) == sizes[found[0]], found
    state = store.states("trajectories", [video]).to_dicts()[0]
    if state["status"] == "done":
        assert {state["output_version"]} == set(origins) == set(marks)


def with_old_rows(uri: str) -> SceneGraphStore:
    store = SceneGraphStore(uri)
    with store.writer(run_id="first") as finished:
        for video in ("a", "b", "c"):
            finished.put(video, tracks(video, "old"), tracked("old"))
    return store


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_flush_cut_off_between_two_statements(tmp_path: Path, boundary: int) -> None:
    store = with_old_rows(str(tmp_path))
    dying = InterruptedStore(str(tmp_path))
    dying.boundary = boundary
    finished = dying.writer(run_id="second", flush_videos=99, flush_seconds=999)
    for video in ("a", "b"):
        finished.put(video, tracks(video, "new", ids=range(2)), tracked("new"))
    with pytest.raises(Crash):
        finished.flush()
    for video in ("a", "b", "c"):
        assert_whole(store, video)
    done = set(store.read("phase_state", where={"status": "done"})["video_id"])
    assert done == {"a", "b", "c"} if boundary in (0, 7) else done == {"c"}


def test_the_boundaries_are_all_there_are(tmp_path: Path) -> None:
    store = with_old_rows(str(tmp_path))
    living = InterruptedStore(str(tmp_path))
    living.boundary = 99
    with living.writer(run_id="second") as finished:
        finished.put("a", tracks("a", "new", ids=range(2)), tracked("new"))
    assert living.passed == len(BOUNDARIES)
    assert_whole(store, "a")


@pytest.mark.parametrize("boundary", [0, 1, 3, 4])
def test_a_first_flush_cut_off_leaves_no_state(tmp_path: Path, boundary: int) -> None:
    dying = InterruptedStore(str(tmp_path))
    dying.boundary = boundary
    finished = dying.writer(run_id="first", flush_videos=99, flush_seconds=999)
    finished.put("a", tracks("a", "new"), tracked("new"))
    with pytest.raises(Crash):
        finished.flush()
    assert SceneGraphStore(str(tmp_path)).states().height == 0


@pytest.mark.slow
@pytest.mark.parametrize("boundary", [1, 3, 5, 6])
def test_a_process_that_ends_between_two_statements(tmp_path: Path, boundary: int) -> None:
    store = with_old_rows(str(tmp_path))
    child = multiprocessing.get_context("spawn").Process(target=rewrite_and_die, args=(str(tmp_path), boundary))
    child.start()
    child.join(120)
    assert child.exitcode == 9
    for video in ("a", "b", "c"):
        assert_whole(store, video)


@pytest.mark.slow
def test_a_process_killed_at_any_moment(tmp_path: Path) -> None:
    store = with_old_rows(str(tmp_path))
    spawn = multiprocessing.get_context("spawn")
    for _ in range(5):
        started = spawn.Event()
        child = spawn.Process(target=rewrite_for_ever, args=(str(tmp_path), started))
        child.start()
        assert started.wait(120)
        time.sleep(random.uniform(0, 0.3))
        os.kill(child.pid, signal.SIGKILL)  # type: ignore[arg-type]
        child.join()
        for video in ("a", "b", "c"):
            assert_whole(store, video)
    with store.writer(run_id="after") as finished:
        finished.put("a", tracks("a", "new", ids=range(2)), tracked("new"))
    assert store.states("trajectories", ["a"])["status"].to_list() == ["done"]
    assert store.compact(keep_seconds=0)["masks"].fragments_after <= 2
    assert_whole(store, "a")

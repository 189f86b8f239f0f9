"""Eight processes at once on an empty store: nothing is lost, nothing is there twice, no mixture of two writers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import replace_same_videos, write_own_videos

WRITERS = 8


def run_at_once(work: Callable[..., None], uri: str, options: dict[str, str], writers: int = WRITERS) -> None:
    spawn = multiprocessing.get_context("spawn")
    gate, out = spawn.Barrier(writers), spawn.Queue()
    children = [spawn.Process(target=work, args=(uri, options, i, gate, out)) for i in range(writers)]
    for child in children:
        child.start()
    for child in children:
        child.join(240)
    assert [child.exitcode for child in children] == [0] * writers


def assert_one_writer_per_video(store: SceneGraphStore) -> None:
    """Each video holds the complete rows of one writer, `height` being the writer."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in store.read("masks", columns=["video_id", "object_id", "height"]).to_dicts():
        rows.setdefault(row["video_id"], []).append(row)
    assert len(rows) == 10
    for video, found in rows.items():
        assert len(found) == 3, (video, found)
        assert len({row["height"] for row in found}) == 1, (video, found)


def assert_all_written(store: SceneGraphStore, writers: int = WRITERS) -> None:
    videos = sorted(f"{writer}-{i}" for writer in range(writers) for i in range(6))
    keys = store.read("masks", columns=["video_id", "object_id"]).rows()
    assert keys == [(video, i) for video in videos for i in range(3)]
    states = store.states("trajectories")
    assert states["video_id"].to_list() == videos
    assert set(states["output_version"]) == {"new"}
    assert set(states["attempts"]) == {2}


@pytest.mark.slow
def test_the_same_videos_with_the_same_and_with_different_objects(tmp_path: Path) -> None:
    run_at_once(replace_same_videos, str(tmp_path / "store"), {})
    store = SceneGraphStore(str(tmp_path / "store"))
    assert_one_writer_per_video(store)
    assert store.states()["video_id"].to_list() == sorted(f"video {i}" for i in range(10))


@pytest.mark.slow
def test_videos_of_their_own(tmp_path: Path) -> None:
    run_at_once(write_own_videos, str(tmp_path / "store"), {})
    assert_all_written(SceneGraphStore(str(tmp_path / "store")))

"""Eight processes at once on an empty store: nothing is lost, nothing is there twice, no mixture of two writers."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import replace_then_write

WRITERS = 8


def run_at_once(uris: list[str], options: dict[str, str], writers: int = WRITERS) -> None:
    """In the first of `uris` all write the same videos, in the second each its own."""
    spawn = multiprocessing.get_context("spawn")
    gate, out = spawn.Barrier(writers), spawn.Queue()
    children = [spawn.Process(target=replace_then_write, args=(uris, options, i, gate, out)) for i in range(writers)]
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


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[SceneGraphStore]:
    folder = tmp_path_factory.mktemp("written")
    uris = [str(folder / name) for name in ("same", "own")]
    run_at_once(uris, {})
    return [SceneGraphStore(uri) for uri in uris]


@pytest.mark.slow
def test_the_same_videos_with_the_same_and_with_different_objects(written: list[SceneGraphStore]) -> None:
    store, _ = written
    assert_one_writer_per_video(store)
    assert store.states()["video_id"].to_list() == sorted(f"video {i}" for i in range(10))


@pytest.mark.slow
def test_videos_of_their_own(written: list[SceneGraphStore]) -> None:
    assert_all_written(written[1])

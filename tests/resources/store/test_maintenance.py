"""Compaction shrinks, keeps every row, and never takes what a tag keeps."""

from __future__ import annotations

import pickle
import threading

import pytest

from resources.store.errors import StoreError
from resources.store.schemas import TABLES
from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import masks, objects

pytestmark = pytest.mark.filterwarnings("ignore:optimize")


def rewrite(store: SceneGraphStore, *, height: int, videos: int = 6) -> None:
    for i in range(videos):
        store.replace("masks", masks(f"v{i}", size=3000, height=height), video_ids=[f"v{i}"])


def test_compaction_leaves_few_fragments_few_versions_and_all_rows(store: SceneGraphStore) -> None:
    for height in (1, 2, 3):
        rewrite(store, height=height)
    before = store.read("masks")
    done = store.compact(keep_seconds=0)["masks"]
    assert done.fragments_before == 6
    assert done.fragments_after == 1
    assert done.versions_after < done.versions_before
    assert done.bytes_after < done.bytes_before / 2
    assert store.read("masks").equals(before)
    assert set(before["height"]) == {3}


def test_versions_younger_than_told_are_kept(store: SceneGraphStore) -> None:
    rewrite(store, height=1)
    done = store.compact(keep_seconds=3600)["masks"]
    assert done.versions_after > done.versions_before


def test_indices_are_made_once_and_only_where_there_are_rows(store: SceneGraphStore) -> None:
    rewrite(store, height=1)
    store.upsert("llm_calls", [{"call_id": "c"}])
    store.replace("relations", [{"video_id": "a", "relation_id": 0}], video_ids=["a"])
    store.replace("relations", [], video_ids=["a"])
    assert store.ensure_indices() == ["masks", "llm_calls"]
    assert store.ensure_indices() == []
    rewrite(store, height=2)
    assert set(store.read("masks", video_ids=["v1", "v3"])["height"]) == {2}


def test_a_tag_keeps_every_table_as_it_was_through_rewrites_and_cleanup(store: SceneGraphStore) -> None:
    rewrite(store, height=1)
    store.upsert("videos", [{"video_id": "v0", "uri": "before"}])
    versions = store.tag("train-2026.1")
    assert set(versions) == set(TABLES)
    store.upsert("videos", [{"video_id": "v0", "uri": "after"}])
    for height in (2, 3):
        rewrite(store, height=height)
        store.compact(keep_seconds=0)
    store.drop_video("v1")
    store.compact(keep_seconds=0)
    tagged = store.at_tag("train-2026.1")
    assert tagged.read("masks").height == 18
    assert set(tagged.read("masks", video_ids=["v1", "v2"])["height"]) == {1}
    assert tagged.read("videos")["uri"].to_list() == ["before"]
    assert tagged.count("phase_state") == 0
    assert store.tags() == {"train-2026.1": versions}
    assert store.count("masks") == 15


def test_cleanup_still_works_beside_a_tag_and_dropping_the_tag_frees_it(store: SceneGraphStore) -> None:
    rewrite(store, height=1)
    store.tag("t")
    for height in (2, 3, 4):
        rewrite(store, height=height)
    beside = store.compact(keep_seconds=0)["masks"]
    assert beside.bytes_after < beside.bytes_before * 0.6
    store.drop_tag("t")
    alone = store.compact(keep_seconds=0)["masks"]
    assert alone.bytes_after < beside.bytes_after * 0.6
    assert store.tags() == {}
    assert set(store.read("masks")["height"]) == {4}


def test_a_tagged_store_is_read_only_and_travels_to_other_processes(store: SceneGraphStore) -> None:
    rewrite(store, height=1)
    store.tag("t")
    rewrite(store, height=2)
    tagged = pickle.loads(pickle.dumps(store.at_tag("t")))
    assert set(tagged.read("masks")["height"]) == {1}
    for refused in (
        lambda: tagged.replace("masks", masks("a"), video_ids=["a"]),
        lambda: tagged.upsert("videos", [{"video_id": "a"}]),
        lambda: tagged.drop_video("v0"),
        lambda: tagged.compact(),
        lambda: tagged.ensure_indices(),
        lambda: tagged.tag("t2"),
        lambda: tagged.drop_tag("t"),
    ):
        with pytest.raises(StoreError, match="snapshot 't'"):
            refused()
    assert set(store.read("masks")["height"]) == {2}


@pytest.mark.parametrize("name", ["", "a b", "é", "../x", "main", "-x", "x" * 65, "a/b"])
def test_names_that_cannot_be_tags(store: SceneGraphStore, name: str) -> None:
    with pytest.raises(StoreError, match="cannot name a tag"):
        store.tag(name)


def test_a_tag_is_not_moved_silently_and_an_absent_one_is_named(store: SceneGraphStore) -> None:
    store.tag("t")
    with pytest.raises(StoreError, match="tag 't' exists"):
        store.tag("t")
    with pytest.raises(StoreError, match=r"no complete tag 'u'. Tags: t"):
        store.at_tag("u")


def test_a_tag_that_was_interrupted_is_none_and_can_be_made_anew(store: SceneGraphStore) -> None:
    rewrite(store, height=1)
    store._tables.created("phase_state").branches.create("t")
    store._tables.existing("masks").branches.create("t")
    rewrite(store, height=2)
    assert store.tags() == {}
    with pytest.raises(StoreError, match="no complete tag"):
        store.at_tag("t")
    store.tag("t")
    assert set(store.at_tag("t").read("masks")["height"]) == {2}


def test_readers_see_whole_videos_while_others_replace_and_compact(store: SceneGraphStore) -> None:
    store.replace("trajectories", objects("a", range(3), origin="0"), video_ids=["a"])
    stop, seen = threading.Event(), []

    def read_on() -> None:
        while not stop.is_set():
            seen.append(tuple(store.read("trajectories", video_ids=["a"])["origin"]))

    reader = threading.Thread(target=read_on)
    reader.start()
    for turn in range(1, 13):
        store.replace("trajectories", objects("a", range(turn % 4 + 1), origin=str(turn)), video_ids=["a"])
        if turn % 4 == 0:
            store.compact(keep_seconds=60)
            store.ensure_indices()
    stop.set()
    reader.join()
    assert len(seen) > 5
    for origins in seen:
        turn = int(origins[0])
        assert origins == (str(turn),) * (turn % 4 + 1 if turn else 3)

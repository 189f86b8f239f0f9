"""Rows by address in the view of a tag; tags of before a table came."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from resources.store.errors import StoreError
from resources.store.schemas import LATER_TABLES, TABLES
from resources.store.store import SceneGraphStore
from resources.store.tables import ROW_ADDRESS
from tests.resources.store.rows_of import masks

pytestmark = pytest.mark.filterwarnings("ignore:optimize")


def written(store: SceneGraphStore, *, videos: int = 4) -> None:
    for i in range(videos):
        store.replace("masks", masks(f"v{i}", size=2000), video_ids=[f"v{i}"])


def test_rows_come_by_address_each_once_and_unknown_addresses_give_none(store: SceneGraphStore) -> None:
    written(store)
    store.tag("t")
    tagged = store.at_tag("t")
    listed, damaged = tagged.addresses("masks", ("video_id", "object_id"))
    assert (listed.num_rows, damaged) == (12, 0)
    by_address = {r[ROW_ADDRESS]: (r["video_id"], r["object_id"]) for r in listed.to_pylist()}
    asked = [*list(by_address)[5:2:-1], list(by_address)[5], 77 << 32]
    taken = tagged.take("masks", asked, ("video_id", "object_id", "counts"))
    assert {r[ROW_ADDRESS]: (r["video_id"], r["object_id"]) for r in taken.to_pylist()} == {
        a: by_address[a] for a in asked[:3]
    }
    assert tagged.take("masks", [], ("video_id",)).num_rows == 0


def test_addresses_hold_while_the_store_is_rewritten_and_compacted(store: SceneGraphStore) -> None:
    written(store)
    store.tag("t")
    tagged = store.at_tag("t")
    listed, _ = tagged.addresses("masks", ("video_id",))
    rows = listed.column(ROW_ADDRESS).to_pylist()
    before = tagged.take("masks", rows).sort_by([("video_id", "ascending"), ("object_id", "ascending")])
    written(store, videos=2)
    store.drop_video("v3")
    store.compact(keep_seconds=0)
    again = store.at_tag("t").take("masks", rows).sort_by([("video_id", "ascending"), ("object_id", "ascending")])
    assert again.equals(before)


def test_a_damaged_file_hides_its_own_rows_alone(store: SceneGraphStore) -> None:
    written(store)
    store.ensure_indices()
    store.tag("t")
    files = sorted(Path(store.uri, "masks.lance", "data").iterdir(), key=lambda p: p.stat().st_mtime_ns)
    os.truncate(files[1], files[1].stat().st_size // 2)
    files[3].unlink()
    listed, damaged = store.at_tag("t").addresses("masks", ("video_id", "height"))
    assert set(listed.column("video_id").to_pylist()) == {"v0", "v2"}
    assert (listed.num_rows, damaged) == (6, 6)
    with pytest.raises(StoreError) as raised:
        store.at_tag("t").take("masks", [(1 << 32) + 1], ("video_id",))
    assert raised.value.reason == "corrupted"


def test_the_store_itself_gives_no_addresses(store: SceneGraphStore) -> None:
    written(store)
    for ask in (lambda: store.addresses("masks", ("video_id",)), lambda: store.take("masks", [0], ("video_id",))):
        with pytest.raises(StoreError, match="view of a tag alone"):
            ask()


def test_a_table_without_rows_has_no_addresses(store: SceneGraphStore) -> None:
    store.tag("t")
    listed, damaged = store.at_tag("t").addresses("traser_samples", ("video_id", "tasks"))
    assert (listed.num_rows, damaged) == (0, 0)
    assert listed.schema.names == ["video_id", "tasks", ROW_ADDRESS]


@pytest.mark.parametrize("later", LATER_TABLES)
def test_a_tag_of_before_a_table_came_keeps_reading_and_holds_none_of_it(store: SceneGraphStore, later: str) -> None:
    written(store)
    store.tag("old")
    shutil.rmtree(Path(store.uri, f"{later}.lance"))  # as a store of an earlier version, which never had it
    again = SceneGraphStore(store.uri)
    assert set(again.tags()["old"]) == set(TABLES) - {later}
    old = again.at_tag("old")
    assert old.count("masks") == 12
    assert old.read(later).height == 0
    assert old.count(later) == 0
    assert old.addresses(later, ("video_id",))[0].num_rows == 0
    again.tag("new")
    assert set(again.tags()["new"]) == set(TABLES)
    assert again.at_tag("old").read(later).height == 0
    again.drop_tag("old")
    assert list(again.tags()) == ["new"]


def test_a_tag_that_was_interrupted_after_a_later_table_is_no_old_one(store: SceneGraphStore) -> None:
    written(store)
    for table in ("phase_state", *LATER_TABLES):
        store._tables.created(table).branches.create("t")
    assert store.tags() == {}

from __future__ import annotations

from typing import Any

import pytest

from resources.store.schemas import TABLES
from resources.store.store import SceneGraphStore
from svg2_assets.traser.samples.rows import INDEX_COLUMNS, READ_COLUMNS, TABLE, DamagedRow, from_row, to_row
from tests.traser.samples.stores import filled, row


def same(a: Any, b: Any) -> bool:
    left, right = to_row(a), to_row(b)
    return left == right


def test_a_sample_comes_back_from_the_store_as_it_was_written(tmp_path: Any) -> None:
    given = row("it's a clip")
    store = filled(tmp_path, [given])
    stored = store.read(TABLE).to_dicts()[0]
    sample = from_row(stored)
    assert same(sample, from_row(given))
    assert sample.pictures == tuple(given["pictures"])
    assert sample.masks[0][0] is not None
    assert sample.relations[0].spans.to_json() == [[0, 2]]


def test_the_columns_that_are_read_are_columns_of_the_table() -> None:
    assert {*INDEX_COLUMNS, *READ_COLUMNS} <= set(TABLES[TABLE].names)
    assert set(row("v")) <= set(TABLES[TABLE].names)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("masks", [b"x"], "masks of 2 objects on 4 frames"),
        ("times", [0.0], "with 1 times"),
        ("pictures", [b"x"], "1 pictures of 4 frames"),
        ("checksum", 5, "differ from what was written"),
        ("frames", None, "on 0 frames"),
    ],
)
def test_rows_that_contradict_themselves_are_refused_by_name(column: str, value: Any, said: str) -> None:
    given = row("v") | {column: value}
    with pytest.raises(DamagedRow, match=f"v: .*{said}"):
        from_row(given)


def test_a_flipped_byte_in_a_picture_or_a_mask_is_noticed() -> None:
    for column in ("pictures", "masks"):
        given = row("v")
        data = bytearray(given[column][1])
        data[len(data) // 2] ^= 1
        given[column] = [given[column][0], bytes(data), *given[column][2:]]
        with pytest.raises(DamagedRow, match="CRC-32"):
            from_row(given)


def test_values_outside_their_vocabulary_are_refused() -> None:
    given = row("v")
    given["relations"] = [given["relations"][0] | {"spans": [{"start": 3.0, "end": 1.0}]}]
    with pytest.raises(DamagedRow, match=r"v: a span is"):
        from_row(given)


def test_dropping_a_video_drops_its_samples(tmp_path: Any) -> None:
    store: SceneGraphStore = filled(tmp_path, [row("a"), row("b")])
    assert store.drop_video("a") == {TABLE: 1}
    assert store.read(TABLE)["video_id"].to_list() == ["b"]
    store.replace(TABLE, [], video_ids=["b"])
    assert store.count(TABLE) == 0

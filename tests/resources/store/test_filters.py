"""Ids and labels are untrusted text: none of them may end a literal, match another or be lost."""

from __future__ import annotations

import tempfile

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import example, given, settings

from resources.store import filters
from resources.store.filters import condition, id_chunks, literal
from resources.store.schemas import TABLES
from resources.store.store import SceneGraphStore

HOSTILE = [
    "it's", "a''b", "'", "''", "\\", "\\'", "new\nline", "\r\n", "nul\x00x", "tab\t", '"quoted"', "`tick`", "100%_",
    "'; -- ", "' OR 1=1 --", "x') OR TRUE --", "/* */", "$1 ?", "{}", "ünï🎬", "\u2028", "\u202e", "é", "e\u0301",
    "..", " ",
]  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=6, unique=True))
@example(HOSTILE)
def test_any_text_is_found_by_itself_and_by_nothing_else(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SceneGraphStore(folder)
        rows = [{"video_id": text, "stage": "parsed", "object_id": 0, "name": text} for text in texts]
        store.replace("labels", rows, video_ids=texts, stage="parsed")
        for text in texts:
            assert store.read("labels", video_ids=[text])["name"].to_list() == [text]
            assert store.read("labels", where={"name": text})["video_id"].to_list() == [text]
        keep = texts[1:]
        store.replace("labels", [], video_ids=texts[:1], stage="parsed")
        assert sorted(store.read("labels")["video_id"]) == sorted(keep)


def test_conditions_by_value_null_and_list(store: SceneGraphStore) -> None:
    rows = [
        {"video_id": "a", "phase": "videos", "status": "done", "attempts": 1, "seconds": 0.1},
        {"video_id": "b", "phase": "videos", "status": "failed", "attempts": 2, "seconds": None},
        {"video_id": "c", "phase": "videos", "status": None, "attempts": 3, "seconds": 2.5},
    ]
    store.upsert("phase_state", rows)

    def found(**where: filters.Scalar | list[filters.Scalar]) -> list[str]:
        return store.read("phase_state", where=where)["video_id"].to_list()

    assert found(status="done") == ["a"]
    assert found(status=None) == ["c"]
    assert found(status=["failed", None]) == ["b", "c"]
    assert found(status=[]) == []
    assert found(attempts=[1, 3], seconds=2.5) == ["c"]
    assert store.count("phase_state", where={"status": ["done", "failed"]}) == 2


def test_an_unknown_column_is_an_error_not_sql(store: SceneGraphStore) -> None:
    with pytest.raises(KeyError, match="no column"):
        store.read("labels", where={"1=1 OR name": "x"})


def test_reserved_words_are_columns_like_others() -> None:
    assert condition({"end": 1.5, "object": None}, schema=pl_schema()) == "`end` = 1.5 AND `object` IS NULL"


def pl_schema():
    import pyarrow as pa

    return pa.schema([TABLES["trajectories"].field("end"), TABLES["relations"].field("object")])


def test_literals() -> None:
    assert [literal(v) for v in ("o'c", 1, 0.5, True, None)] == ["'o''c'", "1", "0.5", "TRUE", "NULL"]
    with pytest.raises(TypeError, match="bytes"):
        literal(b"x")  # type: ignore[arg-type]


def test_long_lists_of_ids_are_split_and_each_row_found_once(
    store: SceneGraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "ID_CHUNK", 7)
    ids = [f"v{i:03d}" for i in range(40)]
    assert [len(chunk) for chunk in id_chunks([*ids, *ids])] == [7, 7, 7, 7, 7, 5]
    store.upsert("videos", [{"video_id": i, "partition": f"p{n % 20}"} for n, i in enumerate(ids)])
    assert store.read("videos", video_ids=[*ids, *ids, "absent"])["video_id"].to_list() == ids
    assert isinstance(store.read("videos", video_ids=[]), pl.DataFrame)
    assert store.read("videos", video_ids=[]).height == 0
    assert store.video_ids([f"p{n}" for n in range(20)]) == ids


def test_videos_of_partitions_without_those_that_a_newer_version_supersedes(store: SceneGraphStore) -> None:
    store.upsert(
        "videos",
        [
            {"video_id": "new", "partition": "p1"},
            {"video_id": "old", "partition": "p1", "superseded_by": "new"},
            {"video_id": "other", "partition": "it's p2"},
        ],
    )
    assert store.video_ids(["p1"]) == ["new"]
    assert store.video_ids(["it's p2", "p3"]) == ["other"]

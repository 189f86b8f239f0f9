"""A replace makes the given rows the only rows of the given videos, in one commit, and nothing else."""

from __future__ import annotations

import tempfile
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from resources.store.errors import InvalidRows
from resources.store.rows import arrow_rows
from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import masks, objects


def ids_of(store: SceneGraphStore, table: str = "trajectories") -> list[tuple[str, int]]:
    return store.read(table, columns=["video_id", "object_id"]).rows()


def test_rows_that_are_gone_are_removed_and_other_videos_stay(store: SceneGraphStore) -> None:
    store.replace("trajectories", objects("a") + objects("b"), video_ids=["a", "b"])
    done = store.replace("trajectories", objects("a", [2, 7]), video_ids=["a"])
    assert (done.inserted, done.updated, done.deleted) == (1, 1, 2)
    assert ids_of(store) == [("a", 2), ("a", 7), ("b", 0), ("b", 1), ("b", 2)]


def test_a_replace_is_one_version(store: SceneGraphStore) -> None:
    first = store.replace("masks", masks("a") + masks("b"), video_ids=["a", "b"])
    second = store.replace("masks", masks("b", [5]), video_ids=["a", "b"])
    assert second.version == first.version + 1


def test_a_video_without_rows_ends_up_with_none_and_repeating_that_commits_nothing(store: SceneGraphStore) -> None:
    store.replace("relations", [{"video_id": "a", "relation_id": 0, "predicate": "near"}], video_ids=["a"])
    assert store.replace("relations", [], video_ids=["a", "b"]).deleted == 1
    assert store.replace("relations", [], video_ids=["a", "b"]).version == 0
    assert store.count("relations") == 0


def test_parsed_and_verified_labels_are_replaced_apart(store: SceneGraphStore) -> None:
    store.replace(
        "labels", [{"video_id": "a", "object_id": i, "name": "dog"} for i in range(3)], video_ids=["a"], stage="parsed"
    )
    store.replace("labels", [{"video_id": "a", "object_id": 0, "verdict": "yes"}], video_ids=["a"], stage="verified")
    store.replace("labels", [{"video_id": "a", "object_id": 1, "name": "cat"}], video_ids=["a"], stage="parsed")
    rows = store.read("labels", columns=["stage", "object_id", "name", "verdict"]).sort("stage").rows()
    assert rows == [("parsed", 1, "cat", None), ("verified", 0, None, "yes")]


def test_a_part_of_a_videos_rows_is_replaced_apart(store: SceneGraphStore) -> None:
    def sample(sample_id: str, dataset: str) -> dict[str, Any]:
        return {"video_id": "a", "sample_id": sample_id, "dataset": dataset}

    store.replace("traser_samples", [sample("whole", "x"), sample("other", "y")], video_ids=["a"])
    store.replace("traser_samples", [sample("whole", "z")], video_ids=["a"], within={"sample_id": "whole"})
    there = store.read("traser_samples", columns=["sample_id", "dataset"])
    assert sorted(there.rows()) == [("other", "y"), ("whole", "z")]
    with pytest.raises(InvalidRows, match="another sample_id than 'whole'"):
        store.replace("traser_samples", [sample("other", "x")], video_ids=["a"], within={"sample_id": "whole"})


def test_rows_come_back_as_they_went_in(store: SceneGraphStore) -> None:
    row = {
        "video_id": "a", "stage": "parsed", "object_id": 3, "name": "dog", "confidence": 0.25, "uncertain": True,
        "alternatives": ["wolf", "it's a \"fox\"\n"], "evidence": "{}",
        "attributes": [
            {"value": "brown", "type": "colour", "confidence": 0.5},
            {"value": "big", "type": "size", "confidence": None},
        ],
    }  # fmt: skip
    store.replace("labels", [row], video_ids=["a"], stage="parsed")
    read = store.read("labels").to_dicts()[0]
    assert {name: read[name] for name in row} == row
    counts = [b"", b"\x00\xff", b"0"]
    store.replace("masks", [{"video_id": "a", "object_id": 0, "frames": [0, 5, 9], "counts": counts}], video_ids=["a"])
    assert store.read("masks")["counts"].to_list() == [counts]


def test_a_polars_frame_and_an_arrow_table_are_rows_too(store: SceneGraphStore) -> None:
    frame = pl.DataFrame(
        {
            "relation_id": [0, 1],
            "video_id": ["a", "a"],
            "spans": [[{"start": 0.0, "end": 1.5}], []],
            "predicate": "near",
        }
    )
    store.replace("relations", frame, video_ids=["a"])
    kept = store.read("relations")
    assert kept["spans"].to_list() == [[{"start": 0.0, "end": 1.5}], []]
    store.replace("relations", kept, video_ids=["a"])
    store.replace("relations", arrow_rows("relations", kept), video_ids=["a"])
    assert store.read("relations").equals(kept)


def test_a_repeated_key_is_refused_and_named(store: SceneGraphStore) -> None:
    with pytest.raises(InvalidRows, match=r"twice.*'object_id': 1"):
        store.replace("trajectories", objects("a", [0, 1, 1]), video_ids=["a"])
    with pytest.raises(InvalidRows, match="twice"):
        store.upsert("videos", [{"video_id": "a"}, {"video_id": "a"}])
    assert store.count("trajectories") == store.count("videos") == 0


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (objects("b"), "not among"),
        ([{"video_id": "a", "object_id": None}], "every row needs object_id"),
        ([{"video_id": "a"}], "every row needs object_id"),
        ([{"video_id": "a", "object_id": 0, "colour": "red"}], "no column colour"),
        ([{"video_id": "a", "object_id": 0, "score": "high"}], "does not fit"),
        ([{"video_id": "a", "object_id": 2**40}], "does not fit"),
    ],
)
def test_rows_that_do_not_fit_are_refused_before_anything_is_written(
    store: SceneGraphStore, rows: list[dict[str, Any]], complaint: str
) -> None:
    store.replace("trajectories", objects("a"), video_ids=["a"])
    with pytest.raises(InvalidRows, match=complaint):
        store.replace("trajectories", rows, video_ids=["a"])
    assert ids_of(store) == [("a", 0), ("a", 1), ("a", 2)]


def test_each_table_has_one_way_to_be_written(store: SceneGraphStore) -> None:
    with pytest.raises(KeyError, match="use upsert"):
        store.replace("phase_state", [], video_ids=["a"])
    with pytest.raises(KeyError, match="use replace"):
        store.upsert("masks", masks("a"))
    with pytest.raises(KeyError, match="stage is needed"):
        store.replace("labels", [], video_ids=["a"])
    with pytest.raises(KeyError, match="stage is not known"):
        store.replace("masks", [], video_ids=["a"], stage="parsed")


def test_dropping_a_video_leaves_no_row_of_it_anywhere(store: SceneGraphStore) -> None:
    for video in ("a", "it's"):
        store.upsert("videos", [{"video_id": video}])
        store.replace("masks", masks(video), video_ids=[video])
        store.upsert("phase_state", [{"video_id": video, "phase": "trajectories"}])
        store.upsert("failures", [{"failure_id": f"f {video}", "video_id": video}])
    assert store.drop_video("it's") == {"phase_state": 1, "masks": 3, "failures": 1, "videos": 1}
    for table in ("videos", "masks", "phase_state", "failures"):
        assert set(store.read(table)["video_id"]) == {"a"}
    assert store.drop_video("never seen") == {}


VIDEOS = ("a", "b", "it's")
SOME_VIDEOS = st.lists(st.sampled_from(VIDEOS), min_size=1, max_size=3, unique=True)
STEP = st.one_of(
    st.tuples(st.just("replace"), SOME_VIDEOS, st.sets(st.integers(0, 5))),
    st.tuples(st.just("index"), st.none(), st.none()),
    st.tuples(st.just("compact"), st.none(), st.none()),
)


@pytest.mark.filterwarnings("ignore:optimize")
@settings(max_examples=20, deadline=None)
@given(st.lists(STEP, max_size=7))
def test_any_sequence_of_replaces_indices_and_compactions_behaves_like_a_dictionary(steps: list[Any]) -> None:
    """Merges beside a scalar index have lost rows in past releases of Lance; this holds the release we use."""
    with tempfile.TemporaryDirectory() as folder:
        store, model = SceneGraphStore(folder), {}
        for turn, (action, videos, ids) in enumerate(steps):
            if action == "index":
                store.ensure_indices()
            elif action == "compact":
                store.compact(keep_seconds=0)
            else:
                rows = [row for video in videos for row in objects(video, sorted(ids), origin=str(turn))]
                store.replace("trajectories", rows, video_ids=videos)
                model = {key: value for key, value in model.items() if key[0] not in videos}
                model |= {(video, i): str(turn) for video in videos for i in ids}
        read = store.read("trajectories")
        assert dict(zip(zip(read["video_id"], read["object_id"], strict=True), read["origin"], strict=True)) == model
        for video in VIDEOS:
            mine = store.read("trajectories", video_ids=[video])
            assert list(mine["object_id"]) == sorted(i for v, i in model if v == video)

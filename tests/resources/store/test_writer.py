"""The writer: few commits, rows before states, finished videos are never lost."""

from __future__ import annotations

import time
from typing import Any

import pytest

from resources.store import writer as writer_module
from resources.store.errors import InvalidRows, StoreError
from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import PROVENANCE, masks, objects, tracked, tracks


class Recording(SceneGraphStore):
    """A store that notes its writing statements, and can be told to fail at one."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.statements: list[tuple[str, int]] = []
        self.fail_at: str | None = None

    def replace(self, table: str, rows: Any, **scope: Any) -> Any:
        self.note(table, rows)
        return super().replace(table, rows, **scope)

    def upsert(self, table: str, rows: Any) -> Any:
        if len(rows):
            self.note(table, rows)
        return super().upsert(table, rows)

    def note(self, table: str, rows: Any) -> None:
        if table == self.fail_at:
            raise StoreError(uri=self.uri, table=table, reason="disk-full", detail="full.", remedy="Free space.")
        self.statements.append((table, len(rows)))


def put_and_die(store: SceneGraphStore) -> None:
    with store.writer(run_id="r") as finished:
        finished.put("a", tracks("a", "1"), tracked("1"))
        raise RuntimeError("backend died")


@pytest.fixture
def store(tmp_path: Any) -> Recording:
    return Recording(str(tmp_path))


def test_several_videos_are_one_commit_per_table_rows_first(store: Recording) -> None:
    with store.writer(run_id="r") as finished:
        for i in range(5):
            finished.put(f"v{i}", tracks(f"v{i}", "1"), tracked("1"))
        assert store.statements == []
    assert store.statements == [("trajectories", 15), ("masks", 15), ("phase_state", 5)]
    assert store.count("phase_state", where={"status": "done"}) == 5


def test_a_full_buffer_is_written_at_once(store: Recording) -> None:
    with store.writer(run_id="r", flush_videos=2) as finished:
        finished.put("a", tracks("a", "1"), tracked("1"))
        finished.put("b", tracks("b", "1"), tracked("1"))
        assert store.states("trajectories").height == 2


def test_large_rows_do_not_wait_for_company(store: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "FLUSH_BYTES", 50_000)
    with store.writer(run_id="r") as finished:
        finished.put("a", {"masks": masks("a", size=1000)}, tracked("1"))
        assert store.count("masks") == 0
        finished.put("b", {"masks": masks("b", size=30_000)}, tracked("1"))
        assert store.count("masks") == 6


def test_a_finished_video_waits_no_longer_than_told_while_the_next_one_is_computed(store: Recording) -> None:
    with store.writer(run_id="r", flush_seconds=0.05) as finished:
        finished.put("a", tracks("a", "1"), tracked("1"))
        until = time.monotonic() + 20
        while not store.states("trajectories").height and time.monotonic() < until:
            time.sleep(0.02)
        assert store.states("trajectories").height == 1


def test_finished_videos_survive_the_failure_of_a_later_one(store: Recording) -> None:
    with pytest.raises(RuntimeError, match="backend"):
        put_and_die(store)
    assert store.states("trajectories")["video_id"].to_list() == ["a"]
    assert store.count("masks") == 3


def test_rows_that_do_not_fit_name_their_video_and_spare_the_others(store: Recording) -> None:
    with store.writer(run_id="r") as finished:
        finished.put("a", tracks("a", "1"), tracked("1"))
        with pytest.raises(InvalidRows, match=r"^b: trajectories: .*twice"):
            finished.put("b", {"masks": masks("b", [1, 1])}, tracked("1"))
        with pytest.raises(InvalidRows, match=r"^c: trajectories: .*not among"):
            finished.put("c", {"masks": masks("b")}, tracked("1"))
        with pytest.raises(InvalidRows, match="every row needs phase"):
            finished.put("d", {}, {"status": "done"})
    assert store.states()["video_id"].to_list() == ["a"]


def test_rows_and_state_are_completed_from_the_put(store: Recording) -> None:
    state = {"phase": "parsed_labels", "status": "done", "prompt_version": "p2", **PROVENANCE}
    with store.writer(run_id="run 7") as finished:
        finished.put("a", {"labels": [{"object_id": 4, "name": "dog"}]}, state, stage="parsed")
    label = store.read("labels").to_dicts()[0]
    assert (label["video_id"], label["stage"], label["run_id"], label["prompt_version"]) == (
        "a",
        "parsed",
        "run 7",
        "p2",
    )
    assert {name: label[name] for name in PROVENANCE} == PROVENANCE
    kept = store.states("parsed_labels", ["a"]).to_dicts()[0]
    assert (kept["rows"], kept["attempts"], kept["run_id"]) == (1, 1, "run 7")
    assert kept["updated_at"] == label["created_at"] is not None


def test_attempts_are_counted_over_runs(store: Recording) -> None:
    for status in ("failed", "failed", "done"):
        with store.writer(run_id="r") as finished:
            finished.put("a", {}, {"phase": "relations", "status": status})
    assert store.states("relations")["attempts"].to_list() == [3]


def test_a_failure_goes_with_its_state_and_leaves_rows_alone(store: Recording) -> None:
    with store.writer(run_id="1") as finished:
        finished.put("a", tracks("a", "1"), tracked("1"))
    failure = {"failure_id": "1", "reason": "truncated", "error": "ended at frame 7"}
    with store.writer(run_id="2") as finished:
        finished.put("a", {"failures": [failure]}, {"phase": "trajectories", "status": "failed", "error": "ended"})
    assert store.count("masks") == 3
    assert store.read("failures", columns=["video_id", "phase", "reason"]).rows() == [
        ("a", "trajectories", "truncated")
    ]
    assert store.states("trajectories")["status"].to_list() == ["failed"]


def test_a_rerun_withdraws_the_old_claim_before_it_touches_rows(store: Recording) -> None:
    with store.writer(run_id="1") as finished:
        finished.put("a", tracks("a", "1"), tracked("1"))
    store.statements.clear()
    store.fail_at = "masks"
    with pytest.raises(StoreError, match="Free space"), store.writer(run_id="2") as finished:
        finished.put("a", tracks("a", "2"), tracked("2"))
    assert store.statements[0] == ("phase_state", 1)
    kept = store.states("trajectories").to_dicts()[0]
    assert (kept["status"], kept["gate"], kept["output_version"], kept["attempts"]) == ("failed", "closed", None, 1)
    assert "ended while" in kept["error"]


def test_what_could_not_be_written_is_tried_again(store: Recording) -> None:
    with store.writer(run_id="1") as finished:
        finished.put("a", tracks("a", "1"), tracked("1"))
        store.fail_at = "masks"
        with pytest.raises(StoreError):
            finished.flush()
        store.fail_at = None
    assert store.states("trajectories")["status"].to_list() == ["done"]
    assert store.count("masks") == 3


def test_an_error_of_the_block_is_not_hidden_by_one_of_the_last_flush(store: Recording) -> None:
    store.fail_at = "masks"
    with pytest.raises(RuntimeError, match="backend") as raised:
        put_and_die(store)
    assert "1 finished videos could not be written" in "".join(raised.value.__notes__)


def test_two_phases_of_a_video_share_a_flush_and_the_same_phase_twice_does_not(store: Recording) -> None:
    with store.writer(run_id="r") as finished:
        finished.put("a", tracks("a", "1"), tracked("1"))
        finished.put(
            "a", {"descriptions": [{"object_id": 0, "text": "t"}]}, {"phase": "descriptions", "status": "done"}
        )
        assert store.statements == []
        finished.put("a", {"trajectories": objects("a", [9]), "masks": masks("a", [9])}, tracked("2"))
        assert [table for table, _ in store.statements] == ["trajectories", "masks", "descriptions", "phase_state"]
    assert store.read("masks")["object_id"].to_list() == [9]
    assert store.states("trajectories")["output_version"].to_list() == ["2"]

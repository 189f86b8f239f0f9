"""Runs of the phases under Dagster, with fakes for the models and everything else real."""

from __future__ import annotations

import dagster as dg
import pytest

from resources.fakes.tracker import FakeTracker, moving_square
from svg2_assets.phases import PHASES, Phase
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.stored import read_graph
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult
from tests.platform_tests.conftest import Platform


def evaluations(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str | None], bool]:
    return {(e.check_name, e.partition): e.passed for e in result.get_asset_check_evaluations()}


def test_one_video_goes_through_every_phase(platform: Platform) -> None:
    (video,) = platform.add("a.mp4").video_ids
    result = platform.run(video)
    assert result.success
    assert platform.gates("scene_graphs") == {video: ("done", "open")}
    graph = read_graph(platform.store, video)
    assert len(graph.objects) == 1
    assert len(graph.objects[0].trajectory) == graph.video.num_frames == 6
    for phase in PHASES:
        assert platform.materialized(phase) == {video}


def test_every_row_says_where_it_comes_from(platform: Platform) -> None:
    (video,) = platform.add("a.mp4").video_ids
    result = platform.run(video)
    row = platform.store.read("trajectories", video_ids=[video]).to_dicts()[0]
    state = platform.store.read("phase_state", where={"phase": "trajectories"}).to_dicts()[0]
    assert row["run_id"] == state["run_id"] == result.dagster_run.run_id
    assert row["model_id"] == "fake-tracker/1"
    assert row["input_version"] == state["input_version"] != ""
    assert row["created_at"] is not None


def test_a_second_run_does_nothing_and_says_so(platform: Platform) -> None:
    (video,) = platform.add("a.mp4").video_ids
    platform.run(video)
    calls = list(platform.tracker.calls)
    result = platform.run(video)
    assert result.success
    assert platform.tracker.calls == calls
    event = next(e for e in result.asset_materializations_for_node("trajectories"))
    assert event.metadata["fresh"].value == 1


def test_a_range_run_gives_one_event_a_key(platform: Platform) -> None:
    keys = platform.add("a.mp4", "b.mp4", "c.mp4").partitions
    result = platform.run(keys[0], keys[-1])
    assert result.success
    events = result.asset_materializations_for_node("relations")
    assert sorted(e.partition for e in events) == sorted(keys)
    assert {e.metadata["videos"].value for e in events} == {1}
    shown = evaluations(result)
    assert all(shown[("decodes", key)] for key in keys)
    for phase in PHASES:
        assert platform.materialized(phase) == set(keys)


def test_a_failing_video_does_not_stop_the_others_of_its_range(platform: Platform) -> None:
    keys = platform.add("a.mp4", "b.mp4", "c.mp4").partitions
    platform.tracker = FakeTracker(fail_for={keys[1]})
    result = platform.run(keys[0], keys[-1])
    assert not result.success  # no run is green by omission
    assert platform.materialized("scene_graphs") == {keys[0], keys[2]}
    assert platform.materialized("trajectories") == {keys[0], keys[2]}
    assert platform.materialized("videos") == set(keys)
    state = platform.store.read("phase_state", where={"phase": "trajectories"}, video_ids=[keys[1]]).to_dicts()[0]
    assert state["status"] == "failed"
    assert "one told to fail" in state["error"]
    (failure,) = [e.step_failure_data for e in result.get_step_failure_events()]
    assert keys[1] in str(failure.error.message if failure.error else "") + str(failure.user_failure_data)


def test_what_failed_is_tried_again_and_only_that(platform: Platform) -> None:
    keys = platform.add("a.mp4", "b.mp4").partitions
    platform.tracker = FakeTracker(fail_for={keys[0]})
    platform.run(keys[0], keys[-1])
    platform.tracker = FakeTracker()
    assert platform.run(keys[0], keys[-1]).success
    assert platform.tracker.calls == [keys[0]]
    state = platform.store.read("phase_state", where={"phase": "trajectories"}, video_ids=[keys[0]]).to_dicts()[0]
    assert state["attempts"] == 2
    (failure,) = platform.store.read("failures").to_dicts()
    assert (failure["video_id"], failure["phase"], failure["reason"]) == (keys[0], "trajectories", "PhaseError")
    assert "one told to fail" in failure["error"]


def test_a_batch_is_one_partition_and_still_isolates_its_videos(platform: Platform) -> None:
    intake = platform.add("a.mp4", "b.mp4", "c.mp4", batch_size=64)
    (key,) = intake.partitions
    platform.tracker = FakeTracker(fail_for={intake.video_ids[1]})
    result = platform.run(key)
    assert not result.success
    done = platform.gates("scene_graphs")
    assert set(done) == {intake.video_ids[0], intake.video_ids[2]}


def broken_box(video_id: str):
    """A script whose trajectory leaves the frame list of the video: the masks of `video_id` are of a wrong size."""

    def script(video):
        result = moving_square(video)
        if video.id != video_id:
            return result
        o = result.objects[0]
        track = Trajectory(tuple(f + 100 for f in o.trajectory.frames), o.trajectory.masks)
        return TrackingResult((TrackedObject(o.id, track, o.origin, o.score, o.witnesses),), result.camera)

    return script


def test_an_unusable_trajectory_fails_only_its_video(platform: Platform) -> None:
    keys = platform.add("a.mp4", "b.mp4").partitions
    platform.tracker = FakeTracker(script=broken_box(keys[0]))
    result = platform.run(keys[0], keys[-1])
    assert not result.success
    assert platform.materialized("scene_graphs") == {keys[1]}
    assert platform.gates("trajectories")[keys[0]] != ("done", "open")


def overlapping_twins(video_id: str):
    """A script that gives `video_id` the same trajectory twice under one name: a label-consistency error."""

    def script(video):
        result = moving_square(video)
        if video.id != video_id:
            return result
        first = result.objects[0]
        twin = TrackedObject(1, first.trajectory, first.origin, first.score, first.witnesses)
        return TrackingResult((first, twin), result.camera, statistics=result.statistics)

    return script


def test_a_closed_gate_stops_only_its_own_video_in_a_range(platform: Platform) -> None:
    keys = platform.add("a.mp4", "b.mp4", "c.mp4").partitions
    platform.tracker = FakeTracker(script=overlapping_twins(keys[1]))
    result = platform.run(keys[0], keys[-1])
    assert not result.success
    assert platform.gates("verified_labels")[keys[1]] == ("done", "closed")
    assert platform.gates("verified_labels")[keys[0]] == ("done", "open")
    assert set(platform.gates("relations")) == {keys[0], keys[2]}
    assert platform.materialized("scene_graphs") == {keys[0], keys[2]}
    shown = evaluations(result)
    assert shown[("label_consistency", keys[1])] is False
    assert shown[("label_consistency", keys[0])] is True
    rows = next(
        e.metadata["rows"].value
        for e in result.get_asset_check_evaluations()
        if e.check_name == "label_consistency" and e.partition == keys[1] and not e.passed
    )
    assert rows.records[0].data["video"] == keys[1]
    assert {r.data["rule"] for r in rows.records} == {"duplicate_objects"}
    assert rows.records[0].data["why"]


def test_a_closed_gate_blocks_a_single_key_run_as_dagster_does(platform: Platform) -> None:
    (key,) = platform.add("a.mp4").partitions
    platform.tracker = FakeTracker(script=overlapping_twins(key))
    result = platform.run(key)
    assert not result.success
    assert platform.materialized("verified_labels") == {key}
    assert platform.materialized("relations") == set()


def test_running_checks_alone_judges_the_rows_anew(platform: Platform) -> None:
    (key,) = platform.add("a.mp4").partitions
    platform.run(key)
    labels = platform.store.read("labels", video_ids=[key], where={"stage": "verified"}).to_dicts()
    platform.store.replace("labels", [{**labels[0], "name": ""}], video_ids=[key], stage="verified")
    result = platform.run_checks("verified_labels", key)
    assert not result.success
    assert platform.gates("verified_labels")[key] == ("done", "closed")


@pytest.mark.parametrize("changed", ["descriptions", "relations"])
def test_a_new_code_version_redoes_that_phase_and_what_depends_on_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    (key,) = platform.add("a.mp4").partitions
    platform.run(key)
    before = {r["phase"]: r["attempts"] for r in platform.store.read("phase_state").to_dicts()}
    old = PHASES[changed]
    monkeypatch.setitem(PHASES, changed, Phase(old.name, old.upstream, "next", old.tables, old.stage))  # type: ignore[arg-type]
    assert platform.run(key).success
    after = {r["phase"]: r["attempts"] for r in platform.store.read("phase_state").to_dicts()}
    redone = {p for p in before if after[p] > before[p]}
    from svg2_assets.phases import downstream_of

    assert redone == {changed, *downstream_of(changed)}

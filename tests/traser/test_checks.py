"""Checks of predictions: what is flawed, and whether that is one answer of many or a graph that is wrong."""

from __future__ import annotations

from svg2_assets.traser.checks import invalid, outside, passes, repeats


def row(video: str = "v", **changes: object) -> dict:
    relation = {"subject": 1, "predicate": "near", "object": 2, "spans": [{"start": 0.0, "end": 4.0}]}
    return {
        "video_id": video, "source": "traser", "complete": True, "remarks": [], "relations": [relation], **changes,
    }  # fmt: skip


def test_a_whole_answer_has_no_fault() -> None:
    assert invalid(row(), 4.0) == repeats(row(), 4.0) == outside(row(), 4.0) == []


def test_an_answer_that_was_cut_or_lost_something_is_flawed_and_a_note_of_doubt_is_not() -> None:
    assert invalid(row(complete=False), 4.0) == [("the answer did not come to its end", False)]
    assert invalid(row(remarks=["unknown object: 9 of 3", "uncertain: the name of object 1"]), 4.0) == [
        ("unknown object: 9 of 3", False)
    ]


def test_a_triplet_that_stands_twice_is_an_error_and_one_that_was_written_twice_a_warning() -> None:
    twice = row()["relations"] * 2
    assert repeats(row(relations=twice), 4.0) == [("[1, 'near', 2] stands 2 times", True)]
    assert repeats(row(remarks=["repeated relation: [1, 'near', 2] is told again"]), 4.0)[0][1] is False


def test_times_that_the_video_does_not_have_are_an_error() -> None:
    late = row(relations=[{**row()["relations"][0], "spans": [{"start": 3.0, "end": 4.5}]}])
    assert outside(late, 4.0) == [("[1, 'near', 2] from 3 to 4.5 s", True)]
    assert outside(row(), 4.0 - 1e-9) == []


def test_one_flawed_answer_of_twenty_passes_and_two_do_not() -> None:
    rows = [row(str(i)) for i in range(20)]
    flawed = [(r, ("cut", False)) for r in rows[:2]]
    assert passes("answers_are_valid", rows, flawed[:1])
    assert passes("answers_are_valid", rows, flawed[:1] * 5), "faults of one answer count once"
    assert not passes("answers_are_valid", rows, flawed)
    assert not passes("spans_are_inside", rows, flawed[:1])

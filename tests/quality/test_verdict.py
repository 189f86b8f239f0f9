"""From findings to gates: one video's errors close its gate only, rows are bounded, a crash is isolated."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from svg2_assets.phases import PHASES
from svg2_assets.quality import CHECKS, PhaseTables, run_checks, verdicts_by_video
from svg2_assets.quality.run import run_check
from svg2_assets.quality.tables import TablesUnreadable
from svg2_assets.quality.verdict import MOST_ITEMS, MOST_ROWS, Outcome, Problem, Severity, check, plain, reason


def test_every_phase_has_checks_with_distinct_names_and_a_description() -> None:
    assert list(CHECKS) == list(PHASES)
    for phase, checks in CHECKS.items():
        assert checks
        assert len({c.name for c in checks}) == len(checks)
        assert all(c.phase == phase and c.description.endswith(".") for c in checks)


def test_healthy_rows_open_every_gate(store: Any) -> None:
    for phase in CHECKS:
        verdicts = verdicts_by_video(run_checks(phase, store.tables()))
        assert {v: verdict["open"] for v, verdict in verdicts.items()} == {"a": True, "b": True}
        assert all(verdict["errors"] == verdict["warnings"] == 0 for verdict in verdicts.values())


def test_an_error_closes_the_gate_of_its_video_only(store: Any) -> None:
    store.relate("b", 0, "near", 0)
    verdicts = verdicts_by_video(run_checks("relations", store.tables()))
    assert (verdicts["a"]["open"], verdicts["b"]["open"]) == (True, False)
    assert "no_self_relation: 0 'near' 0: relates an object to itself" in reason(verdicts["b"])
    assert reason(verdicts["a"]) == ""


def test_a_warning_leaves_the_gate_open(store: Any) -> None:
    store.row("videos", video_id="a")["variable_rate"] = True
    verdict = verdicts_by_video(run_checks("videos", store.tables()))["a"]
    assert (verdict["open"], verdict["errors"], verdict["warnings"]) == (True, 0, 1)
    assert reason(verdict) == ""


def test_a_verdict_keeps_some_failing_rows_and_counts_all(store: Any) -> None:
    for _ in range(MOST_ROWS + 15):
        store.relate("a", 1, "above", 1)
    result = verdicts_by_video(run_checks("relations", store.tables()))["a"]["checks"]["no_self_relation"]
    assert (len(result["rows"]), result["failed"], result["passed"]) == (MOST_ROWS, MOST_ROWS + 15, False)


def test_errors_are_kept_before_warnings() -> None:
    @check("mixed", phase="videos", severity=Severity.WARN)
    def mixed(tables: PhaseTables) -> Outcome:
        """Mixed."""
        warnings = [Problem("a", f"w{i}") for i in range(5)]
        return Outcome([*warnings, Problem("a", "bad", severity=Severity.ERROR)])

    report = run_check(mixed, PhaseTables(lambda *_: pl.DataFrame(), ("a",)))
    result = verdicts_by_video([report], most_rows=2)["a"]["checks"]["mixed"]
    assert [r["message"] for r in result["rows"]] == ["bad", "w0"]


def test_a_verdict_is_json_whatever_the_rows_hold(store: Any) -> None:
    store.row("trajectories", video_id="a", object_id=0)["frames"] = list(range(500))
    store.row("labels", video_id="a", object_id=0, stage="verified")["score"] = float("nan")
    for phase in CHECKS:
        json.dumps(verdicts_by_video(run_checks(phase, store.tables())), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (float("inf"), None),
        (b"abc", "3 bytes"),
        ("two\nlines", "two\\nlines"),
        (np.arange(2), [0, 1]),
        ({"k": {1}}, {"k": [1]}),
        (list(range(MOST_ITEMS + 5)), [*range(MOST_ITEMS), "and 5 more"]),
    ],
)
def test_rows_are_shown_plainly(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_a_check_that_crashes_on_one_video_still_judges_the_others(store: Any) -> None:
    store.row("trajectories", video_id="a", object_id=1)["boxes"] = [1.0, 2.0, 3.0]  # not four a box
    store.row("trajectories", video_id="b", object_id=0)["frames"] = [*range(19), 99]
    report = store.judge("trajectories", "inside_frame")
    by_video = {f.video_id: f for f in report.findings}
    assert by_video["a"].message.startswith("check could not run: ValueError")
    assert "frame 99 is outside" in by_video["b"].message
    assert {f.severity for f in report.findings} == {"error"}
    assert report.video_ids == ("a", "b")


def test_a_crash_of_a_warning_check_closes_the_gate(store: Any) -> None:
    """What cannot be judged cannot be trusted, whatever the check would have said."""

    @check("odd", phase="videos", severity=Severity.WARN)
    def odd(tables: PhaseTables) -> Outcome:
        """Odd."""
        assert "a" not in tables.video_ids
        return Outcome()

    report = run_check(odd, store.tables())
    assert [(f.video_id, f.severity) for f in report.findings] == [("a", "error")]


def test_great_expectations_failing_on_one_video_is_isolated_too(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from svg2_assets.quality import expectations

    original = expectations._run_suite

    def crash_on_cats(frame: pl.DataFrame, suite: Any) -> Any:
        if (frame["name"] == "cat").any():
            raise RuntimeError("no cats")
        return original(frame, suite)

    monkeypatch.setattr(expectations, "_run_suite", crash_on_cats)
    store.row("labels", video_id="a", object_id=1, stage="parsed")["name"] = "cat"
    store.row("labels", video_id="b", object_id=1, stage="parsed")["name"] = "DOG"
    found = {(f.video_id, f.message[:32]) for f in store.judge("parsed_labels", "name_vocabulary").findings}
    assert found == {("a", "check could not run: RuntimeErro"), ("b", "object 1 ('DOG'): name 'DOG' is ")}


def test_a_store_that_does_not_answer_gives_no_verdict(store: Any) -> None:
    def broken(table: str, video_ids: Any) -> pl.DataFrame:
        raise RuntimeError("connection lost")

    with pytest.raises(TablesUnreadable, match="table videos of 2 videos cannot be read"):
        run_checks("videos", PhaseTables(broken, ("a", "b")))


def test_a_missing_library_is_not_blamed_on_the_videos(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "great_expectations", None)
    with pytest.raises(ImportError):
        run_checks("parsed_labels", store.tables())


def test_each_table_is_read_once_a_run_and_masks_one_video_at_a_time(store: Any) -> None:
    run_checks("trajectories", store.tables())
    assert sorted(store.reads) == [
        ("masks", ("a",)),
        ("masks", ("b",)),
        ("trajectories", ("a", "b")),
        ("videos", ("a", "b")),
    ]

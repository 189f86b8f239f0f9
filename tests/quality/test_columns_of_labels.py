"""Great Expectations on labels: each expectation fails for the rows that break it, and for no other video."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import polars as pl
import pytest

from svg2_assets.quality import run_checks
from svg2_assets.quality.expectations import MOST_WORDS, NAMES, VERDICTS, label_frame, unexpected


def test_healthy_labels_pass_every_check(store: Any) -> None:
    for phase in ("parsed_labels", "verified_labels"):
        assert [r.check for r in run_checks(phase, store.tables()) if not r.passed] == []


@pytest.mark.parametrize(
    ("check", "column", "value", "severity"),
    [
        ("name_not_empty", "name", "", "error"),
        ("name_not_empty", "name", None, "error"),
        ("name_not_empty", "name", "  ", "error"),
        ("name_vocabulary", "name", "Person", "error"),
        ("name_vocabulary", "name", "person!", "error"),
        ("name_vocabulary", "name", "a  dog", "error"),
        ("name_vocabulary", "name", " dog", "error"),
        ("name_vocabulary", "name", "dog\n", "error"),
        ("name_vocabulary", "name", " ".join("w" * (MOST_WORDS + 1)), "error"),
        ("name_specific", "name", "thing", "warn"),
        ("name_specific", "name", "rectangular object", "warn"),
        ("confidence_in_range", "confidence", 1.5, "error"),
        ("confidence_in_range", "confidence", float("nan"), "error"),
        ("confidence_in_range", "confidence", None, "error"),
        ("verdict_in_set", "verdict", "maybe", "error"),
        ("verdict_in_set", "verdict", None, "error"),
        ("score_in_range", "score", -0.1, "error"),
        ("score_in_range", "score", None, "error"),
    ],
)
def test_a_bad_value_is_found_in_its_video_and_row(
    store: Any, check: str, column: str, value: Any, severity: str
) -> None:
    store.row("labels", video_id="b", object_id=1, stage="verified")[column] = value
    (finding,) = store.judge("verified_labels", check).findings
    assert (finding.video_id, finding.severity, finding.row["object_id"]) == ("b", severity, 1)


@pytest.mark.parametrize("name", ["dog", "t-shirt", "traffic light 2", "3d printer", "a b c d e"])
def test_names_of_the_vocabulary_pass(store: Any, name: str) -> None:
    store.row("labels", video_id="b", object_id=1, stage="verified")["name"] = name
    assert store.judge("verified_labels", "name_vocabulary").passed


@pytest.mark.parametrize(
    ("check", "attribute"),
    [
        ("attribute_types", {"value": "red", "type": "colour", "confidence": 0.5}),
        ("attribute_types", {"value": "red", "type": None, "confidence": 0.5}),
        ("attribute_values", {"value": "", "type": "color", "confidence": 0.5}),
        ("attribute_confidence", {"value": "red", "type": "color", "confidence": 3.0}),
    ],
)
def test_a_bad_attribute_is_found(store: Any, check: str, attribute: dict[str, Any]) -> None:
    store.row("labels", video_id="a", object_id=0, stage="parsed")["attributes"].append(attribute)
    (finding,) = store.judge("parsed_labels", check).errors
    assert (finding.video_id, finding.row["object_id"], finding.row["attribute"]) == ("a", 0, attribute["value"])


def test_a_video_whose_labels_are_mostly_doubted_is_shown(store: Any) -> None:
    for object_id in range(2, 6):
        store.add_object("b", object_id, name="cat", box=(object_id, 40, 10, 10))
    for object_id in range(1, 5):
        store.row("labels", video_id="b", object_id=object_id, stage="parsed")["uncertain"] = True
    (finding,) = store.judge("parsed_labels", "uncertain_share").findings
    assert (finding.video_id, finding.severity, finding.row["labels"]) == ("b", "warn", 6)
    store.row("labels", video_id="b", object_id=1, stage="parsed")["uncertain"] = False
    assert store.judge("parsed_labels", "uncertain_share").passed


def test_the_suite_is_validated_once_a_run(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from svg2_assets.quality import expectations

    suites: list[int] = []
    original = expectations.unexpected
    monkeypatch.setattr(expectations, "unexpected", lambda f, s: suites.append(len(s)) or original(f, s))
    run_checks("verified_labels", store.tables())
    assert suites == [len(NAMES) + len(VERDICTS)]


def test_unexpected_rows_are_traced_back_by_number(store: Any) -> None:
    store.row("labels", video_id="b", object_id=0, stage="verified")["name"] = "Bad"
    frame, shown = label_frame(store.tables().labels("verified"))
    (row,) = unexpected(frame, NAMES)["name_vocabulary"]
    assert (shown[row]["video_id"], shown[row]["object_id"], shown[row]["name"]) == ("b", 0, "Bad")


def test_no_labels_at_all_are_no_reason_to_start_great_expectations() -> None:
    columns = ["video_id", "object_id", "name", "confidence", "verdict", "score", "attributes", "uncertain"]
    frame, _ = label_frame(pl.DataFrame(schema=dict.fromkeys(columns, pl.String) | {"uncertain": pl.Boolean}))
    assert unexpected(frame, NAMES) == {e.check: [] for e in NAMES}


def test_importing_the_checks_does_not_import_great_expectations() -> None:
    code = (
        "import sys, svg2_assets.quality\n"
        "heavy = {'great_expectations', 'pandas', 'scipy', 'altair', 'lancedb', 'dagster'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": "."})


def test_nothing_is_sent_to_analytics(store: Any) -> None:
    run_checks("verified_labels", store.tables())
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"

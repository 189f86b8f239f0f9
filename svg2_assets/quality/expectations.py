"""Column expectations on labels, judged by Great Expectations 1.x.

A validation costs some tens of milliseconds whatever its size, so everything that a stage expects of its columns is one
suite, run once over one frame that holds the rows of all videos; what is unexpected is traced back by row number.
Great Expectations and pandas are imported only here, when the first label is judged: with scipy.stats and altair, which
they pull in, they take seconds and over 100 MB.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import polars as pl

from svg2_assets import memory
from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Check, Outcome, Problem, Severity
from svg2_assets.scene.taxonomy import AttributeType, Verdict

MOST_WORDS = 5
VAGUE_NAMES = frozenset(
    "thing things stuff item items entity entities something shape shapes region regions area unknown none n/a unclear "
    "blob element instance content undefined".split()
) | {"rectangular object", "round object", "unknown object", "background object"}
"""Names that say nothing; `object` is the one that admits it."""
MOST_UNCERTAIN = 0.5  # share of a video's labels that the parser itself doubts
ENOUGH_LABELS = 4  # labels before a share means something

_WORDS = r"\A[a-z0-9]+(?:-[a-z0-9]+)*(?: [a-z0-9]+(?:-[a-z0-9]+)*)"
_COLUMNS: Mapping[str, pl.DataType] = {
    "row": pl.Int64(),
    "name": pl.String(),
    "confidence": pl.Float64(),
    "verdict": pl.String(),
    "score": pl.Float64(),
    "attribute": pl.String(),
    "attribute_type": pl.String(),
    "attribute_confidence": pl.Float64(),
    "uncertain_share": pl.Float64(),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """One column expectation: the name of its check, Great Expectations' class, the column and the arguments."""

    check: str
    kind: str
    column: str
    text: str
    severity: Severity = Severity.ERROR
    arguments: Mapping[str, Any] = field(default_factory=dict)


NAMES = (
    Expectation(
        "name_not_empty",
        "ExpectColumnValuesToMatchRegex",
        "name",
        "Every object has a name.",
        arguments={"regex": r"\S"},
    ),
    Expectation(
        "name_vocabulary",
        "ExpectColumnValuesToMatchRegex",
        "name",
        f"Names are 1 to {MOST_WORDS} words of lower-case letters, digits and hyphens, one space between them.",
        # An empty name is the business of name_not_empty.
        arguments={"regex": rf"{_WORDS}{{0,{MOST_WORDS - 1}}}\Z|\A\s*\Z"},
    ),
    Expectation(
        "name_specific",
        "ExpectColumnValuesToNotBeInSet",
        "name",
        "Names say something: where nothing is known the name is `object`, not `thing` or `region`.",
        severity=Severity.WARN,
        arguments={"value_set": sorted(VAGUE_NAMES)},
    ),
    Expectation(
        "confidence_in_range",
        "ExpectColumnValuesToBeBetween",
        "confidence",
        "The confidence of a name lies in 0..1.",
        arguments={"min_value": 0, "max_value": 1},
    ),
    Expectation(
        "attribute_types",
        "ExpectColumnValuesToBeInSet",
        "attribute_type",
        f"Attribute types are of the vocabulary: {', '.join(AttributeType)}.",
        arguments={"value_set": [t.value for t in AttributeType]},
    ),
    Expectation(
        "attribute_values",
        "ExpectColumnValuesToMatchRegex",
        "attribute",
        "Attributes have a value.",
        arguments={"regex": r"\S"},
    ),
    Expectation(
        "attribute_confidence",
        "ExpectColumnValuesToBeBetween",
        "attribute_confidence",
        "The confidence of an attribute lies in 0..1.",
        arguments={"min_value": 0, "max_value": 1},
    ),
)
DOUBT = (
    Expectation(
        "uncertain_share",
        "ExpectColumnValuesToBeBetween",
        "uncertain_share",
        f"The parser doubts at most {MOST_UNCERTAIN:.0%} of a video's labels (of at least {ENOUGH_LABELS}).",
        severity=Severity.WARN,
        arguments={"max_value": MOST_UNCERTAIN},
    ),
)
VERDICTS = (
    Expectation(
        "verdict_in_set",
        "ExpectColumnValuesToBeInSet",
        "verdict",
        f"Every label has a verdict: {', '.join(Verdict)}.",
        arguments={"value_set": [v.value for v in Verdict]},
    ),
    Expectation(
        "score_in_range",
        "ExpectColumnValuesToBeBetween",
        "score",
        "The score of a verdict lies in 0..1.",
        arguments={"min_value": 0, "max_value": 1},
    ),
)


def expectation_checks(phase: str, *, stage: str, suite: Sequence[Expectation]) -> tuple[Check, ...]:
    """One check for each expectation of `suite`; the suite is validated once, when the first of them runs."""

    def judge(expectation: Expectation) -> Check:
        def function(tables: PhaseTables) -> Outcome:
            validated = tables.once(f"suite of {phase}", lambda t: _validate(t, stage=stage, suite=suite))
            return Outcome(validated[expectation.check])

        return Check(expectation.check, phase, expectation.severity, expectation.text, function)

    return tuple(judge(e) for e in suite)


def label_frame(labels: pl.DataFrame) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """The frame a suite is run on, and for each of its rows what to show when it is unexpected.

    A row stands for a label, for one attribute of a label, or for a video (its share of doubted labels); the columns
    that are not its business are null, which expectations pass over. Missing values become "" or -1, which they do not.
    """
    rows: list[dict[str, Any]] = []
    shown: list[dict[str, Any]] = []
    for label in labels.iter_rows(named=True):
        key = {"video_id": label["video_id"], "object_id": label["object_id"], "name": label["name"]}
        rows.append(_label_row(label))
        shown.append(key | {k: label[k] for k in ("confidence", "verdict", "score")})
        for attribute in label["attributes"] or ():
            rows.append(_attribute_row(attribute))
            shown.append(key | {"attribute": attribute["value"], "type": attribute["type"]})
    for video_id, share, n in _doubt(labels).iter_rows():
        rows.append({"uncertain_share": share})
        shown.append({"video_id": video_id, "uncertain_share": share, "labels": n})
    numbered = [{"row": i, **row} for i, row in enumerate(rows)]
    return pl.DataFrame(numbered, schema=dict(_COLUMNS)), shown


def unexpected(frame: pl.DataFrame, suite: Sequence[Expectation]) -> dict[str, list[int]]:
    """Run `suite` over `frame` once: check name -> the values of column `row` where the expectation does not hold.

    Raises `RuntimeError` when Great Expectations cannot evaluate an expectation.
    """
    if frame.is_empty():
        return {e.check: [] for e in suite}
    found: dict[str, list[int]] = {}
    for result in _run_suite(frame, suite):
        check = result.expectation_config.meta["check"]
        if (result.exception_info or {}).get("raised_exception", True):
            raise RuntimeError(f"Great Expectations cannot evaluate {check}: {result.exception_info}")
        found[check] = sorted(int(entry["row"]) for entry in result.result.get("unexpected_index_list") or ())
    return found


def _validate(tables: PhaseTables, *, stage: str, suite: Sequence[Expectation]) -> dict[str, list[Problem]]:
    frame, shown = label_frame(tables.labels(stage))
    rows = unexpected(frame, suite)
    return {e.check: [_problem(e, shown[i]) for i in rows[e.check]] for e in suite}


def _problem(expectation: Expectation, shown: Mapping[str, Any]) -> Problem:
    value = shown.get(expectation.column, shown.get("type"))
    who = f"object {shown['object_id']} ({shown['name']!r})" if "object_id" in shown else "the video"
    row = {k: v for k, v in shown.items() if k != "video_id"}
    message = f"{who}: {expectation.column.replace('_', ' ')} {value!r} is not as expected. {expectation.text}"
    return Problem(shown["video_id"], message, row)


def _label_row(label: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": label["name"] or "",
        "confidence": _number(label["confidence"]),
        "verdict": label["verdict"] or "",
        "score": _number(label["score"]),
    }


def _attribute_row(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "attribute": attribute["value"] or "",
        "attribute_type": attribute["type"] or "",
        "attribute_confidence": _number(attribute["confidence"]),
    }


def _number(value: float | None) -> float:
    """`value`, or -1 where it is missing: null and NaN would be passed over."""
    return float(value) if value is not None and value == value else -1.0


def _doubt(labels: pl.DataFrame) -> pl.DataFrame:
    share = pl.col("uncertain").fill_null(False).mean().alias("share")
    return labels.group_by("video_id", maintain_order=True).agg(share, pl.len()).filter(pl.col("len") >= ENOUGH_LABELS)


def _run_suite(frame: pl.DataFrame, suite: Sequence[Expectation]) -> Sequence[Any]:
    _loading().join()
    import great_expectations as gx

    batch = _labels_asset().get_batch(batch_parameters={"dataframe": frame.to_pandas()})
    expectations = [
        getattr(gx.expectations, e.kind)(column=e.column, meta={"check": e.check}, **e.arguments) for e in suite
    ]
    result = batch.validate(
        gx.ExpectationSuite(name="labels", expectations=expectations),
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row"]},
    )
    results: Sequence[Any] = result.results
    return results


def load_ahead() -> None:
    """Begin to load Great Expectations on a thread, once a process: it takes seconds, and labels come last."""
    _loading()


def are_loaded() -> bool:
    """Whether Great Expectations is in memory, or on its way there."""
    return "great_expectations" in sys.modules


@cache
def _loading() -> threading.Thread:
    thread = threading.Thread(target=_load, name="load-expectations", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # What cannot be imported is told by the check that needs it, not by a thread that nobody listens to.
    with suppress(ImportError):
        _labels_asset()
    memory.give_back()  # what compiling and reading hundreds of modules took


@cache
def _labels_asset() -> Any:
    """The place that frames are handed to: an ephemeral context costs 0.1 s to set up, so a process makes one."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("store").add_dataframe_asset("labels")
    return asset.add_batch_definition_whole_dataframe("all")


PARSED = expectation_checks("parsed_labels", stage="parsed", suite=(*NAMES, *DOUBT))
VERIFIED = expectation_checks("verified_labels", stage="verified", suite=(*NAMES, *VERDICTS))

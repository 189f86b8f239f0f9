"""What a check says: findings with the rows that failed, reports, and the verdict that opens or closes a gate.

A gate is per video and phase. It closes if and only if the video has a finding of severity error.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from svg2_assets.quality.tables import PhaseTables
from svg2_assets.scene.errors import printable

MOST_ROWS = 20  # failing rows kept per video and check; the rest is counted
MOST_ITEMS = 20  # entries kept of a list inside a row
WHOLE_RUN = "*"
"""The `video_id` of a finding about all videos of a run together. It closes no gate."""


class Severity(StrEnum):
    """`error` closes the gate of its video, `warn` only shows."""

    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Problem:
    """One failing row as a check sees it. `severity` is given only where it differs from the check's own."""

    video_id: str
    message: str
    row: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check function returns: the problems, and figures worth showing."""

    problems: Sequence[Problem] = ()
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One failing row of one video, with what is wrong and how bad it is."""

    video_id: str
    check: str
    severity: Severity
    message: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of one check over `video_ids`; `severity` is the worst that the check can say."""

    check: str
    phase: str
    severity: Severity
    description: str
    video_ids: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    measures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that close a gate."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def of(self, video_id: str) -> tuple[Finding, ...]:
        """The findings of one video."""
        return tuple(f for f in self.findings if f.video_id == video_id)


@dataclass(frozen=True, slots=True)
class Check:
    """A named question to the rows of a phase. Calling it judges all videos of `tables` at once."""

    name: str
    phase: str
    severity: Severity
    description: str
    function: Callable[[PhaseTables], Outcome]

    def __call__(self, tables: PhaseTables) -> CheckReport:
        """Judge. Raises whatever the function raises: `run_checks` isolates that."""
        outcome = self.function(tables)
        return self.report(tables.video_ids, outcome)

    def report(self, video_ids: Sequence[str], outcome: Outcome) -> CheckReport:
        """`outcome` as the report of this check on `video_ids`."""
        findings = tuple(
            Finding(p.video_id, self.name, p.severity or self.severity, p.message, dict(p.row))
            for p in outcome.problems
        )
        return CheckReport(
            check=self.name,
            phase=self.phase,
            severity=self.severity,
            description=self.description,
            video_ids=tuple(video_ids),
            findings=findings,
            measures=dict(outcome.measures),
        )


def check(
    name: str, *, phase: str, severity: Severity = Severity.ERROR
) -> Callable[[Callable[[PhaseTables], Outcome]], Check]:
    """Make a function over tables a `Check`; its docstring becomes the description."""

    def named(function: Callable[[PhaseTables], Outcome]) -> Check:
        description = " ".join((function.__doc__ or name).split())
        return Check(name, phase, severity, description, function)

    return named


def verdicts_by_video(reports: Iterable[CheckReport], *, most_rows: int = MOST_ROWS) -> dict[str, dict[str, Any]]:
    """The verdict of every judged video, JSON-serialisable, as `phase_state` stores it.

    `{"open": bool, "errors": n, "warnings": n, "checks": {name: result}}`; a result has `passed`, `severity`, `failed`,
    `rows` and `measures`; `rows` holds at most `most_rows` failing rows (errors first), `failed` counts them all.
    """
    verdicts: dict[str, dict[str, Any]] = {}
    for report in reports:
        by_video = _by_video(report)
        for video_id in report.video_ids:
            verdict = verdicts.setdefault(video_id, {"open": True, "errors": 0, "warnings": 0, "checks": {}})
            _add(verdict, report, by_video.get(video_id, []), most_rows)
    return verdicts


def reason(verdict: Mapping[str, Any]) -> str:
    """One line that says why a gate is closed; empty when it is open."""
    parts = [
        f"{name}: {result['rows'][0]['message']}" + (f" (and {result['failed'] - 1} more)" * (result["failed"] > 1))
        for name, result in verdict["checks"].items()
        if result["rows"] and result["rows"][0]["severity"] == Severity.ERROR
    ]
    return "; ".join(parts)


def _by_video(report: CheckReport) -> dict[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in report.findings:
        grouped.setdefault(finding.video_id, []).append(finding)
    return grouped


def _add(verdict: dict[str, Any], report: CheckReport, findings: list[Finding], most_rows: int) -> None:
    counts = Counter(f.severity for f in findings)
    verdict["errors"] += counts[Severity.ERROR]
    verdict["warnings"] += counts[Severity.WARN]
    verdict["open"] = verdict["errors"] == 0
    worst_first = sorted(findings, key=lambda f: f.severity is not Severity.ERROR)
    verdict["checks"][report.check] = {
        "passed": not findings,
        "severity": report.severity.value,
        "failed": len(findings),
        "rows": [_shown(f) for f in worst_first[:most_rows]],
        "measures": {k: plain(v) for k, v in report.measures.items()},
    }


def _shown(finding: Finding) -> dict[str, Any]:
    return {
        "message": printable(finding.message, limit=500),
        "severity": finding.severity.value,
        "row": {str(k): plain(v) for k, v in finding.row.items()},
    }


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: bytes counted, text on one line, lists cut, numbers that are not finite as None."""
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        items = list(value)
        kept = [plain(v) for v in items[:MOST_ITEMS]]
        return kept if len(items) <= MOST_ITEMS else [*kept, f"and {len(items) - MOST_ITEMS} more"]
    return printable(str(value))

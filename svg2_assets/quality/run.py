"""All checks, and running those of a phase so that one odd video cannot hide the verdict on the others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from svg2_assets.quality import descriptions, drift, duplicates, expectations, labels, names, relations, scene_graphs
from svg2_assets.quality import trajectories as trajectory_checks
from svg2_assets.quality import videos as video_checks
from svg2_assets.quality.tables import PhaseTables, TablesUnreadable
from svg2_assets.quality.verdict import Check, CheckReport, Outcome, Problem, Severity
from svg2_assets.scene.errors import printable

NOT_THE_VIDEOS_FAULT = (TablesUnreadable, ImportError, MemoryError)

CHECKS: Mapping[str, tuple[Check, ...]] = MappingProxyType(
    {
        "videos": video_checks.CHECKS,
        "trajectories": trajectory_checks.CHECKS,
        "descriptions": descriptions.CHECKS,
        "parsed_labels": (*expectations.PARSED, *labels.PARSED, *names.PARSED),
        "verified_labels": (
            *expectations.VERIFIED,
            *labels.VERIFIED,
            *names.VERIFIED,
            *duplicates.CHECKS,
            *drift.CHECKS,
        ),
        "relations": relations.CHECKS,
        "scene_graphs": scene_graphs.CHECKS,
    }
)
"""phase -> its checks, in the order in which they run and show."""


def run_checks(phase: str, tables: PhaseTables) -> list[CheckReport]:
    """Every check of `phase` over the videos of `tables`.

    A check that cannot cope with a video's rows counts as an error of that video alone. Raises `KeyError` for an
    unknown phase, `TablesUnreadable` when the store does not answer, `ImportError` when a library is missing.
    """
    return [run_check(c, tables) for c in CHECKS[phase]]


def run_check(check: Check, tables: PhaseTables) -> CheckReport:
    """One check over all videos; one video at a time where that fails."""
    try:
        return check(tables)
    except NOT_THE_VIDEOS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001  whatever odd rows provoke becomes a finding
        if len(tables.video_ids) == 1:
            return check.report(tables.video_ids, Outcome([_could_not_run(tables.video_ids[0], error)]))
    return _one_by_one(check, tables)


def _one_by_one(check: Check, tables: PhaseTables) -> CheckReport:
    alone = [run_check(check, tables.only(video_id)) for video_id in tables.video_ids]
    problems = [
        Problem(f.video_id, f.message, f.row, f.severity) for f in chain.from_iterable(r.findings for r in alone)
    ]
    return check.report(tables.video_ids, Outcome(problems))


def _could_not_run(video_id: str, error: Exception) -> Problem:
    kind = type(error).__name__
    message = f"check could not run: {kind}: {printable(str(error))}"
    return Problem(video_id, message, {"error": kind}, severity=Severity.ERROR)

"""Data-quality checks as pure functions over the store's rows: `run_checks`, then `verdicts_by_video`."""

from svg2_assets.quality.corpus import Corpus
from svg2_assets.quality.run import CHECKS, run_checks
from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Check, CheckReport, Finding, Severity, reason, verdicts_by_video

__all__ = [
    "CHECKS",
    "Check",
    "CheckReport",
    "Corpus",
    "Finding",
    "PhaseTables",
    "Severity",
    "reason",
    "run_checks",
    "verdicts_by_video",
]

"""Checks gathered into the few that Dagster shows: one suite answers one question a user has about a partition.

Every rule keeps its own name, severity and rows inside; an event per rule and partition would cost more than most
phases do (15 to 20 ms each on SQLite).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from svg2_assets.quality.run import CHECKS
from svg2_assets.quality.verdict import Check, Severity


@dataclass(frozen=True, slots=True)
class Suite:
    """A question and the rules that answer it."""

    name: str
    question: str
    rules: tuple[str, ...]

    def checks(self, phase: str) -> tuple[Check, ...]:
        """The rules of this suite in `phase`."""
        return tuple(c for c in CHECKS[phase] if c.name in self.rules)

    def blocking(self, phase: str) -> bool:
        """Whether a failing rule can close a gate."""
        return any(c.severity is Severity.ERROR for c in self.checks(phase))

    def description(self, phase: str) -> str:
        """The question, and what each rule says."""
        rules = "\n".join(f"- `{c.name}` ({c.severity.value}): {c.description}" for c in self.checks(phase))
        return f"{self.question}\n\n{rules}"


_LABEL_SUITE = Suite(
    "label_suite",
    "Is every column of the labels well formed (Great Expectations)?",
    (
        "name_not_empty",
        "name_vocabulary",
        "name_specific",
        "confidence_in_range",
        "attribute_types",
        "attribute_values",
        "attribute_confidence",
        "verdict_in_set",
        "score_in_range",
        "uncertain_share",
    ),
)
_LABEL_CONSISTENCY = Suite(
    "label_consistency",
    "Do the labels agree with each other, with their objects and with the evidence?",
    (
        "labels_complete",
        "contradictory_attributes",
        "duplicate_objects",
        "name_vs_evidence",
        "name_vs_verification",
        "name_vs_description",
        "part_vs_whole",
        "count_vs_description",
    ),
)

SUITES: Mapping[str, tuple[Suite, ...]] = MappingProxyType(
    {
        "videos": (
            Suite("decodes", "Does the video decode to its end?", ("decodes",)),
            Suite("plausible", "Is the video what annotation is made for?", ("plausible",)),
        ),
        "trajectories": (
            Suite(
                "sound",
                "Are trajectories non-empty, inside the frame, unique, and in step with their masks?",
                ("non_empty", "ids_unique", "inside_frame", "masks_match"),
            ),
            Suite("fragmentation", "Are trajectories long enough to be things?", ("fragmentation",)),
        ),
        "descriptions": (Suite("described", "Is every object described?", ("described",)),),
        "parsed_labels": (_LABEL_SUITE, _LABEL_CONSISTENCY),
        "verified_labels": (
            _LABEL_SUITE,
            _LABEL_CONSISTENCY,
            Suite(
                "label_evidence",
                "Are enough names supported, and do they stay the same along a trajectory?",
                ("verified_share", "name_drift", "names_across_windows"),
            ),
            Suite("label_drift", "Are names distributed as in the rest of the store?", ("label_drift",)),
        ),
        "relations": (
            Suite(
                "sound",
                "Do relations join existing, co-visible objects of legal kinds?",
                (
                    "endpoints_exist",
                    "no_self_relation",
                    "well_formed",
                    "spans_inside_video",
                    "spans_within_covisibility",
                    "category_legal",
                ),
            ),
            Suite("consistent", "Is no relation stated twice or contradicted?", ("no_contradictions",)),
        ),
        "scene_graphs": (Suite("counts_agree", "Does the graph hold what the tables hold?", ("counts_agree",)),),
    }
)
"""phase -> its suites, in the order in which they show."""


def rules_without_suite() -> Iterator[str]:
    """`phase.rule` of every rule that no suite shows; a test keeps this empty."""
    for phase, checks in CHECKS.items():
        shown = {rule for suite in SUITES[phase] for rule in suite.rules}
        yield from (f"{phase}.{c.name}" for c in checks if c.name not in shown)

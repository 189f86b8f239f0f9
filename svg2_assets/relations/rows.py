"""Relations as rows of the table `relations`, and back; what is shown of how they came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from svg2_assets.relations.protocols import RelationResult
from svg2_assets.runner import Rate
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import Category


def to_rows(video_id: str, relations: Sequence[Relation]) -> list[dict[str, Any]]:
    """One row a relation, numbered in order."""
    return [
        {
            "video_id": video_id,
            "relation_id": i,
            "subject": r.subject,
            "predicate": r.predicate,
            "object": r.object,
            "category": r.category.value,
            "spans": [{"start": p.start, "end": p.end} for p in r.spans],
            "confidence": float(r.confidence),
        }
        for i, r in enumerate(relations)
    ]


def from_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[Relation, ...]:
    """The relations of one video, in order."""
    ordered = sorted(rows, key=lambda row: int(row["relation_id"]))
    return tuple(
        Relation(
            subject=int(r["subject"]),
            predicate=r["predicate"],
            object=int(r["object"]),
            category=Category(r["category"]),
            spans=Spans.of((s["start"], s["end"]) for s in r["spans"]),
            confidence=float(r["confidence"]),
        )
        for r in ordered
    )


def measures_of(result: RelationResult) -> dict[str, Any]:
    """The statistics of `result` as measures: numbers as they are, violations as rates, failures as text."""
    statistics = result.statistics
    claims = int(statistics.get("claims", 0))
    numbers = {name: value for name, value in statistics.items() if isinstance(value, int | float)}
    rates = {f"rule {rule}": Rate(int(n), claims) for rule, n in statistics.get("violations", {}).items()}
    failures = statistics.get("failures", ())
    return {**numbers, **rates, **({"failures": "\n".join(failures)} if failures else {})}

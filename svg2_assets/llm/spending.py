"""Rows of the ledger summed up: what was spent on which video, phase and model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GROUPS = ("video", "phase", "model", "purpose", "outcome", "transport")
"""By what the ledger can be grouped."""

_COLUMN = {"video": "video_id"}


@dataclass(slots=True)
class Spending:
    """Sums over requests. `money`: US dollars known from the usage that the server told; `unknown`: at most so many
    more, for requests that are under way or were cut off before the server told.
    """

    group: tuple[str, ...]
    requests: int = 0
    answered: int = 0
    unclear: int = 0
    tokens_in: int = 0
    cached: int = 0
    tokens_out: int = 0
    reasoning: int = 0
    money: float = 0.0
    unknown: float = 0.0

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one row of `llm_calls`."""
        self.requests += 1
        self.answered += row["outcome"] in {"ok", "refused", "truncated"}
        self.unclear += bool(row.get("money_unknown"))
        self.tokens_in += row["tokens_in"] or 0
        self.cached += row["tokens_cached"] or 0
        self.tokens_out += row["tokens_out"] or 0
        self.reasoning += row["tokens_reasoning"] or 0
        self.money += row["money"] or 0.0
        self.unknown += row.get("money_unknown") or 0.0  # rows of before this column have none


def spending(rows: Iterable[Mapping[str, Any]], by: Sequence[str]) -> list[Spending]:
    """One entry for each combination of `by` (of `GROUPS`), the dearest first."""
    found: dict[tuple[str, ...], Spending] = {}
    for row in rows:
        group = tuple(str(row[_COLUMN.get(name, name)] or "") for name in by)
        found.setdefault(group, Spending(group)).add(row)
    return sorted(found.values(), key=lambda s: (-s.money - s.unknown, s.group))


def merged(stored: Iterable[Mapping[str, Any]], journal: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows of the store with those of the journal over them, one a call id."""
    return list({row["call_id"]: row for rows in (stored, journal) for row in rows}.values())


@dataclass(frozen=True, slots=True)
class Costs:
    """A summary: `parts` by groups, and the `total`."""

    by: tuple[str, ...]
    parts: Sequence[Spending]
    total: Spending = field(default_factory=lambda: Spending(()))


def costs(rows: Sequence[Mapping[str, Any]], by: Sequence[str]) -> Costs:
    """Summary of `rows` by the groups `by`."""
    total = spending(rows, ())
    return Costs(tuple(by), spending(rows, by), total[0] if total else Spending(()))

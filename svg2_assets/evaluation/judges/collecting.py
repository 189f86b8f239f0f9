"""A judge that judges nothing: it remembers what it was asked, so that a costly one can be asked for all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair


@dataclass(frozen=True, slots=True)
class Collecting:
    """Calls every pair a mismatch; `pairs` has each once, in the order in which they came."""

    pairs: dict[Pair, None] = field(default_factory=dict)
    name: str = "collecting"
    version: str = "1"

    def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
        """All mismatches."""
        self.pairs.update(dict.fromkeys(pairs))
        return [Likeness.MISMATCH] * len(pairs)

    def keys(self, text: str, kind: Kind) -> frozenset[str] | None:  # noqa: ARG002 - the protocol's
        """Any two labels are to be asked about."""
        return None

    def knows(self, text: str, kind: Kind) -> bool:  # noqa: ARG002 - the protocol's
        """It says nothing of any label."""
        return False

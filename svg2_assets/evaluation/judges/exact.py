"""Tier `exact`: the same text or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair
from svg2_assets.traser.training.scores import plain


@dataclass(frozen=True, slots=True)
class Exact:
    """Identical or a mismatch: the same text after `plain`, as answers are counted in training."""

    name: str = "exact"
    version: str = "1"

    def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
        """No pair is a synonym here."""
        return [Likeness.IDENTICAL if plain(p.reference) == plain(p.prediction) else Likeness.MISMATCH for p in pairs]

    def keys(self, text: str, kind: Kind) -> frozenset[str]:
        """The text itself."""
        del kind
        return frozenset({plain(text)})

    def knows(self, text: str, kind: Kind) -> bool:
        """Always: letters are all that it looks at."""
        del text, kind
        return True

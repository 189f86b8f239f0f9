"""Tier `normalised`: the same label but for spelling, number, articles, underscores, parentheses, forms of verbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of

from svg2_assets.evaluation.judges.forms import form_of, forms_of
from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair


@dataclass(frozen=True, slots=True)
class Normalised:
    """Identical or a mismatch: the same normal form. `car_(automobile)` is `cars`, `is holding` is `holds`."""

    name: str = "normalised"

    @property
    def version(self) -> str:
        """Rules, and the dictionary of number and verb forms."""
        return f"1-simplemma{version_of('simplemma')}"

    def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
        """No pair is a synonym here."""
        return [Likeness.IDENTICAL if same_form(p) else Likeness.MISMATCH for p in pairs]

    def keys(self, text: str, kind: Kind) -> frozenset[str]:
        """Its normal forms."""
        return frozenset({form_of(text, kind), *forms_of(text, kind)})

    def knows(self, text: str, kind: Kind) -> bool:
        """Always: letters are all that it looks at."""
        del text, kind
        return True


def same_form(pair: Pair) -> bool:
    """Whether the prediction's normal form is one that the reference has."""
    said = form_of(pair.prediction, pair.kind)
    return said == form_of(pair.reference, pair.kind) or said in forms_of(pair.reference, pair.kind)

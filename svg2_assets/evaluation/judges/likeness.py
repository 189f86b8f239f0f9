"""The five classes in which two labels may stand to each other, and what a judge is.

Source: the evaluation of Synthetic Visual Genome 2 (arXiv 2602.23543), whose judge is a language model. There, strict
means identical text after normalisation, lenient anything but a mismatch.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol


class Likeness(StrEnum):
    """How a prediction stands to its reference, the closest first."""

    IDENTICAL = "identical"
    SYNONYM = "synonym"
    HYPERNYM = "hypernym/hyponym"
    OVERLAP = "semantic overlap"
    MISMATCH = "mismatch"


CLOSENESS = {likeness: rank for rank, likeness in enumerate(Likeness)}
"""0 for identical to 4 for a mismatch."""


class Kind(StrEnum):
    """What a label is of."""

    OBJECT = "object"
    ATTRIBUTE = "attribute"
    PREDICATE = "predicate"


class Pair(NamedTuple):
    """Two labels of one kind. The sides differ: only a reference may offer alternatives (`chair or seat`)."""

    reference: str
    prediction: str
    kind: Kind


class Judge(Protocol):
    """Places pairs into classes. `name` and `version` go with every score that it takes part in."""

    @property
    def name(self) -> str:
        """The tier."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same pair may be judged otherwise: rules, tables, model, prompt."""
        ...

    def judge(self, pairs: Sequence[Pair]) -> Sequence[Likeness]:
        """One class a pair, in order. Raises a `Svg2Error` where it cannot judge: half of the pairs make no score."""
        ...

    def keys(self, text: str, kind: Kind) -> frozenset[str] | None:
        """Two texts without a common key are a mismatch, which need not be asked; None where no such keys exist."""
        ...

    def knows(self, text: str, kind: Kind) -> bool:
        """Whether it has anything to say of `text` beyond its letters."""
        ...


def closest(found: Sequence[Likeness]) -> Likeness:
    """The closest of `found`; a mismatch of nothing."""
    return min(found, key=CLOSENESS.__getitem__, default=Likeness.MISMATCH)

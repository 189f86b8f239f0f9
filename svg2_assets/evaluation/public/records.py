"""Records in the terms of the public evaluators, read with errors that name video, place and remedy."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

from svg2_assets.scene.errors import Svg2Error, printable

Record: TypeAlias = Mapping[str, Any]
"""What the public JSON files hold: an object with named fields."""


class InvalidBenchmarkInput(Svg2Error, ValueError):
    """Truth or prediction that a public evaluator could not score either; the text says where and what to do."""


@dataclass(frozen=True, slots=True)
class Videos:
    """Which videos count. `scored` is how many; the others are named.

    without_truth: nothing true is listed for them, so the public evaluators leave them out.
    unpredicted: in the truth only; they count with no prediction.
    unknown: in the prediction only; left out.
    """

    scored: int
    without_truth: tuple[str, ...] = ()
    unpredicted: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def compared(truth: Mapping[str, Any], predicted: Mapping[str, Any], *, empty: Collection[str] = ()) -> Videos:
    """The videos of both sides; those in `empty` have no truth."""
    return Videos(
        scored=len(truth) - len(empty),
        without_truth=tuple(v for v in truth if v in empty),
        unpredicted=tuple(v for v in truth if v not in predicted and v not in empty),
        unknown=tuple(v for v in predicted if v not in truth),
    )


def field(record: Any, name: str, where: object) -> Any:
    """`record[name]`, or an error that says which field is missing where."""
    if not isinstance(record, Mapping) or name not in record:
        found = f"the fields {printable(', '.join(map(str, record)))}" if isinstance(record, Mapping) else "no record"
        raise InvalidBenchmarkInput(f"{where}: expected a record with `{name}`, found {found}. Add the field.")
    return record[name]


def number(record: Any, name: str, where: object) -> int:
    """`record[name]`, a whole number."""
    value = field(record, name, where)
    try:
        return operator.index(value)
    except TypeError:
        raise InvalidBenchmarkInput(
            f"{where}: expected a whole number as `{name}`, found {printable(repr(value), limit=40)}."
        ) from None


def score(record: Any, where: object) -> Any:
    """The field `score`, a number of any kind; kept as it is, since evaluators compare scores as they come."""
    value = field(record, "score", where)
    if not isinstance(value, Real):
        raise InvalidBenchmarkInput(
            f"{where}: expected a number as `score`, found {printable(repr(value), limit=40)}. Write the confidence."
        )
    return value


def finite(value: Any) -> bool:
    """Whether a score can make a hit: evaluators take a score that is infinite or no number for a miss."""
    return math.isfinite(value)


def bounds(value: Any, where: object) -> tuple[int, int]:
    """(first, last) of two whole numbers, in whatever order they are."""
    try:
        first, last = (operator.index(v) for v in value)
    except (TypeError, ValueError):
        raise InvalidBenchmarkInput(
            f"{where}: expected two frame numbers, found {printable(repr(value), limit=60)}. Write whole numbers."
        ) from None
    return first, last


def positions(values: Sequence[int], name: str) -> tuple[int, ...]:
    """`values` of K, checked: at least one, all from 1 on."""
    if not values or any(isinstance(k, bool) or not isinstance(k, int) or k < 1 for k in values):
        raise InvalidBenchmarkInput(f"{name}: expected at least one whole number from 1 on, found {list(values)}.")
    return tuple(values)


def threshold(value: float, name: str) -> float:
    """`value`, checked to be a number."""
    if math.isnan(value):
        raise InvalidBenchmarkInput(f"{name}: expected a number, found {value}.")
    return value


class Place(NamedTuple):
    """One entry of a video's list, as messages name it; written out only when something is wrong."""

    video: Any
    kind: str
    number: int

    def __str__(self) -> str:
        return f"{printable(str(self.video))}: {self.kind}[{self.number}]"


def unwrapped(prediction: Any, wrapper: str) -> None:
    """Raise where a whole file is given instead of what it holds under `wrapper`."""
    if isinstance(prediction, Mapping) and isinstance(prediction.get(wrapper), Mapping):
        raise InvalidBenchmarkInput(
            f"prediction: expected one entry a video, found a whole file. Give its `{wrapper}`."
        )

"""Objects and relations as SVG2's files list them, in all the spellings that its releases and outputs have.

Objects: `[{"object_<id>": label, "attributes": [str, ...]}, ...]`; the test set adds `attributes_typed`,
`[{"name": type, "value": str}, ...]`, and `level` (L1 whole, L2 part, L3 part of a part). Relations:
`[subject, predicate, object, [[start, end], ...], type]`, -1 the camera; `type` may be missing, empty or null
(specification §3.7, §8.1). Names, attributes and predicates are taken as they are, underscores and brackets included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from svg2_assets.scene.graph import Attribute, Relation, SceneObject
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, AttributeType, Category
from svg2_assets.scene_graphs.formats.values import Fault, NotImportable, Repair, Repairs
from svg2_assets.traser.samples.values import DraftRelation

_KEY = re.compile(r"object([_ ])(\d{1,9})")
_TYPES = {t.value: t for t in AttributeType} | {"colour": AttributeType.COLOR}
_CATEGORIES = {c.value: c for c in Category}

_MOST = 1 << 53  # of whole numbers that stand for a time

Number = int | float
Times = Callable[[Number, Number], tuple[float, float]]
"""A record's pair of times as half-open seconds."""


@dataclass(frozen=True, slots=True)
class Named:
    """An object as a record lists it. `numbered`: its key was `object k`, k a place in a list and no id."""

    id: int
    name: str
    attributes: tuple[Attribute, ...] = ()
    level: str = ""
    numbered: bool = False


def inclusive_seconds(first: Number, last: Number) -> tuple[float, float]:
    """Whole seconds, both ends included: `[a, b]` holds in `[a, b + 1)`; reversed ones stay so."""
    return float(first), float(last) + (1.0 if last >= first else 0.0)


def half_open_seconds(start: Number, end: Number) -> tuple[float, float]:
    """Seconds, the end excluded."""
    return float(start), float(end)


def objects_of(listed: Any, repairs: Repairs) -> dict[int, Named]:
    """The objects of a record by id, in its order; what cannot be one is left out and counted.

    Raises `NotImportable` where they are no list.
    """
    found: dict[int, Named] = {}
    for entry in _listed(listed, "objects"):
        named = _named(entry, repairs)
        if named is None:
            repairs[Repair.OBJECT_FORM] += 1
        elif named.id in found:
            repairs[Repair.REPEATED_ID] += 1
        else:
            found[named.id] = named
    return found


def drafts_of(listed: Any, times: Times, repairs: Repairs, *, category: Category | None = None) -> list[DraftRelation]:
    """The relations of a record, times as `times` has them; `category` where the form has none.

    Raises `NotImportable` where they are no list; none at all are no relations.
    """
    found = []
    for entry in () if listed is None else _listed(listed, "relationships"):
        draft = _draft(entry, times, repairs, category)
        if draft is None:
            repairs[Repair.RELATION_FORM] += 1
        else:
            found.append(draft)
    return found


def listed_objects(objects: Iterable[SceneObject], *, attributes: bool = True) -> list[dict[str, Any]]:
    """Objects as files list them, by `object_<id>`."""
    return [
        {f"object_{o.id}": o.name} | ({"attributes": [a.value for a in o.attributes]} if attributes else {})
        for o in objects
    ]


def typed(o: SceneObject, level: str) -> dict[str, Any]:
    """What the test set adds to an object."""
    return {"attributes_typed": [{"name": a.type.value, "value": a.value} for a in o.attributes], "level": level}


def listed_relation(relation: Relation, times: list[list[Any]], *, category: bool) -> list[Any]:
    """A relation as files list it, `times` in the file's convention."""
    told: list[Any] = [relation.subject, relation.predicate, relation.object, times]
    return [*told, relation.category.value] if category else told


def seconds_of(spans: Spans) -> list[list[float]]:
    """Half-open seconds as they are, whole ones as whole numbers."""
    return [[_plain(s.start), _plain(s.end)] for s in spans]


def levels_of(objects: Mapping[int, Named]) -> dict[str, str]:
    """Id to level, of the objects whose record says one."""
    return {str(o.id): o.level for o in objects.values() if o.level}


def _plain(seconds: float) -> float:
    return int(seconds) if seconds == int(seconds) else seconds


def _named(entry: Any, repairs: Repairs) -> Named | None:
    keys = [(key, _KEY.fullmatch(key)) for key in entry] if isinstance(entry, dict) else []
    keyed = [(key, match) for key, match in keys if match is not None]
    if len(keyed) != 1 or not isinstance(entry[keyed[0][0]], str | None):
        return None
    key, match = keyed[0]
    name = entry[key] or ""
    if not name.strip():
        repairs[Repair.NAMELESS] += 1
        name = UNKNOWN_NAME
    level = entry.get("level")
    return Named(
        int(match[2]),
        name,
        _attributes(entry, repairs),
        level if isinstance(level, str) else "",
        numbered=match[1] == " ",
    )


def _attributes(entry: Mapping[str, Any], repairs: Repairs) -> tuple[Attribute, ...]:
    """Typed ones first; of the plain ones those that no typed one repeats."""
    told = _list(entry, "attributes_typed", repairs)
    found = [a for given in told if (a := _typed(given, repairs)) is not None]
    known = {a.value for a in found}
    for value in _list(entry, "attributes", repairs):
        if not isinstance(value, str) or not value.strip():
            repairs[Repair.ATTRIBUTE_FORM] += 1
        elif value not in known:
            found.append(Attribute(value, AttributeType.OTHER))
    return tuple(found)


def _list(entry: Mapping[str, Any], key: str, repairs: Repairs) -> list[Any]:
    found = entry.get(key)
    repairs[Repair.ATTRIBUTE_FORM] += not isinstance(found, list | None)
    return found if isinstance(found, list) else []


def _listed(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise NotImportable(Fault.FORM, f"expected a list of {what}, found {type(value).__name__}.")
    return value


def _typed(given: Any, repairs: Repairs) -> Attribute | None:
    value, name = (given.get("value"), given.get("name")) if isinstance(given, dict) else (None, None)
    if not isinstance(value, str) or not value.strip() or not isinstance(name, str):
        repairs[Repair.ATTRIBUTE_FORM] += 1
        return None
    kind = _TYPES.get(name.strip().lower())
    repairs[Repair.ATTRIBUTE_TYPE] += kind is None
    return Attribute(value, kind or AttributeType.OTHER)


def _draft(entry: Any, times: Times, repairs: Repairs, category: Category | None) -> DraftRelation | None:
    if not isinstance(entry, list) or len(entry) not in {4, 5}:
        return None
    subject, predicate, other, given = entry[:4]
    ends = _id(subject), _id(other)
    if ends[0] is None or ends[1] is None or not isinstance(predicate, str) or not isinstance(given, list):
        return None
    told = entry[4] if len(entry) == 5 else None
    known = _CATEGORIES.get(told) if isinstance(told, str) else None
    return DraftRelation(ends[0], predicate, ends[1], _pairs(given, times, repairs), known or category)


def _pairs(given: list[Any], times: Times, repairs: Repairs) -> list[tuple[float, float]]:
    """Half-open seconds; a flat `[start, end]` is one pair."""
    found = []
    for pair in [given] if len(given) == 2 and all(_is_number(n) for n in given) else given:
        if isinstance(pair, list) and len(pair) == 2 and all(_is_number(n) for n in pair):
            found.append(times(pair[0], pair[1]))
        else:
            repairs[Repair.SPAN_FORM] += 1
    return found


def _id(value: Any) -> int | None:
    """An id, which may be a number in quotes."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()):
        return int(value)
    return value if type(value) is int else None


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < _MOST)

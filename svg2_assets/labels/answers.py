"""What a model answers, as records: cleaned, bounded, each field checked; nothing in it is trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from svg2_assets.labels.canonical import UNCERTAIN, plain_name, same_thing, singular_name
from svg2_assets.labels.faults import Fault, fault_of
from svg2_assets.labels.quoting import plain
from svg2_assets.labels.words import is_verb
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import AttributeType

NAME_CHARACTERS = 80
PHRASE_CHARACTERS = 120
MOST_PHRASES = 32
MOST_ALTERNATIVES = 5
CERTAIN, DOUBTED = 0.6, 0.3
"""Chance that a name of the specification's record is right. Of such names SAM 3 supported 60.8 % of the certain and
29.9 % of the uncertain ones in SA-V (arXiv 2602.23543, its released data)."""

_KEYS = ("name", "uncertain", "confidence", "alternatives", "attributes", "actions", "relationships")
_LOOKS = frozenset(
    {
        AttributeType.COLOR,
        AttributeType.MATERIAL,
        AttributeType.SHAPE,
        AttributeType.SIZE,
        AttributeType.PATTERN,
        AttributeType.TEXTURE,
    }
)
_BEHAVIOUR = frozenset({AttributeType.STATE, AttributeType.POSE, AttributeType.MOTION})
_ANYTHING = frozenset({AttributeType.TEXT, AttributeType.POSITION, AttributeType.CLOTHING})
_PREPOSITIONS = frozenset(
    """above against along among around at behind below beneath beside between by in inside into near next on onto over
past through toward towards under underneath upon with""".split()
)
_ENDS_RELATION = frozenset("above against at behind below beside in inside near next on onto over under with".split())


@dataclass(frozen=True, slots=True)
class Record:
    """What was said of one object. `given`: the name as it was written, `name` its plain form."""

    object_id: int
    name: str
    given: str
    uncertain: bool = False
    confidence: float = 0.0
    alternatives: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    actions: tuple[str, ...] = ()
    relationships: tuple[str, ...] = ()
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The complete records of one answer by object id; `strays` counts entries of other ids or without fields."""

    records: Mapping[int, Record] = field(default_factory=dict)
    strays: int = 0


def read(value: Any, ids: Sequence[int]) -> Reading:
    """The records of the answer `value` about the objects `ids`; whatever has another form is left out.

    Of several records of an object the first counts; where they name different things its fault is `REPEATED`.
    """
    legal, records, strays = set(ids), dict[int, Record](), 0
    entries = value.get("objects") if isinstance(value, Mapping) else None
    for entry in entries if isinstance(entries, list) else []:
        object_id = _id(entry)
        if object_id not in legal or object_id is None or not all(key in entry for key in _KEYS):
            strays += 1
        elif object_id not in records:
            records[object_id] = _record(object_id, entry)
        else:
            records[object_id] = _one_of(records[object_id], _record(object_id, entry))
    return Reading(records, strays)


def read_upstream(value: Any, object_id: int) -> Record | None:
    """The record of the specification in `value`; None where it is none. Keys in lower case or capitalised."""
    if not isinstance(value, Mapping):
        return None
    found = {key: value.get(key, value.get(key.capitalize())) for key in ("object", *_UPSTREAM_LISTS)}
    if not isinstance(found["object"], str):
        return None
    given = plain(found["object"], limit=NAME_CHARACTERS)
    uncertain = UNCERTAIN in given.lower()
    attributes, relationships, actions = (_phrases(found[key]) for key in _UPSTREAM_LISTS)
    return Record(
        object_id=object_id,
        name=plain_name(given),
        given=given,
        uncertain=uncertain,
        confidence=DOUBTED if uncertain else CERTAIN,
        attributes=tuple(Attribute(a, AttributeType.OTHER, DOUBTED if uncertain else CERTAIN) for a in attributes),
        actions=actions,
        relationships=relationships,
    )


_UPSTREAM_LISTS = ("attributes", "relationships", "actions")


def _id(entry: Any) -> int | None:
    found = entry.get("id") if isinstance(entry, Mapping) else None
    if isinstance(found, str) and found.strip().isascii() and found.strip().isdecimal():
        return int(found) if len(found) < 12 else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _record(object_id: int, entry: Mapping[str, Any]) -> Record:
    raw = entry["name"] if isinstance(entry["name"], str) else ""
    given = plain(raw, limit=NAME_CHARACTERS)
    name, confidence = plain_name(given), _chance(entry["confidence"])
    attributes, actions, relationships = _sorted_out(entry["attributes"], confidence)
    return Record(
        object_id=object_id,
        name=name,
        given=given,
        uncertain=entry["uncertain"] is True or UNCERTAIN in given.lower(),
        confidence=confidence,
        alternatives=_alternatives(entry["alternatives"], name),
        attributes=attributes,
        actions=_distinct((*_phrases(entry["actions"]), *actions)),
        relationships=_distinct((*_phrases(entry["relationships"]), *relationships)),
        fault=fault_of(name),
    )


def _one_of(first: Record, second: Record) -> Record:
    if same_thing(first.name, second.name):
        return first
    return Record(**{f: getattr(first, f) for f in first.__slots__} | {"fault": Fault.REPEATED})


def _chance(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return 0.0
    return min(1.0, max(0.0, float(value)))


def _alternatives(value: Any, name: str) -> tuple[str, ...]:
    names = (singular_name(plain_name(a)) for a in _phrases(value))
    good = (n for n in names if n != name and fault_of(n) is None)
    return _distinct(good)[:MOST_ALTERNATIVES]


def _phrases(value: Any) -> tuple[str, ...]:
    """Strings of a list, cleaned; a string alone is a list of one. Without markup and without doubles."""
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    texts = (plain(v, limit=PHRASE_CHARACTERS).strip(" .,;") for v in found[: 4 * MOST_PHRASES] if isinstance(v, str))
    return _distinct(t for t in texts if t and not set(t) & set("<>{}"))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for value in values:
        first.setdefault(value.casefold(), value)
    return tuple(first.values())[:MOST_PHRASES]


def _sorted_out(value: Any, confidence: float) -> tuple[tuple[Attribute, ...], tuple[str, ...], tuple[str, ...]]:
    """Attributes; what was given as one and is an action; what was given as one and is a relation."""
    attributes: dict[tuple[AttributeType, str], Attribute] = {}
    moved: dict[str, list[str]] = {"action": [], "relation": []}
    for entry in value[: 4 * MOST_PHRASES] if isinstance(value, list) else []:
        kind = _type(entry.get("type")) if isinstance(entry, Mapping) else AttributeType.OTHER
        for text in _phrases(entry.get("value") if isinstance(entry, Mapping) else entry):
            place = _place(kind, text.lower().split())
            if place == "attribute":
                attributes.setdefault((kind, text.casefold()), Attribute(text, kind, confidence))
            else:
                moved[place].append(text)
    return tuple(attributes.values())[:MOST_PHRASES], tuple(moved["action"]), tuple(moved["relation"])


def _type(value: Any) -> AttributeType:
    return AttributeType(value) if value in set(AttributeType) else AttributeType.OTHER


def _place(kind: AttributeType, words: list[str]) -> str:
    """Whether an attribute of this kind is one, or an action or a relation in the wrong place.

    A single verb form is an adjective where looks are meant (`tapering`) and a fair state, pose or motion.
    """
    if kind in _ANYTHING:
        return "attribute"
    if len(words) > 1 and words[0] in _PREPOSITIONS:
        return "relation"
    if not is_verb(words[0]) or (len(words) == 1 and kind in _LOOKS | _BEHAVIOUR):
        return "attribute"
    if any(w in _ENDS_RELATION for w in words[1:-1]):
        return "relation" if words[0].endswith("ing") else "attribute"
    if kind in _BEHAVIOUR and len(words) == 2 and not is_verb(words[1]):  # `lying down`, `moving left`
        return "attribute"
    return "action" if words[0].endswith("ing") else "attribute"

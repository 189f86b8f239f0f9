"""An answer's text as values: what is complete in it counts, what is wrong in it is told, nothing in it raises.

Read are the released form and its variants: `object k` and `object_k`, ids and times as strings, one flat span, text
before, between and after, Python's quotes, an end that is missing. `Reader` does so while the text still grows.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from svg2_assets.scene.errors import printable
from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.text import Clock, Statement, Thing, Told

MOST_CHARACTERS = 500
"""A longer string lacks its closing quote."""
MOST_DEPTH = 64

_THING = re.compile(r"\s*object[ _]?(\d{1,6})\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(?:object[ _]?)?(-?\d{1,6})\s*", re.IGNORECASE)
_TIME = re.compile(r"\s*-?\d{1,9}(\.\d{1,9})?\s*")
_UNCERTAIN = re.compile(r"\s*\(\s*uncertain\s*\)", re.IGNORECASE)
_WORD = re.compile(r"[\w.+-]")


class Flaw(StrEnum):
    """What can be wrong with an answer."""

    CUT = "cut"
    NOISE = "noise"
    FORM = "form"
    MISSING_OBJECT = "missing object"
    UNKNOWN_OBJECT = "unknown object"
    REPEATED_OBJECT = "repeated object"
    REPEATED_RELATION = "repeated relation"
    SELF_RELATION = "self relation"
    EMPTY_TEXT = "empty text"
    REVERSED_SPAN = "reversed span"
    OUTSIDE = "outside the clip"
    NO_TIME = "no time"
    UNCERTAIN = "uncertain"
    LED_AWAY = "led away from a repetition"


@dataclass(frozen=True, slots=True)
class Remark:
    """One flaw and where it is."""

    flaw: Flaw
    detail: str

    def __str__(self) -> str:
        return f"{self.flaw}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says, each object and each (subject, predicate, object) once, and what is wrong with it.

    `complete`: it has an end. `UNCERTAIN` remarks a note that was taken off a name and loses nothing.
    """

    told: Told
    remarks: tuple[Remark, ...] = ()
    complete: bool = True

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return self.complete and not self.remarks


def read_answer(text: str, *, objects: int, clock: Clock) -> Answer:
    """What `text` says of a clip with this many `objects`, numbered from 1, and this clock."""
    reader = Reader(objects, clock)
    reader.feed(text)
    return reader.close()


@dataclass(slots=True)
class Reader:
    """Reads an answer while it is written: `feed` gives each thing and statement as it becomes complete.

    A statement told again adds its times to the answer of `close` and is not given again.
    """

    objects: int
    clock: Clock
    remarks: list[Remark] = field(default_factory=list)
    _scanner: _Scanner = field(init=False)
    _things: dict[int, Thing] = field(default_factory=dict)
    _statements: dict[tuple[int, str, int], Spans] = field(default_factory=dict)
    _disbelieved: bool = False

    def __post_init__(self) -> None:
        self._scanner = _Scanner()

    def feed(self, text: str) -> list[Thing | Statement]:
        """What this piece of text completes."""
        found: list[Thing | Statement] = []
        for item in self._scanner.feed(text):
            if isinstance(item, _RawThing):
                found += self._thing(item)
            else:
                found += self._statement(item)
        return found

    def disbelieve(self) -> bool:
        """Leave out the statement that is being written; says whether that is new."""
        new, self._disbelieved = not self._disbelieved, True
        return new

    def close(self) -> Answer:
        """The whole answer, of what has been fed."""
        complete = self._scanner.close()
        remarks = [*self.remarks, *(Remark(Flaw.NOISE, n) for n in self._scanner.noise)]
        if not complete:
            remarks.append(Remark(Flaw.CUT, f"it ends within {printable(self._scanner.tail, limit=60)!r}"))
        missing = [k for k in range(1, self.objects + 1) if k not in self._things]
        remarks += [Remark(Flaw.MISSING_OBJECT, f"object {k} has no entry") for k in missing]
        told = Told(
            tuple(self._things[k] for k in sorted(self._things)),
            tuple(Statement(*key, spans) for key, spans in self._statements.items()),
        )
        return Answer(told, tuple(remarks), complete)

    def _remark(self, flaw: Flaw, detail: str) -> None:
        self.remarks.append(Remark(flaw, printable(detail)))

    def _thing(self, raw: _RawThing) -> Iterator[Thing]:
        where = f"object {raw.number}"
        name = self._text(raw.name, f"the name of {where}")
        if not 1 <= raw.number <= self.objects:
            self._remark(Flaw.UNKNOWN_OBJECT, f"{where} of {self.objects}")
        elif raw.number in self._things:
            self._remark(Flaw.REPEATED_OBJECT, f"{where} is {self._things[raw.number].name!r} and again {name!r}")
        elif name:
            attributes = [self._text(a, f"an attribute of {where}") for a in self._texts(raw.attributes, where)]
            thing = Thing(raw.number, name, tuple(dict.fromkeys(a for a in attributes if a)))
            self._things[raw.number] = thing
            yield thing

    def _statement(self, raw: _RawStatement) -> Iterator[Statement]:
        where = f"[{raw.subject}, {raw.predicate!r}, {raw.target}]"
        if self._disbelieved:
            self._disbelieved = False
            self._remark(Flaw.LED_AWAY, where)
            return
        predicate = self._text(raw.predicate, f"the predicate of {where}")
        spans = self._spans(raw.spans, where)
        unknown = [n for n in (raw.subject, raw.target) if n != CAMERA_ID and not 1 <= n <= self.objects]
        if unknown:
            self._remark(Flaw.UNKNOWN_OBJECT, f"{where} speaks of {unknown[0]}; there are {self.objects} objects")
        elif raw.subject == raw.target:
            self._remark(Flaw.SELF_RELATION, where)
        elif not spans:
            self._remark(Flaw.NO_TIME, f"{where} holds at no time of the clip")
        elif predicate:
            yield from self._say(Statement(raw.subject, predicate, raw.target, spans))

    def _say(self, statement: Statement) -> Iterator[Statement]:
        known = self._statements.get(statement.key)
        if known is None:
            self._statements[statement.key] = statement.spans
            yield statement
        else:
            self._remark(Flaw.REPEATED_RELATION, f"{list(statement.key)} is told again")
            self._statements[statement.key] = known | statement.spans

    def _text(self, raw: str, what: str) -> str:
        """On one line, without what cannot be shown, without the note of doubt."""
        shown = "".join(c if c.isprintable() else " " for c in raw)
        plain = _UNCERTAIN.sub("", shown)
        if plain != shown:
            self._remark(Flaw.UNCERTAIN, f"{what}, {shown!r}")
        plain = " ".join(plain.split())
        if not plain:
            self._remark(Flaw.EMPTY_TEXT, what)
        return plain

    def _texts(self, raw: object, where: str) -> list[str]:
        """A list of strings; a string alone is one, not its letters."""
        if raw is None:
            return []
        given = raw if isinstance(raw, list) else [raw]
        texts = [a for a in given if isinstance(a, str)]
        if len(texts) < len(given):
            self._remark(Flaw.FORM, f"{where} has attributes that are no text")
        return texts

    def _spans(self, raw: object, where: str) -> Spans:
        parts: list[Span] = []
        for pair in _pairs(raw):
            if pair is None:
                self._remark(Flaw.FORM, f"{where} has times that are no pair of numbers")
                continue
            parts += self._span(pair, where)
        return Spans.of(parts)

    def _span(self, pair: tuple[float, float], where: str) -> Iterator[Span]:
        first, last = pair
        if first > last:
            self._remark(Flaw.REVERSED_SPAN, f"{where} from {first:g} to {last:g}")
            return
        if first < 0 or last > self.clock.count - 1:
            self._remark(Flaw.OUTSIDE, f"{where} from {first:g} to {last:g}; the clip has 0 to {self.clock.count - 1}")
        span = self.clock.span(first, last)
        if span is not None:
            yield span


def _pairs(raw: object) -> list[tuple[float, float] | None]:
    """First and last numbers of spans; None where an entry is no pair."""
    if not isinstance(raw, list):
        return [] if raw is None else [None]
    if len(raw) == 2 and not any(isinstance(part, list) for part in raw):
        return [_pair(raw)]
    return [_pair(part) for part in raw]


def _pair(raw: object) -> tuple[float, float] | None:
    if not isinstance(raw, list) or len(raw) != 2:
        return None
    first, last = (_time(part) for part in raw)
    return None if first is None or last is None else (first, last)


def _time(raw: object) -> float | None:
    if isinstance(raw, str):
        return float(raw) if _TIME.fullmatch(raw) else None
    return float(raw) if isinstance(raw, int | float) and math.isfinite(raw) else None


def _id(raw: object) -> int | None:
    if isinstance(raw, str):
        found = _NUMBER.fullmatch(raw)
        return int(found[1]) if found else CAMERA_ID if raw.strip().lower() == "camera" else None
    return int(raw) if isinstance(raw, int | float) and math.isfinite(raw) and int(raw) == raw else None


@dataclass(frozen=True, slots=True)
class _RawThing:
    number: int
    name: str
    attributes: object


@dataclass(frozen=True, slots=True)
class _RawStatement:
    subject: int
    predicate: str
    target: int
    spans: object


@dataclass(slots=True)
class _Open:
    """A bracket that is open, and the values in it, each with its key in a brace."""

    bracket: str
    values: list[tuple[object, object]] = field(default_factory=list)
    key: object = None


class _Scanner:
    """Brackets, strings and numbers of a growing text; a bracket that closes may complete an item.

    Where brackets do not match, the nearest open one of the same kind is closed.
    """

    def __init__(self) -> None:
        self.noise: list[str] = []
        self.tail = ""
        self._open: list[_Open] = []
        self._word = ""
        self._quote = ""
        self._string: list[str] = []
        self._escaped = False
        self._before = ""
        self._closed = False

    def feed(self, text: str) -> Iterator[_RawThing | _RawStatement]:
        self.tail = (self.tail + text)[-60:]
        for c in text:
            if self._quote:
                self._in_string(c)
            else:
                yield from self._outside(c)

    def close(self) -> bool:
        """Whether the text has an end: something was opened, and all is closed."""
        return self._closed and not self._open

    def _in_string(self, c: str) -> None:
        if self._escaped:
            self._escaped = False
            self._string.append("\\" + c)
        elif c == "\\":
            self._escaped = True
        elif c == self._quote:
            self._value("".join(self._string) if self._quote == "'" else _unescaped("".join(self._string)))
            self._quote, self._before = "", c
        elif c == "\n" or len(self._string) >= MOST_CHARACTERS:
            self.noise.append(f"a string without its end: {printable(''.join(self._string), limit=60)!r}")
            self._quote = ""
        else:
            self._string.append(c)

    def _outside(self, c: str) -> Iterator[_RawThing | _RawStatement]:
        if self._open and _WORD.match(c):
            self._word += c if len(self._word) < MOST_CHARACTERS else ""
            return
        if self._word:
            self._value(_number(self._word))
            self._word = ""
        if c in "[{":
            self._enter(c)
        elif c in "]}":
            yield from self._leave("[" if c == "]" else "{")
        elif self._open:
            self._between(c)
        if not c.isspace():
            self._before = c

    def _between(self, c: str) -> None:
        """A sign inside brackets."""
        if c == '"' or (c == "'" and self._before in ("{", "[", ",", ":")):
            self._quote, self._string = c, []
        elif c == ":" and self._open[-1].values:
            self._open[-1].key = self._open[-1].values.pop()[1]

    def _enter(self, bracket: str) -> None:
        if len(self._open) < MOST_DEPTH:
            self._open.append(_Open(bracket))
        else:
            self.noise.append(f"brackets deeper than {MOST_DEPTH}")

    def _leave(self, bracket: str) -> Iterator[_RawThing | _RawStatement]:
        if not any(o.bracket == bracket for o in self._open):
            self.noise.append("a bracket is closed that was not opened")
            return
        while self._open:
            top = self._open.pop()
            found = list(_items(top))
            yield from found
            self._closed = True
            if self._open:
                self._value(None if found else [v for _, v in top.values])
            if top.bracket == bracket:
                return
            self.noise.append(f"{top.bracket!r} is not closed")

    def _value(self, value: object) -> None:
        if self._open:
            top = self._open[-1]
            top.values.append((top.key, value))
            top.key = None


def _items(group: _Open) -> Iterator[_RawThing | _RawStatement]:
    if group.bracket == "{":
        yield from _things(group.values)
        return
    values = [v for _, v in group.values]
    if len(values) < 3 or not isinstance(values[1], str):
        return
    subject, target = _id(values[0]), _id(values[2])
    timed = len(values) > 3 and isinstance(values[3], list)
    if subject is None or target is None or not (timed or not isinstance(values[0], str)):
        return  # a list of attributes, it may be
    yield _RawStatement(subject, values[1], target, values[3] if len(values) > 3 else None)


def _things(values: Sequence[tuple[object, object]]) -> Iterator[_RawThing]:
    """Each key `object k` of a brace, with the attributes that follow it."""
    named: list[tuple[int, str, object]] = []
    for key, value in values:
        found = _THING.fullmatch(key) if isinstance(key, str) else None
        if found and isinstance(value, str):
            named.append((int(found[1]), value, None))
        elif named and isinstance(key, str) and key.strip().lower() == "attributes":
            named[-1] = (*named[-1][:2], value)
    return (_RawThing(*n) for n in named)


def _unescaped(raw: str) -> str:
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw


def _number(word: str) -> object:
    if re.fullmatch(r"-?\d{1,15}", word):
        return int(word)
    return float(word) if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", word) else None

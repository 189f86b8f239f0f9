"""The text form of facts: prose that a person reads and a program parses without loss.

    description = object, extent, { witness | statement } ;          one a line, "." at its end
    object      = "Object ", id ;
    extent      = "Seen on ", n, " frames over ", x, " s; fills ", x, " of the frame; width over height ", x,
                  "; roundness ", x, "; cut by the border ", x, "; speed ", x, " sizes per second" ;
    witness     = "Witness ", name, ", ", n, " looks: ", ( "nothing" | score, { ", ", score } ) ;
    score       = name, " ", x ;
    statement   = kind, " of the ", region, ": ", name, ", sure to ", x ;
    kind        = "Color" | "Size" | "Position" | "Motion" | "Passage" | "Shape" ;
    region      = "whole" | "upper half" | "lower half" ;
    name        = lower-case words of letters, single spaces and hyphens | JSON string ;
    x           = decimal number with at most three digits after the point ;

A name outside the plain alphabet is written as a JSON string in ASCII: whatever it holds (quotes, line breaks, text
that looks like a line of this grammar), it stays one quoted name.
"""

from __future__ import annotations

import json
import re

from svg2_assets.descriptions.facts import DIGITS, Claim, Extent, Facts, Region, Report, Statement
from svg2_assets.scene.errors import Svg2Error, printable

_PLAIN = re.compile(r"[a-z]+(?:[ -][a-z]+)*")
_RESERVED = frozenset({"nothing"})
_NAME = r'(?P<{0}>[a-z]+(?:[ -][a-z]+)*|"(?:[^"\\\x00-\x1f]|\\.)*")'
_X = r"(?P<{0}>-?[0-9]+(?:\.[0-9]{{1,3}})?)"

_OBJECT = re.compile(r"Object (?P<id>[0-9]+)\.")
_EXTENT = re.compile(
    r"Seen on (?P<frames>[0-9]+) frames over "
    + _X.format("seconds")
    + r" s; fills "
    + _X.format("area")
    + r" of the frame; width over height "
    + _X.format("aspect")
    + r"; roundness "
    + _X.format("roundness")
    + r"; cut by the border "
    + _X.format("cut")
    + r"; speed "
    + _X.format("speed")
    + r" sizes per second\."
)
_WITNESS = re.compile(r"Witness " + _NAME.format("source") + r", (?P<looks>[0-9]+) looks: (?P<scores>.+)\.")
_SCORE = re.compile(_NAME.format("name") + " " + _X.format("score"))
_STATEMENT = re.compile(
    r"(?P<kind>Color|Size|Position|Motion|Passage|Shape) of the (?P<region>whole|upper half|lower half): "
    + _NAME.format("value")
    + ", sure to "
    + _X.format("confidence")
    + r"\."
)


class InvalidDescription(Svg2Error, ValueError):
    """A text that is no description in this grammar; says which line."""


def write(facts: Facts) -> str:
    """The text of `facts`; `read` is its inverse."""
    lines = [f"Object {facts.object_id}.", _write_extent(facts.extent)]
    lines += [_write_report(t) for t in facts.reports]
    lines += [_write_statement(s) for s in facts.statements]
    return "\n".join(lines)


def read(text: str) -> Facts:
    """The facts in `text`. Raises `InvalidDescription`, naming the first line that does not fit."""
    lines = text.split("\n")  # not splitlines: only a line feed separates
    head = _OBJECT.fullmatch(lines[0])
    if head is None:
        raise _wrong(1, lines[0], '"Object <id>."')
    extent = _EXTENT.fullmatch(lines[1]) if len(lines) > 1 else None
    if extent is None:
        raise _wrong(2, lines[1] if len(lines) > 1 else "", '"Seen on <n> frames ..."')
    reports: list[Report] = []
    statements: list[Statement] = []
    for number, line in enumerate(lines[2:], start=3):
        if (witness := _WITNESS.fullmatch(line)) is not None:
            reports.append(_read_report(witness, number))
        elif (statement := _STATEMENT.fullmatch(line)) is not None:
            statements.append(_read_statement(statement, number))
        else:
            raise _wrong(number, line, '"Witness ..." or "<kind> of the <region>: ..."')
    return Facts(int(head["id"]), _read_extent(extent), tuple(reports), tuple(statements))


def _write_extent(extent: Extent) -> str:
    return (
        f"Seen on {extent.frames} frames over {_number(extent.seconds)} s; fills {_number(extent.area)} of the frame; "
        f"width over height {_number(extent.aspect)}; roundness {_number(extent.roundness)}; "
        f"cut by the border {_number(extent.cut)}; speed {_number(extent.speed)} sizes per second."
    )


def _write_report(report: Report) -> str:
    scores = ", ".join(f"{_quote(name)} {_number(score)}" for name, score in report.scores)
    return f"Witness {_quote(report.source)}, {report.looks} looks: {scores or 'nothing'}."


def _write_statement(s: Statement) -> str:
    return f"{s.kind.value.capitalize()} of the {s.region.value}: {_quote(s.value)}, sure to {_number(s.confidence)}."


def _read_extent(match: re.Match[str]) -> Extent:
    return Extent(
        int(match["frames"]),
        *(float(match[key]) for key in ("seconds", "area", "aspect", "roundness", "cut", "speed")),
    )


def _read_report(match: re.Match[str], number: int) -> Report:
    source, text = _unquote(match["source"], number), match["scores"]
    scores: list[tuple[str, float]] = []
    at = 0
    while text != "nothing" and at < len(text):
        score = _SCORE.match(text, at)
        if score is None:
            raise _wrong(number, text[at:], "a name and its score")
        scores.append((_unquote(score["name"], number), float(score["score"])))
        at = score.end()
        if at < len(text):
            if not text.startswith(", ", at) or at + 2 == len(text):
                raise _wrong(number, text[at:], '", " and another score')
            at += 2
    return Report(source, int(match["looks"]), tuple(scores))


def _read_statement(match: re.Match[str], number: int) -> Statement:
    confidence = float(match["confidence"])
    if not 0 <= confidence <= 1:
        raise _wrong(number, match[0], "a confidence from 0 to 1")
    value = _unquote(match["value"], number)
    return Statement(Claim(match["kind"].lower()), value, confidence, Region(match["region"]))


def _quote(name: str) -> str:
    plain = _PLAIN.fullmatch(name) is not None and name not in _RESERVED
    return name if plain else json.dumps(name, ensure_ascii=True)


def _unquote(name: str, number: int) -> str:
    if not name.startswith('"'):
        return name
    try:
        return str(json.loads(name))
    except json.JSONDecodeError as error:
        raise _wrong(number, name, "a JSON string") from error


def _number(x: float) -> str:
    text = f"{x:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _wrong(number: int, line: str, expected: str) -> InvalidDescription:
    return InvalidDescription(f"line {number} of a description: expected {expected}, found {printable(repr(line))}")

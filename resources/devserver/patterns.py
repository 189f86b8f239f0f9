"""A string that a regular expression matches."""

from __future__ import annotations

import re
from random import Random
from re import _constants as code  # type: ignore[attr-defined]  # the parser has no public name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_MOST = 3  # repetitions of what may repeat without end
_CATEGORIES = {code.CATEGORY_DIGIT: "0123456789", code.CATEGORY_WORD: "abcdefgh", code.CATEGORY_SPACE: " "}
_ANY = "abcdefghijklmnopqrstuvwxyz0123456789"


def matching(pattern: str, random: Random) -> str:
    """A string that `pattern` matches, for patterns without look-around; otherwise it may not match."""
    try:
        return "".join(_written(parser.parse(pattern), random, {}))
    except re.error:
        return ""


def _written(items: Any, random: Random, groups: dict[int, str]) -> list[str]:
    return [_one(kind, value, random, groups) for kind, value in items]


def _one(kind: Any, value: Any, random: Random, groups: dict[int, str]) -> str:
    if kind is code.LITERAL:
        return chr(value)
    if kind is code.IN:
        return random.choice(_choices(value))
    if kind is code.ANY:
        return random.choice(_ANY)
    if kind is code.NOT_LITERAL:
        return next(c for c in _ANY if ord(c) != value)
    if kind is code.BRANCH:
        return "".join(_written(random.choice(value[1]), random, groups))
    if kind in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
        low, high, inner = value
        count = random.randint(low, min(high, low + _MOST))
        return "".join("".join(_written(inner, random, groups)) for _ in range(count))
    if kind is code.SUBPATTERN:
        made = "".join(_written(value[3], random, groups))
        groups[value[0]] = made
        return made
    return groups.get(value, "") if kind is code.GROUPREF else ""


def _choices(members: Any) -> list[str]:
    negated = members[0][0] is code.NEGATE
    found: set[str] = set()
    for kind, value in members:
        if kind is code.LITERAL:
            found.add(chr(value))
        elif kind is code.RANGE:
            found.update(chr(c) for c in range(value[0], min(value[1], value[0] + 64) + 1))
        elif kind is code.CATEGORY:
            found.update(_CATEGORIES.get(value, _ANY))
    return sorted(set(_ANY) - found) or ["-"] if negated else sorted(found)

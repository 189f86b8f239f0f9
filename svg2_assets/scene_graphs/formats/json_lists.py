"""Large JSON lists, and objects of such lists, item by item, in memory of a few items."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from json.decoder import JSONDecoder
from pathlib import Path
from typing import IO, Any

from svg2_assets.scene.errors import Svg2Error, printable

PIECE = 1 << 16  # bytes read at once
MOST_ITEM = 64 << 20
"""Characters of one item; without a limit, a quote that is missing would have the rest of the file read as one."""
_NEAR_END = 16
"""A decoder that meets the end of its text says so this many characters before it, at most."""

_SPACE = re.compile(r"[ \t\n\r]*")


class BrokenJson(Svg2Error, ValueError):
    """Text that is no JSON list: `line` (from 1) and what is wrong there."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {reason}")


def items_of(path: Path) -> Iterator[tuple[int, Any]]:
    """Each item of the JSON list in the file at `path`, with the line on which it begins.

    Items before a place that is broken are given, then `BrokenJson` is raised. `OSError` where it cannot be read.
    """
    with path.open("rb") as file:
        yield from _Items(file).read()


def members_of(path: Path) -> Generator[tuple[str, int, Any], None, None]:
    """Each item of every list in the JSON object in the file at `path`: its key, the line on which it begins, the item.

    A member that is no list is one item. Items before a place that is broken are given, then `BrokenJson` is raised.
    `OSError` where it cannot be read.
    """
    with path.open("rb") as file:
        yield from _Items(file).read_members()


def entries_of(path: Path) -> Iterator[tuple[int, str, Any]]:
    """Each member of the JSON object in the file at `path`: the line on which it begins, its key, its value as a whole.

    A key that comes twice is given twice. Otherwise as `items_of`.
    """
    with path.open("rb") as file:
        yield from _Items(file).read_entries()


@dataclass(slots=True)
class _Items:
    """A list that is being read: `text` waits from `at` on, `line` is that of the first character of `text`."""

    file: IO[bytes]
    text: str = ""
    at: int = 0
    line: int = 1
    ended: bool = False
    decoder: JSONDecoder = field(default_factory=JSONDecoder)
    bytes_decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8-sig"))

    def read(self) -> Iterator[tuple[int, Any]]:
        self._expect("[", "expected a list, which begins with [")
        yield from self._list()
        self._end()

    def read_members(self) -> Iterator[tuple[str, int, Any]]:
        self._expect("{", "expected an object, which begins with {")
        if self._next() == "}":
            self.at += 1
            return self._end()
        while True:
            key = self._key()
            if self._next() == "[":
                self.at += 1
                for line, item in self._list():
                    yield key, line, item
                if self._next() not in {",", "}"}:
                    raise self._broken("expected , or } after a member")
            else:
                yield key, self._line(), self._item(",}")
            if self._passed() == "}":
                return self._end()

    def read_entries(self) -> Iterator[tuple[int, str, Any]]:
        self._expect("{", "expected an object, which begins with {")
        if self._next() == "}":
            self.at += 1
            return self._end()
        while True:
            self._next()
            line = self._line()
            key = self._key()
            self._next()
            yield line, key, self._item(",}")
            if self._passed() == "}":
                return self._end()

    def _list(self) -> Iterator[tuple[int, Any]]:
        """The items of a list whose [ was passed, up to its end, which is passed."""
        if self._next() == "]":
            self.at += 1
            return
        while True:
            self._next()
            line = self._line()
            yield line, self._item(",]")
            if self._passed() == "]":
                return

    def _key(self) -> str:
        """The key that begins here; the colon after it is passed."""
        if self._next() != '"':
            raise self._broken("expected a name in quotes")
        key = str(self._item(":"))
        self.at += 1
        return key

    def _expect(self, mark: str, reason: str) -> None:
        if self._next() != mark:
            raise self._broken(reason)
        self.at += 1

    def _passed(self) -> str:
        """The mark after an item, which is passed."""
        mark = self.text[self.at]
        self.at += 1
        return mark

    def _end(self) -> None:
        if self._next():
            raise self._broken("expected nothing after the list")

    def _next(self) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            self.at = self._space(self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more(PIECE):
                return ""

    def _item(self, marks: str) -> Any:
        """The item that begins here, up to one of `marks`: what a piece ends with may be half of a number."""
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.ended or not self._is_cut(error):
                    raise self._broken(error.msg, at=error.pos) from error
            except RecursionError as error:
                raise self._broken("nested too deeply") from error
            except ValueError as error:  # integers of thousands of digits
                raise self._broken(printable(str(error))) from error
            else:
                end = self._space(end)
                if end < len(self.text) and self.text[end] in marks:
                    self.at = end
                    return value
                if end < len(self.text) - _NEAR_END or self.ended:
                    cut = end == len(self.text)
                    reason = "the list is cut off" if cut else f"expected {' or '.join(marks)} after an item"
                    raise self._broken(reason, at=end)
            self._more_of_item()

    def _more_of_item(self) -> None:
        waiting = len(self.text) - self.at
        if waiting > MOST_ITEM:
            raise self._broken(f"an item of more than {MOST_ITEM} characters: a quote or bracket is missing")
        self._more(max(PIECE, waiting))  # twice as much each time, so that the tries add up to two passes

    def _space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self.text) - _NEAR_END

    def _more(self, size: int) -> bool:
        """Read on, forgetting what was read; whether there was more."""
        if self.ended:
            return False
        data = self.file.read(size)
        self.ended = not data
        try:
            more = self.bytes_decoder.decode(data, final=self.ended)
        except UnicodeDecodeError as error:
            self.at = len(self.text)
            raise self._broken("no UTF-8") from error
        self.line += self.text.count("\n", 0, self.at)
        self.text, self.at = self.text[self.at :] + more, 0
        return bool(more) or (not self.ended and self._more(size))

    def _line(self, at: int | None = None) -> int:
        return self.line + self.text.count("\n", 0, self.at if at is None else at)

    def _broken(self, reason: str, at: int | None = None) -> BrokenJson:
        return BrokenJson(self._line(at), reason)

"""What was read lately, by table version: a version never changes, so what it held need not be read twice.

Phases that follow each other read the same trajectories and masks of the same videos; in a batch of short videos these
reads would cost more than the phases.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import pyarrow as pa

MOST_BYTES = 12 * 2**20  # a table
LARGEST = 6 * 2**20  # one result; longer videos are worth reading again


class Remembered:
    """The least recently used results leave first. Not safe for threads: callers hold the table's lock."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, largest: int = LARGEST) -> None:
        self._most, self._largest, self._size = most_bytes, largest, 0
        self._kept: OrderedDict[Hashable, list[pa.Table]] = OrderedDict()

    def get(self, key: Hashable, read: Callable[[], list[pa.Table]]) -> list[pa.Table]:
        """What `read` returned when `key` (with the version in it) was asked for before, else what it returns now."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = read()
        size = _bytes(found)
        if size <= self._largest:
            self._kept[key] = found
            self._size += size
            while self._size > self._most:
                self._size -= _bytes(self._kept.popitem(last=False)[1])
        return found


def _bytes(tables: list[pa.Table]) -> int:
    return sum(int(t.nbytes) for t in tables) + 512  # an empty result takes room too

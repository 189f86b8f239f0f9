"""Parts and wholes: levels, circles, and whom a part belongs to when its whole is left out.

Everything works on `part_of`: object id -> id of its whole, None for a thing of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

PartOf = Mapping[int, int | None]


def levels_of(part_of: PartOf) -> dict[int, int]:
    """Object id -> 1 (whole), 2 (part), 3 (part of a part), and so on. There must be no circle."""
    levels: dict[int, int] = {}
    for start in part_of:
        path = []
        at: int | None = start
        while at is not None and at not in levels:
            path.append(at)
            at = part_of.get(at)
        level = 0 if at is None else levels[at]
        for below, object_id in enumerate(reversed(path), start=1):
            levels[object_id] = level + below
    return levels


def circles(part_of: PartOf) -> list[list[int]]:
    """Every circle of objects that are parts of each other, one alone where it is part of itself."""
    found: list[list[int]] = []
    known: set[int] = set()
    for start in part_of:
        path: dict[int, int] = {}
        at: int | None = start
        while at is not None and at not in known and at not in path:
            path[at] = len(path)
            at = part_of.get(at)
        if at is not None and at in path:
            found.append(list(path)[path[at] :])
        known.update(path)  # `known |= path.keys()` makes a new set each time
    return found


def nearest_wholes(part_of: PartOf, *, kept: Collection[int]) -> dict[int, int | None]:
    """Each of `kept` -> the next of its wholes that is kept, too; None where there is none.

    Parts keep their place when what they belong to is left out. A circle stays one: it is for a check to refuse.
    """
    there = frozenset(kept)
    found: dict[int, int | None] = {}
    for object_id in kept:
        passed: set[int] = set()
        whole = part_of.get(object_id)
        while whole is not None and whole not in there:
            passed.add(whole)
            above = part_of.get(whole)
            whole = None if above in passed else above
        found[object_id] = whole
    return found

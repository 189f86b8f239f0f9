"""Worlds, windows and drafts for the tests of the relations by a model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from svg2_assets.relations.vlm.answers import Draft
from svg2_assets.relations.vlm.frames import Sample, Window
from svg2_assets.relations.vlm.objects import Listed, list_objects
from svg2_assets.relations.vlm.rules import Context
from svg2_assets.scene.taxonomy import Category
from tests.relations.worlds import World, during, moving, still


def kitchen(seconds: float = 10.0) -> World:
    """0 person the whole time, 1 cup from 2 s to 6 s, 2 table, 3 dog that walks, 4 hand of the person."""
    return (
        World(seconds=seconds)
        .add("person", still(20, 40, 60, 150))
        .add("cup", during(still(100, 100, 20, 25), 2.0, 6.0))
        .add("table", still(90, 140, 120, 60))
        .add("dog", moving(220, 150, 40, 40, vx=2))
        .add("hand", still(60, 80, 15, 15))
    )


def listed(world: World, **part_of: int) -> dict[int, Listed]:
    found = {o.id: o for o in list_objects(world.video, world.tracks(), world.labels())}
    return {i: replace(o, part_of=part_of.get(f"o{i}", o.part_of)) for i, o in found.items()}


def window(seconds: int = 10, start: int = 0) -> Window:
    """A frame a second from the middle of each."""
    return Window(tuple(Sample(10 * s + 5, s + 0.5, float(s), s + 1.0) for s in range(start, start + seconds)))


def context(
    world: World | None = None, *, categories: frozenset[Category] = frozenset(Category), **part_of: int
) -> Context:
    known = listed(world or kitchen(), **part_of)
    return Context(window(), known, categories, part_of={i: o.part_of for i, o in known.items()})


def draft(subject: int, predicate: str, object_: int, *spans: tuple[float, float], **given: Any) -> Draft:
    category = given.pop("category", "spatial")
    return Draft(subject, predicate, object_, category, spans or ((2.0, 6.0),), given.pop("confidence", 0.8), **given)

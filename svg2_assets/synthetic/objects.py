"""The true objects of a shot: names, attributes, what is part of what, what they look like."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import AttributeType
from svg2_assets.synthetic.actors import Actor
from svg2_assets.synthetic.backgrounds import Region
from svg2_assets.synthetic.figures import Labelled
from svg2_assets.synthetic.stage import Stage
from svg2_assets.synthetic.textures import Pattern, Texture

Appearance = npt.NDArray[np.float32]
LENGTH = 8  # of an appearance
JITTER = 0.03  # what tells equal-looking things apart
SMALL, LARGE = 0.07, 0.35  # frame heights
MOVED = 0.05  # frame heights of way from which a thing is said to move


class Kind(StrEnum):
    """What an object is to the picture."""

    THING = "thing"
    STUFF = "stuff"
    PART = "part"


@dataclass(frozen=True, slots=True)
class TrueObject:
    """One object of one shot. `level` 1 is a whole or stuff, 2 a part, 3 a part of a part.

    `appearance` [8] float32 of length 1: things that look alike have nearly the same, parts another than their wholes.
    What is seen again after a cut is a new object whose `same_as` is the id of its first appearance.
    """

    id: int
    name: str
    kind: Kind
    part_of: int | None
    level: int
    attributes: tuple[Attribute, ...]
    appearance: Appearance
    shot: int
    same_as: int | None


def list_objects(stages: list[Stage]) -> Iterator[TrueObject]:
    """All objects of a clip, visible or not, by id: shot by shot, stuff before things, wholes before their parts."""
    first = 0
    for shot, stage in enumerate(stages):
        for index, region in enumerate(stage.backdrop.regions):
            again = index if shot and stage.backdrop is stages[0].backdrop else None
            yield _stuff(region, id_=first + index, shot=shot, same_as=again)
        for actor in stage.actors:
            for index in range(len(actor.figure.labelled)):
                yield _thing(actor, index, first=first, shot=shot)
        first += stage.objects


def _stuff(region: Region, *, id_: int, shot: int, same_as: int | None) -> TrueObject:
    look = _appearance(region.name, region.texture, seed=region.texture.seed, jitter=id_ if same_as else 0)
    attributes = tuple(_surface(region.texture))
    return TrueObject(id_, region.name, Kind.STUFF, None, 1, attributes, look, shot, same_as)


def _thing(actor: Actor, index: int, *, first: int, shot: int) -> TrueObject:
    part = actor.figure.labelled[index]
    base = first + actor.index
    return TrueObject(
        id=base + index,
        name=part.node.label,
        kind=Kind.THING if part.level == 1 else Kind.PART,
        part_of=None if part.parent is None else base + part.parent,
        level=part.level,
        attributes=tuple(_attributes(actor, part)),
        appearance=_appearance(
            part.node.label, part.node.texture, seed=actor.figure.appearance_seed, jitter=base + index
        ),
        shot=shot,
        # Only things of the first shot come back, and that shot's ids begin at 0.
        same_as=None if actor.same_as is None else actor.same_as.index + index,
    )


def _attributes(actor: Actor, part: Labelled) -> Iterator[Attribute]:
    node = part.node
    yield from _surface(node.texture)
    if node.shape:
        yield Attribute(node.shape, AttributeType.SHAPE)
    if node.material:
        yield Attribute(node.material, AttributeType.MATERIAL)
    if part.level > 1:
        return
    height = float(actor.size.mean())
    if height < SMALL or height > LARGE:
        yield Attribute("small" if height < SMALL else "large", AttributeType.SIZE)
    moves = np.ptp(actor.x) + np.ptp(actor.y) > MOVED
    yield Attribute("moving" if moves else "still", AttributeType.MOTION)


def _surface(texture: Texture) -> Iterator[Attribute]:
    yield Attribute(texture.color, AttributeType.COLOR)
    if texture.pattern not in {Pattern.PLAIN, Pattern.SHADED}:
        yield Attribute(texture.pattern.value, AttributeType.PATTERN)


def _appearance(name: str, texture: Texture, *, seed: int, jitter: int) -> Appearance:
    """What a thing is, its colours, its individual surface and a little noise, mixed into a unit vector [8]."""
    kind = _direction(zlib.crc32(name.encode()))
    individual = _direction(seed)
    colour = np.zeros(LENGTH)
    colour[:3] = np.asarray(texture.rgb) / 128 - 1
    colour[3:6] = np.asarray(texture.second) / 255 - 0.5
    mixed = 0.9 * kind + 0.5 * colour + 0.35 * individual + JITTER * _direction(seed + 7 * jitter + 1)
    return np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float32)


def _direction(seed: int) -> npt.NDArray[np.float64]:
    vector = np.random.Generator(np.random.PCG64(seed)).normal(0, 1, LENGTH)
    return np.asarray(vector / np.linalg.norm(vector))

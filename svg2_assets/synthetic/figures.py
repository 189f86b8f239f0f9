"""What things are made of: outlines with textures, joined into trees whose labelled nodes are objects and parts.

Local coordinates: feet at (0, 0), one unit high, y points down, the front points to +x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from svg2_assets.scene.masks import FloatArray
from svg2_assets.synthetic.geometry import Point
from svg2_assets.synthetic.textures import COLORS, Pattern, Texture, make_texture


class Motion(StrEnum):
    """How a node moves by itself: `SPIN` and `SWING` with the way its thing goes, `SWAY` with time."""

    STILL = "still"
    SPIN = "spin"
    SWING = "swing"
    SWAY = "sway"


class Family(StrEnum):
    """What role a figure can play."""

    PERSON = "person"
    ANIMAL = "animal"
    VEHICLE = "vehicle"
    ITEM = "item"
    CONTAINER = "container"
    SURFACE = "surface"
    OCCLUDER = "occluder"
    FLYER = "flyer"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A textured outline [N, 2]. With a `label` it is an object of its own, without one it belongs to its parent.

    `joint` names it for gestures; it turns about `pivot`, by itself with `motion`: `rate` radians per own height of way
    (SPIN, SWING) or per second (SWAY), `swing` radians at most. `layer` moves it before (+) or behind (-) its thing.
    """

    outline: FloatArray
    texture: Texture
    label: str = ""
    joint: str = ""
    pivot: Point = (0.0, 0.0)
    motion: Motion = Motion.STILL
    rate: float = 0.0
    swing: float = 0.0
    layer: float = 0.0
    material: str = ""
    shape: str = ""
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Limb:
    """A node in its figure: `parent` is the index of the limb it hangs on, `label` that of its object in the figure."""

    node: Node
    parent: int | None
    label: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """An object of a figure: its node, `level` 1 (whole), 2 (part) or 3, `parent` the index of the whole."""

    node: Node
    level: int
    parent: int | None


@dataclass(frozen=True, eq=False)  # no slots: the flat lists are kept once computed
class Figure:
    """A kind of thing with its looks; `height` in frame heights where the ground is nearest."""

    root: Node
    family: Family
    height: float
    appearance_seed: int = 0

    @property
    def name(self) -> str:
        """What the whole is called."""
        return self.root.label

    @cached_property
    def limbs(self) -> tuple[Limb, ...]:
        """All nodes, parents first."""
        return self._flat[0]

    @cached_property
    def labelled(self) -> tuple[Labelled, ...]:
        """All objects, the whole first."""
        return self._flat[1]

    @property
    def half_width(self) -> float:
        """Half the extent in x over the height."""
        return max(float(np.abs(limb.node.outline[:, 0]).max()) for limb in self.limbs if len(limb.node.outline))

    def label_of(self, name: str) -> int | None:
        """The index of the first object called `name`, None when there is none."""
        return next((i for i, part in enumerate(self.labelled) if part.node.label == name), None)

    @cached_property
    def _flat(self) -> tuple[tuple[Limb, ...], tuple[Labelled, ...]]:
        limbs: list[Limb] = []
        labelled: list[Labelled] = []

        def visit(node: Node, parent: int | None, owner: int | None) -> None:
            if node.label:
                level = 1 if owner is None else labelled[owner].level + 1
                labelled.append(Labelled(node, level, owner))
                owner = len(labelled) - 1
            limbs.append(Limb(node, parent, owner or 0))
            here = len(limbs) - 1
            for child in node.children:
                visit(child, here, owner)

        visit(self.root, None, None)
        return tuple(limbs), tuple(labelled)


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """Where figures get their surfaces: the pattern contrast, and the background's colours to hide among."""

    rng: np.random.Generator
    contrast: float
    camouflage: float
    background: tuple[str, ...] = ()
    outdoor: bool = True

    def texture(self, colors: Sequence[str] = (), *, pattern: Pattern | None = None, grain: float = 0.12) -> Texture:
        """A surface in one of `colors` (any when empty; then it may take one of the background's)."""
        names = tuple(colors) or tuple(COLORS)
        if not colors and self.background and self.rng.random() < self.camouflage:
            names = self.background
        return make_texture(self.rng, str(self.rng.choice(names)), contrast=self.contrast, pattern=pattern, grain=grain)

    def plain(self, color: str) -> Texture:
        """An even surface."""
        return make_texture(self.rng, color, contrast=0.1, pattern=Pattern.PLAIN, grain=0.05)

    def figure(self, root: Node, family: Family, *, height: float) -> Figure:
        """A figure whose appearance is its own."""
        scale = self.rng.uniform(0.88, 1.12)
        return Figure(root, family, height * scale, int(self.rng.integers(2**31)))


Builder = Callable[[Wardrobe], Figure]
"""Makes a figure with looks of the wardrobe's choosing."""

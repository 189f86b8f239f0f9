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
from svg2_assets.synthetic.geometry import Point, box, ellipse, polygon
from svg2_assets.synthetic.textures import COLORS, Pattern, Texture, make_texture

SKIN: tuple[str, ...] = ("pink", "brown", "orange")
SHOULDER: Point = (0.0, -0.72)
ARM_LENGTH = 0.32


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


def make_person(wardrobe: Wardrobe) -> Figure:
    """A person in profile: head (with hat, half of the time), arm; legs that walk."""
    rng = wardrobe.rng
    skin, trousers, shirt = wardrobe.plain(str(rng.choice(SKIN))), wardrobe.texture(), wardrobe.texture()
    name = str(rng.choice(("person", "man", "woman", "child")))
    torso = polygon((-0.12, -0.8), (0.1, -0.8), (0.12, -0.6), (0.1, -0.42), (-0.1, -0.42), (-0.13, -0.6))
    children = (
        _leg(trousers.shaded(0.75), swing=0.5, layer=-0.002),
        _leg(trousers, swing=-0.5, layer=-0.001),
        _head(wardrobe, skin),
        _arm(shirt.shaded(0.8), skin),
    )
    root = Node(torso, shirt, label=name, joint="torso", material="fabric", children=children)
    return wardrobe.figure(root, Family.PERSON, height=0.3 if name == "child" else 0.42)


def make_dog(wardrobe: Wardrobe) -> Figure:
    """A four-legged animal: head with an ear, tail; legs that walk."""
    coat = wardrobe.texture(("brown", "black", "white", "orange", "gray"))
    name = str(wardrobe.rng.choice(("dog", "cat", "sheep", "rabbit")))
    long = 0.9 if name == "dog" else 0.7
    children = (
        *(_paw(coat, x * long, swing) for x, swing in ((-0.52, 0.5), (-0.4, -0.5), (0.3, 0.5), (0.42, -0.5))),
        _tail(coat, x=-0.62 * long),
        _muzzle(wardrobe, coat, x=0.55 * long),
    )
    body = ellipse(0, -0.5, 0.62 * long, 0.27)
    root = Node(body, coat, label=name, joint="torso", material="fur", children=children)
    return wardrobe.figure(root, Family.ANIMAL, height=0.2 if name in {"dog", "sheep"} else 0.15)


def make_horse(wardrobe: Wardrobe) -> Figure:
    """A large animal that people ride."""
    coat = wardrobe.texture(("brown", "black", "white", "gray"))
    neck = polygon((0.3, -0.55), (0.42, -0.95), (0.56, -0.92), (0.52, -0.5))
    children = (
        *(_paw(coat, x, swing, top=-0.5) for x, swing in ((-0.45, 0.4), (-0.33, -0.4), (0.28, 0.4), (0.4, -0.4))),
        _tail(coat, x=-0.5),
        Node(neck, coat.shaded(0.9), children=(_horse_head(wardrobe, coat),)),
    )
    root = Node(ellipse(0, -0.55, 0.52, 0.2), coat, label="horse", joint="torso", material="fur", children=children)
    return wardrobe.figure(root, Family.ANIMAL, height=0.36)


def make_car(wardrobe: Wardrobe) -> Figure:
    """A car: two wheels with hubcaps, a window."""
    paint = wardrobe.texture()
    body = polygon(
        (-1.1, -0.2), (-1.1, -0.55), (-0.7, -0.6), (-0.45, -1.0), (0.35, -1.0), (0.65, -0.6), (1.1, -0.5), (1.1, -0.2)
    )
    glass = polygon((-0.55, -0.6), (-0.38, -0.92), (0.28, -0.92), (0.5, -0.6))
    children = (_window(wardrobe, glass), _wheel(wardrobe, -0.65, 0.22), _wheel(wardrobe, 0.65, 0.22))
    root = Node(body, paint, label="car", material="metal", children=children)
    return wardrobe.figure(root, Family.VEHICLE, height=0.2)


def make_truck(wardrobe: Wardrobe) -> Figure:
    """A truck or bus: a long box with a window and two wheels."""
    name = str(wardrobe.rng.choice(("truck", "bus")))
    body = polygon((-1.2, -0.15), (-1.2, -1.0), (1.0, -1.0), (1.2, -0.5), (1.2, -0.15))
    front, x0 = box(0.55, -0.85, 1.0, -0.5), -1.05 if name == "bus" else 0.55
    glass = front if name == "truck" else box(x0, -0.85, 0.95, -0.55)
    children = (_window(wardrobe, glass), _wheel(wardrobe, -0.75, 0.18), _wheel(wardrobe, 0.75, 0.18))
    root = Node(body, wardrobe.texture(), label=name, material="metal", children=children)
    return wardrobe.figure(root, Family.VEHICLE, height=0.3)


def make_trailer(wardrobe: Wardrobe) -> Figure:
    """What a truck tows: an open box on one wheel."""
    body = polygon((-0.9, -0.25), (-0.9, -1.0), (0.9, -1.0), (0.9, -0.3), (1.25, -0.25), (1.25, -0.2), (0.9, -0.2))
    root = Node(body, wardrobe.texture(), label="trailer", material="metal", children=(_wheel(wardrobe, -0.2, 0.26),))
    return wardrobe.figure(root, Family.VEHICLE, height=0.16)


def make_bird(wardrobe: Wardrobe) -> Figure:
    """A bird: a wing that flaps."""
    coat = wardrobe.texture(("white", "black", "blue", "red", "gray"))
    body = polygon((-0.9, -0.6), (-0.3, -0.75), (0.4, -0.8), (0.75, -0.62), (0.4, -0.4), (-0.2, -0.4))
    beak = Node(polygon((0.68, -0.68), (0.98, -0.58), (0.68, -0.55)), wardrobe.plain("orange"))
    feather = polygon((-0.25, -0.62), (0.25, -0.62), (0.0, 0.05), (-0.35, 0.1))
    wing = Node(
        feather,
        coat.shaded(0.6),
        label="wing",
        joint="wing",
        pivot=(0, -0.62),
        motion=Motion.SWAY,
        rate=14,
        swing=1.2,
    )
    return wardrobe.figure(
        Node(body, coat, label="bird", material="feathers", children=(beak, wing)), Family.FLYER, height=0.09
    )


def make_balloon(wardrobe: Wardrobe) -> Figure:
    """A balloon with its basket."""
    basket = Node(box(-0.16, -0.2, 0.16, 0), wardrobe.texture(("brown", "orange")), label="basket", material="wicker")
    ropes = Node(polygon((-0.3, -0.45), (0.3, -0.45), (0.1, -0.15), (-0.1, -0.15)), wardrobe.plain("gray"))
    hull = ellipse(0, -0.65, 0.42, 0.36)
    root = Node(hull, wardrobe.texture(), label="balloon", material="fabric", shape="round", children=(ropes, basket))
    return wardrobe.figure(root, Family.FLYER, height=0.2)


def make_ball(wardrobe: Wardrobe) -> Figure:
    """A ball that rolls."""
    root = Node(
        ellipse(0, -0.5, 0.5, 0.5),
        wardrobe.texture(),
        label="ball",
        pivot=(0, -0.5),
        motion=Motion.SPIN,
        rate=2.0,
        material="rubber",
        shape="round",
    )
    return wardrobe.figure(root, Family.ITEM, height=0.075)


def make_cup(wardrobe: Wardrobe) -> Figure:
    """A cup with its handle."""
    handle = Node(
        polygon((0.3, -0.8), (0.62, -0.75), (0.62, -0.3), (0.3, -0.25), (0.3, -0.4), (0.48, -0.45), (0.48, -0.62)),
        wardrobe.texture(),
        label="handle",
    )
    wall = polygon((-0.36, -1.0), (0.36, -1.0), (0.28, 0.0), (-0.28, 0.0))
    root = Node(wall, wardrobe.texture(), label="cup", material="ceramic", children=(handle,))
    return wardrobe.figure(root, Family.ITEM, height=0.08)


def make_bag(wardrobe: Wardrobe) -> Figure:
    """A handbag with a pocket."""
    pocket = Node(box(-0.25, -0.42, 0.25, -0.1), wardrobe.texture(), label="pocket", material="fabric")
    strap = Node(
        polygon((-0.3, -0.65), (-0.12, -1.0), (0.12, -1.0), (0.3, -0.65), (0.2, -0.65), (0, -0.88), (-0.2, -0.65)),
        wardrobe.plain("brown"),
    )
    root = Node(
        polygon((-0.42, -0.7), (0.42, -0.7), (0.5, 0), (-0.5, 0)),
        wardrobe.texture(),
        label="handbag",
        material="leather",
        children=(strap, pocket),
    )
    return wardrobe.figure(root, Family.ITEM, height=0.11)


def make_pebble(wardrobe: Wardrobe) -> Figure:
    """Something small without parts: a stone, a bottle, a book."""
    name = str(wardrobe.rng.choice(("stone", "bottle", "book", "pumpkin")))
    half_bottle = ((0.18, 0), (0.18, -0.6), (0.08, -0.75), (0.08, -1))
    outline = {
        "stone": polygon((-0.6, 0), (-0.7, -0.5), (-0.2, -1.0), (0.4, -0.9), (0.75, -0.3), (0.5, 0)),
        "bottle": polygon(*half_bottle, *((-x, y) for x, y in reversed(half_bottle))),
        "book": box(-0.4, -1.0, 0.4, 0),
        "pumpkin": ellipse(0, -0.5, 0.6, 0.5),
    }[name]
    root = Node(outline, wardrobe.texture(), label=name, shape="round" if name == "pumpkin" else "")
    return wardrobe.figure(root, Family.ITEM, height=0.075)


def make_box(wardrobe: Wardrobe) -> Figure:
    """An open container: a dark back and a front between which things stand; on the front a label."""
    name = str(wardrobe.rng.choice(("box", "basket", "bin")))
    side = wardrobe.texture(("brown", "gray", "blue", "orange", "green"))
    sticker = Node(box(-0.22, -0.62, 0.22, -0.3), wardrobe.texture(), label="label", layer=0.0062)
    front = Node(
        polygon((-0.62, -0.88), (0.62, -0.88), (0.56, 0.0), (-0.56, 0.0)), side, layer=0.006, children=(sticker,)
    )
    back = polygon((-0.62, -0.9), (-0.55, -1.0), (0.55, -1.0), (0.62, -0.9), (0.6, -0.4), (-0.6, -0.4))
    root = Node(back, side.shaded(0.4), label=name, layer=-0.006, material="wood", children=(front,))
    return wardrobe.figure(root, Family.CONTAINER, height=0.2)


def make_table(wardrobe: Wardrobe) -> Figure:
    """A table or bench: a top on two legs."""
    wood = wardrobe.texture(("brown", "white", "gray", "orange"), pattern=Pattern.STRIPED)
    name = str(wardrobe.rng.choice(("table", "bench", "desk")))
    legs = tuple(Node(box(x, -0.85, x + 0.14, 0), wood.shaded(0.7), label="leg") for x in (-0.95, 0.81))
    root = Node(box(-1.1, -1.0, 1.1, -0.8), wood, label=name, material="wood", children=legs)
    return wardrobe.figure(root, Family.SURFACE, height=0.22)


def make_tree(wardrobe: Wardrobe) -> Figure:
    """A tree: crown (the whole's own pixels) and trunk."""
    trunk = Node(box(-0.07, -0.55, 0.07, 0), wardrobe.plain("brown"), label="trunk", layer=-0.001, material="wood")
    rng = wardrobe.rng
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = 1 + 0.12 * np.sin(5 * turn + rng.uniform(0, 6)) + 0.06 * np.sin(9 * turn)
    crown = np.stack((0.36 * radius * np.cos(turn), -0.66 + 0.31 * radius * np.sin(turn)), axis=1)
    leaves = wardrobe.texture(("green", "teal", "orange"), pattern=Pattern.SPOTTED, grain=0.3)
    return wardrobe.figure(Node(crown, leaves, label="tree", children=(trunk,)), Family.OCCLUDER, height=0.75)


def make_post(wardrobe: Wardrobe) -> Figure:
    """A thin occluder: a lamp post with its lamp."""
    shade = polygon((-0.03, -1), (0.16, -1.0), (0.16, -0.94), (-0.03, -0.95))
    lamp = Node(shade, wardrobe.plain("yellow"), label="lamp")
    iron = wardrobe.texture(("black", "gray", "green"))
    name = "lamppost" if wardrobe.outdoor else "floor lamp"
    root = Node(box(-0.022, -1.0, 0.022, 0), iron, label=name, material="metal", children=(lamp,))
    return wardrobe.figure(root, Family.OCCLUDER, height=0.8)


def make_hedge(wardrobe: Wardrobe) -> Figure:
    """A large occluder: a hedge, a wall, a sign."""
    name = str(wardrobe.rng.choice(("hedge", "billboard", "crate") if wardrobe.outdoor else ("cupboard", "crate")))
    colors = ("green", "teal") if name == "hedge" else ("brown", "gray", "white", "blue")
    x = np.linspace(-0.62, 0.62, 14)
    top = -1 + (0.05 * np.sin(9 * x) if name == "hedge" else 0 * x)
    outline = np.concatenate((np.stack((x, top), axis=1), polygon((0.62, 0), (-0.62, 0))))
    surface = wardrobe.texture(colors, grain=0.25 if name == "hedge" else 0.1)
    return wardrobe.figure(Node(outline, surface, label=name), Family.OCCLUDER, height=0.34)


def make_fence(wardrobe: Wardrobe) -> Figure:
    """Thin bars through which one sees."""
    wood = wardrobe.texture(("white", "brown", "black"), pattern=Pattern.PLAIN)
    bars = tuple(Node(box(x - 0.045, -1.0, x + 0.045, 0), wood) for x in np.linspace(-1.25, 1.25, 7))
    root = Node(box(-1.3, -0.82, 1.3, -0.72), wood.shaded(0.85), label="fence", material="wood", children=bars)
    return wardrobe.figure(root, Family.OCCLUDER, height=0.3)


def make_house(wardrobe: Wardrobe) -> Figure:
    """A large thing others pass in front of: door with a handle, window."""
    knob = Node(ellipse(0.06, -0.22, 0.025, 0.025, corners=8), wardrobe.plain("yellow"), label="handle")
    door = Node(box(-0.1, -0.42, 0.1, 0), wardrobe.texture(("brown", "red", "blue")), label="door", children=(knob,))
    pane = Node(box(0.25, -0.45, 0.45, -0.25), wardrobe.plain("teal"), label="window", material="glass")
    roof = Node(
        polygon((-0.7, -0.6), (0, -1.0), (0.7, -0.6)), wardrobe.texture(("red", "brown", "black")), label="roof"
    )
    root = Node(box(-0.6, -0.62, 0.6, 0), wardrobe.texture(), label="house", children=(roof, door, pane))
    return wardrobe.figure(root, Family.OCCLUDER, height=0.7)


PARTED: tuple[Builder, ...] = (make_person, make_person, make_dog, make_car, make_truck, make_horse, make_table)
PLAIN: tuple[Builder, ...] = (make_ball, make_pebble, make_hedge, make_pebble)
SMALL: tuple[Builder, ...] = (make_ball, make_cup, make_bag, make_pebble, make_bird)
ITEMS: tuple[Builder, ...] = (make_cup, make_bag, make_pebble, make_ball)
FLYERS: tuple[Builder, ...] = (make_bird, make_bird, make_balloon)
OCCLUDERS: tuple[Builder, ...] = (make_tree, make_post, make_post, make_hedge, make_fence)
OUTDOOR = frozenset(
    {make_horse, make_car, make_truck, make_trailer, make_bird, make_balloon, make_tree, make_fence, make_house}
)
"""What is not found in rooms."""


def _leg(texture: Texture, *, swing: float, layer: float) -> Node:
    leg = box(-0.055, -0.46, 0.055, -0.02)
    shoe = Node(polygon((-0.06, -0.05), (0.1, -0.04), (0.11, 0.0), (-0.06, 0.0)), texture.shaded(0.3))
    return Node(
        leg,
        texture,
        joint="leg" if swing < 0 else "back leg",
        pivot=(0, -0.44),
        motion=Motion.SWING,
        rate=7,
        swing=swing,
        layer=layer,
        children=(shoe,),
    )


def _arm(sleeve: Texture, skin: Texture) -> Node:
    hand = Node(ellipse(0, -0.4, 0.035, 0.035, corners=10), skin)
    limb = box(-0.035, -0.74, 0.035, -0.42)
    return Node(
        limb,
        sleeve,
        label="arm",
        joint="arm",
        pivot=SHOULDER,
        motion=Motion.SWING,
        rate=7,
        swing=0.35,
        layer=0.004,
        children=(hand,),
    )


def _head(wardrobe: Wardrobe, skin: Texture) -> Node:
    """In profile: the nose shows where it looks, the mouth opens when it talks."""
    hair = wardrobe.plain(str(wardrobe.rng.choice(("black", "brown", "yellow", "orange"))))
    features = (
        Node(polygon((-0.09, -0.96), (0.05, -0.99), (0.03, -0.92), (-0.05, -0.84), (-0.1, -0.86)), hair),
        Node(polygon((0.075, -0.93), (0.12, -0.88), (0.07, -0.87)), skin),
        Node(ellipse(0.045, -0.915, 0.016, 0.016, corners=8), wardrobe.plain("black")),
        Node(ellipse(0.055, -0.845, 0.025, 0.014, corners=8), wardrobe.plain("red"), joint="mouth"),
    )
    hat = (_hat(wardrobe),) if wardrobe.rng.random() < 0.5 else ()
    return Node(
        ellipse(0, -0.9, 0.085, 0.1), skin, label="head", joint="head", pivot=(0, -0.82), children=(*features, *hat)
    )


def _hat(wardrobe: Wardrobe) -> Node:
    half = ((0.14, -0.93), (0.14, -0.96), (0.07, -0.97), (0.07, -1.07))
    brim = polygon(*half, *((-x, y) for x, y in reversed(half)))
    return Node(brim, wardrobe.texture(), label="hat", joint="hat", material="fabric")


def _paw(coat: Texture, x: float, swing: float, *, top: float = -0.4) -> Node:
    return Node(
        box(x - 0.06, top, x + 0.06, 0),
        coat.shaded(0.8),
        pivot=(x, top),
        motion=Motion.SWING,
        rate=4,
        swing=swing,
        layer=-0.001 if swing > 0 else 0.0,
    )


def _tail(coat: Texture, *, x: float) -> Node:
    outline = polygon((x, -0.62), (x - 0.3, -0.85), (x - 0.35, -0.75), (x + 0.05, -0.48))
    return Node(
        outline, coat.shaded(0.7), label="tail", joint="tail", pivot=(x, -0.55), motion=Motion.SWAY, rate=6, swing=0.35
    )


def _muzzle(wardrobe: Wardrobe, coat: Texture, *, x: float) -> Node:
    ear = Node(polygon((x - 0.12, -0.9), (x - 0.2, -0.55), (x - 0.02, -0.75)), coat.shaded(0.5), label="ear")
    eye = Node(ellipse(x + 0.06, -0.8, 0.03, 0.03, corners=8), wardrobe.plain("black"))
    nose = Node(polygon((x + 0.12, -0.78), (x + 0.36, -0.68), (x + 0.12, -0.58)), coat.shaded(1.15))
    return Node(
        ellipse(x, -0.74, 0.2, 0.22),
        coat.shaded(0.95),
        label="head",
        joint="head",
        pivot=(x - 0.1, -0.6),
        children=(nose, ear, eye),
    )


def _horse_head(wardrobe: Wardrobe, coat: Texture) -> Node:
    face = polygon((0.4, -0.98), (0.5, -1.0), (0.76, -0.78), (0.72, -0.7), (0.5, -0.8))
    eye = Node(ellipse(0.54, -0.88, 0.02, 0.02, corners=8), wardrobe.plain("black"))
    return Node(face, coat, label="head", joint="head", pivot=(0.48, -0.9), children=(eye,))


def _window(wardrobe: Wardrobe, outline: FloatArray) -> Node:
    glass = wardrobe.plain(str(wardrobe.rng.choice(("teal", "black", "white"))))
    return Node(outline, glass, label="window", material="glass")


def _wheel(wardrobe: Wardrobe, x: float, radius: float) -> Node:
    """A tyre that turns; the spokes of its hubcap show it."""
    turn = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    star = np.where(np.arange(10) % 2, 0.3, 0.62) * radius
    spokes = np.stack((x + star * np.cos(turn), -radius + star * np.sin(turn)), axis=1)
    hub = Node(spokes, wardrobe.plain(str(wardrobe.rng.choice(("gray", "white", "yellow")))), label="hubcap")
    return Node(
        ellipse(x, -radius, radius, radius, corners=16),
        wardrobe.plain("black"),
        label="wheel",
        pivot=(x, -radius),
        motion=Motion.SPIN,
        rate=1 / radius,
        material="rubber",
        shape="round",
        children=(hub,),
    )

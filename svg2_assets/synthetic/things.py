"""Vehicles, items, furniture and scenery; which figures a script chooses from. Coordinates are those of `figures`."""

from __future__ import annotations

import numpy as np

from svg2_assets.scene.masks import FloatArray
from svg2_assets.synthetic.creatures import make_bird, make_dog, make_horse, make_person
from svg2_assets.synthetic.figures import Builder, Family, Figure, Motion, Node, Wardrobe
from svg2_assets.synthetic.geometry import box, ellipse, polygon
from svg2_assets.synthetic.textures import Pattern


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

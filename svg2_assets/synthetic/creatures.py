"""People and animals: figures that walk, fly, hold and look. Coordinates are those of `figures`."""

from __future__ import annotations

from svg2_assets.synthetic.figures import Family, Figure, Motion, Node, Wardrobe
from svg2_assets.synthetic.geometry import Point, box, ellipse, polygon
from svg2_assets.synthetic.textures import Texture

SKIN: tuple[str, ...] = ("pink", "brown", "orange")
SHOULDER: Point = (0.0, -0.72)
ARM_LENGTH = 0.32


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

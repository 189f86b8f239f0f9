"""Measured statements as typed attributes of a named thing; never two that contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from svg2_assets.descriptions.colours import COLOURS, DARK
from svg2_assets.descriptions.facts import Claim, Region, Statement
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import AttributeType, is_animate, is_person

# A bare arm or face has these colours as often as a shirt has.
SKIN = frozenset({"beige", "pink", "orange"})
_POSITIONS = frozenset(
    {"left", "right", "top", "bottom", "center", "top left", "top right", "bottom left", "bottom right"}
)
_SIDES = ("left", "right", "top", "bottom")
_PASSAGES = frozenset({*(f"enters from the {s}" for s in _SIDES), *(f"leaves to the {s}" for s in _SIDES)})
_KNOWN: dict[Claim, frozenset[str]] = {
    Claim.COLOR: frozenset({*COLOURS, DARK}),
    Claim.SIZE: frozenset({"small", "large"}),
    Claim.POSITION: _POSITIONS,
    Claim.MOTION: frozenset({"moving", "moving fast", "still"}),
    Claim.PASSAGE: _PASSAGES,
    Claim.SHAPE: frozenset({"round", "elongated"}),
}
_WORN = {Region.UPPER: "wearing a {} top", Region.LOWER: "wearing {} bottoms", Region.WHOLE: "wearing {}"}
_DRESS = frozenset({AttributeType.COLOR, AttributeType.CLOTHING, AttributeType.SHAPE})
"""Types whose wording depends on what the thing is called."""


def attributes_of(name: str, statements: Sequence[Statement]) -> tuple[Attribute, ...]:
    """The attributes of something called `name`. Values outside the closed vocabulary of facts are left out."""
    known = _best([s for s in statements if s.value in _KNOWN[s.kind]])
    found: list[Attribute] = []
    for statement in known:
        attribute = _attribute(name, statement, known)
        if attribute is not None:
            found.append(attribute)
    return tuple(found)


def renamed(attributes: Iterable[Attribute], *, old: str, new: str) -> tuple[Attribute, ...]:
    """The attributes that stay true when `old` turns out to be only a `new`: what was worded for the old name goes."""
    if is_person(old) == is_person(new) and is_animate(old) == is_animate(new):
        return tuple(attributes)
    return tuple(a for a in attributes if a.type not in _DRESS)


def _best(statements: Sequence[Statement]) -> list[Statement]:
    """One statement a kind and region, the surest; every passage, of which an object can have two."""
    kept: dict[tuple[Claim, Region, str], Statement] = {}
    for s in statements:
        key = (s.kind, s.region, s.value.split()[0] if s.kind is Claim.PASSAGE else "")
        if key not in kept or s.confidence > kept[key].confidence:
            kept[key] = s
    return list(kept.values())


def _attribute(name: str, s: Statement, among: Sequence[Statement]) -> Attribute | None:
    if s.kind is Claim.COLOR:
        return _clothing(s, among) if is_person(name) else _color(s)
    if s.kind is Claim.SHAPE and is_animate(name):
        return None
    kind, text = {
        Claim.SIZE: (AttributeType.SIZE, f"{s.value} in the frame"),
        Claim.POSITION: (AttributeType.POSITION, _place(s.value)),
        Claim.MOTION: (AttributeType.MOTION, s.value),
        Claim.PASSAGE: (AttributeType.STATE, s.value.replace(" ", " the frame ", 1)),
        Claim.SHAPE: (AttributeType.SHAPE, s.value),
    }[s.kind]
    return Attribute(text, kind, s.confidence)


def _color(s: Statement) -> Attribute | None:
    return Attribute(s.value, AttributeType.COLOR, s.confidence) if s.region is Region.WHOLE else None


def _clothing(s: Statement, among: Sequence[Statement]) -> Attribute | None:
    halves = any(o.kind is Claim.COLOR and o.region is not Region.WHOLE for o in among)
    if s.value in SKIN or (s.region is Region.WHOLE and halves):
        return None
    return Attribute(_WORN[s.region].format(s.value), AttributeType.CLOTHING, s.confidence)


def _place(position: str) -> str:
    return "in the center of the frame" if position == "center" else f"at the {position} of the frame"

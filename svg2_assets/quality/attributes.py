"""Attributes of one object that exclude each other, type by type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from svg2_assets.scene.taxonomy import AttributeType

OPPOSITES: Mapping[AttributeType, Sequence[tuple[frozenset[str], frozenset[str]]]] = {
    kind: [(frozenset(a.split("|")), frozenset(b.split("|"))) for a, b in sides]
    for kind, sides in {
        AttributeType.SIZE: [
            ("large|big|huge|very large", "small|little|tiny|very small"),
            ("tall|long", "short"),
            ("wide|thick", "narrow|thin"),
        ],
        AttributeType.MOTION: [
            ("moving|walking|running|driving|flying", "still|stationary|motionless|static|not moving"),
            ("fast|moving fast", "slow|moving slowly"),
            ("moving left", "moving right"),
            ("moving up", "moving down"),
        ],
        AttributeType.POSE: [
            ("standing|upright", "sitting|seated|lying|lying down"),
            ("sitting|seated", "lying|lying down"),
        ],
        AttributeType.POSITION: [
            ("left|top left|bottom left", "right|top right|bottom right"),
            ("top|top left|top right", "bottom|bottom left|bottom right"),
            ("foreground", "background"),
        ],
        AttributeType.STATE: [
            ("open|opened", "closed|shut"),
            ("on|lit|turned on", "off|unlit|turned off"),
            ("empty", "full|filled"),
            ("wet", "dry"),
            ("clean", "dirty|soiled"),
            ("broken|damaged|cracked", "intact|undamaged"),
            ("folded", "unfolded|spread out"),
            ("ripe", "unripe"),
            ("transparent|see-through", "opaque"),
        ],
        AttributeType.SHAPE: [
            ("round|circular|spherical", "square|rectangular|cubic|triangular"),
            ("flat", "spherical|bulging"),
            ("straight", "curved|bent"),
        ],
        AttributeType.PATTERN: [
            ("plain|solid|solid-colored|unpatterned", "striped|checkered|checked|dotted|spotted|patterned|floral"),
        ],
    }.items()
}
"""Per attribute type, pairs of sets of values that one object cannot have both of, over its whole trajectory."""

MATERIALS: Mapping[str, str] = {
    word: material
    for material, words in {
        "wood": "wood|wooden|timber",
        "metal": "metal|metallic|steel|iron|aluminium|aluminum|chrome",
        "glass": "glass",
        "plastic": "plastic",
        "stone": "stone|concrete|brick|marble",
        "fabric": "fabric|cloth|cotton|denim|woven|knitted|wool|woollen|woolen|textile",
        "leather": "leather",
        "paper": "paper|cardboard",
        "ceramic": "ceramic|porcelain|clay",
        "rubber": "rubber",
        "fur": "fur|furry|feathers|feathered",
        "plant": "leafy|grassy|vegetation",
        "water": "water|liquid",
    }.items()
    for word in words.split("|")
}
"""A value that names a single material -> the material. `wood and metal` or `metal frame` name none alone."""

_FRAMING = re.compile(r"^(?:at|on|in) the | (?:of|in) the (?:frame|picture|image|video)$| side$")
"""Words around a size or position that do not change it: `at the left of the frame` is `left`."""
_IN_THE_FRAME = frozenset({AttributeType.SIZE, AttributeType.POSITION})

Attributes = Sequence[Mapping[str, Any]]
"""Attributes as the store holds them: `value`, `type`, `confidence`."""


def opposed(attributes: Attributes) -> Iterator[tuple[AttributeType, str, str]]:
    """Each pair of values that exclude each other, with their type."""
    for kind, pairs in OPPOSITES.items():
        values = values_of(attributes, kind)
        for one, other in pairs:
            if values & one and values & other:
                yield kind, min(values & one), min(values & other)


def materials_of(attributes: Attributes) -> list[str]:
    """The different single materials that are claimed, sorted."""
    return sorted({MATERIALS[v] for v in values_of(attributes, AttributeType.MATERIAL) if v in MATERIALS})


def values_of(attributes: Attributes, kind: AttributeType) -> set[str]:
    """The values of one type in lower case, without words that only place them in the frame."""
    values = {(a["value"] or "").strip().lower() for a in attributes if a["type"] == kind.value}
    return {_FRAMING.sub("", v) for v in values} if kind in _IN_THE_FRAME else values

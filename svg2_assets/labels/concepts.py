"""The names that may be given, from fine to coarse, and how each witness's vocabulary maps to them.

A concept is a lower-case singular name; its parent is what it certainly also is. Detectors speak the COCO-80 names,
which are concepts themselves; the classifier speaks ImageNet's, mapped by hand in `imagenet`.
"""

from __future__ import annotations

from collections.abc import Iterator

from svg2_assets.labels.imagenet import CONCEPT_OF
from svg2_assets.scene.taxonomy import PEOPLE, UNKNOWN_NAME

_CHILDREN = {
    "animal": "bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|rabbit|fish|monkey",
    "vehicle": "bicycle|car|motorcycle|airplane|bus|train|truck|boat",
    "vessel": "bottle|wine glass|cup|bowl|vase|kettle",
    "cup": "mug",
    "ball": "sports ball",
    "ball or disc": "ball|frisbee",
    "bag": "backpack|handbag|suitcase",
    "cutlery": "fork|knife|spoon",
    "fruit": "banana|apple|orange",
    "food": "fruit|sandwich|broccoli|carrot|hot dog|pizza|donut|cake",
    "furniture": "chair|couch|bed|bench|dining table",
}

PARENT: dict[str, str] = {child: parent for parent, line in _CHILDREN.items() for child in line.split("|")}
"""Concept to what it certainly also is."""

BALL_OR_DISC = "ball or disc"
"""What detectors confuse; a step on the way to `ball`, never a name."""

CLOTHES = "clothes"
"""What the classifier sees of people; never a name."""

UNSAYABLE = frozenset({BALL_OR_DISC, CLOTHES})

COCO = frozenset(
    """person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|stop sign
parking meter|bench|bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|backpack|umbrella|handbag
tie|suitcase|frisbee|skis|snowboard|sports ball|kite|baseball bat|baseball glove|skateboard|surfboard
tennis racket|bottle|wine glass|cup|fork|knife|spoon|bowl|banana|apple|sandwich|orange|broccoli|carrot
hot dog|pizza|donut|cake|chair|couch|potted plant|bed|dining table|toilet|tv|laptop|mouse|remote|keyboard
cell phone|microwave|oven|toaster|sink|refrigerator|book|clock|vase|scissors|teddy bear|hair drier
toothbrush""".replace("\n", "|").split("|")
)
"""What the detectors can say."""


def lineage(name: str) -> Iterator[str]:
    """`name`, its parent, and so on; never `object`."""
    at: str | None = name
    while at is not None and at != UNKNOWN_NAME:
        yield at
        at = PARENT.get(at)


def is_a(name: str, concept: str) -> bool:
    """Whether whatever is called `name` certainly is a `concept`; everything is an object."""
    if concept == UNKNOWN_NAME or (concept == "person" and name in PEOPLE):
        return True
    return concept in lineage(name)


def compatible(first: str, second: str) -> bool:
    """Whether both names can be true of one thing: one is the other, or coarser."""
    return is_a(first, second) or is_a(second, first)


def concept_of(name: str) -> str | None:
    """The concept that a witness means by `name`; None for words outside every vocabulary."""
    word = name.split(",")[0].strip().lower()
    if word in COCO or word in PARENT:
        return word
    return CONCEPT_OF.get(word)

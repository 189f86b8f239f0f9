"""Templates: how generated questions are put into words."""

from __future__ import annotations

from svg2_assets.evaluation.questions.values import CAMERA, Event
from svg2_assets.scene.taxonomy import INVERSES, SYMMETRIC, SYNONYMS, AttributeType, camera_name

ASKED_ATTRIBUTES = {
    AttributeType.COLOR: "color",
    AttributeType.MATERIAL: "material",
    AttributeType.PATTERN: "pattern",
    AttributeType.SHAPE: "shape",
}
"""Types that have a noun and one value that holds throughout. Sizes, poses and states are relative or change."""

_PLACES = frozenset({*INVERSES, *INVERSES.values(), *SYMMETRIC, *SYNONYMS, "attached to", "touching", "under"})


def tellable(predicate: str) -> bool:
    """Whether `predicate` can follow `is`: a participle (`looking at`) or a place (`on`)."""
    return predicate in _PLACES or predicate.split(" ")[0].endswith("ing")


def existence(name: str) -> str:
    """Whether something is there; `any` suits what can be counted and what cannot."""
    return f"Is any {name} to be seen in the video?"


def count(name: str) -> str:
    """How many there are."""
    return f'How many different things in the video are each called "{name}"?'


def attribute(name: str, noun: str) -> str:
    """Which `noun` (color, ...) something has."""
    return f"What {noun} is the {name}?" if noun == "color" else f"What is the {noun} of the {name}?"


def relation(event: Event) -> str:
    """Whether a relation holds at any time."""
    return f"At any time in the video, is the {event.subject} {event.predicate} {_object(event)}?"


def object_of(event: Event) -> str:
    """What a relation holds to."""
    return f"At some time in the video the {event.subject} is {event.predicate} something. What is it?"


def order() -> str:
    """Which of two begins first; the options say which two."""
    return "Which of these begins first in the video?"


def sequence(later: Event, earlier: Event) -> str:
    """Whether one begins only after the other has ended."""
    return f"Does this: {clause(later)}, begin only after this has ended: {clause(earlier)}?"


def duration() -> str:
    """Which of two holds for longer; the options say which two."""
    return "Which of these lasts longer in the video, all its times together?"


def clause(event: Event) -> str:
    """A relation as an option: `the cup is on the table`."""
    return f"the {event.subject} is {event.predicate} {_object(event)}"


def _object(event: Event) -> str:
    return f"the {camera_name(event.predicate) if event.object == CAMERA else event.object}"

"""A question, the program that generated ones carry, and the facts that its answer rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from svg2_assets.scene.errors import Svg2Error

CAMERA = "@camera"
"""The camera as an end of an `Event`; no name begins so."""


class InvalidQuestions(Svg2Error, ValueError):
    """Questions, or graphs to answer them from, that cannot be used; the text says where, why and what to do."""


class QuestionType(StrEnum):
    """What a generated question asks."""

    EXISTENCE = "existence"
    """whether something is in the video"""
    COUNT = "count"
    ATTRIBUTE = "attribute"
    """which color, material, ... something has"""
    RELATION = "relation"
    """whether a relation holds at any time"""
    OBJECT = "object"
    """what a relation holds to"""
    ORDER = "order"
    """which of two relations begins first"""
    SEQUENCE = "sequence"
    """whether one relation begins only after another has ended"""
    DURATION = "duration"
    """which of two relations holds for longer"""


@dataclass(frozen=True, slots=True)
class Event:
    """A relation by the names of its ends; `object` is empty where it is asked for, `CAMERA` for the camera."""

    subject: str
    predicate: str
    object: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """What is to be looked up: `name` of a thing, `attribute` its type, `events` one or two relations."""

    type: QuestionType
    name: str = ""
    attribute: str = ""
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the truth graph says, by its ids: an object, an attribute of it, a relation.

    An object has neither `value` nor `object`; an attribute a `value`; a relation all three.
    """

    subject: int
    value: str = ""
    object: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one video with its right answer.

    `options`: what may be answered, the right one among them; none for an open question. `kinds`: by what scores are
    told apart, dimension -> its values. `program` and `needs` have generated questions alone: what is to be looked up,
    and the facts that suffice for it to come out right.
    """

    id: str
    video_id: str
    text: str
    answer: str
    options: tuple[str, ...] = ()
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    program: Program | None = None
    needs: tuple[Fact, ...] = ()

"""What TRASER is asked and what it answers: tasks, prompts, the chat around them, the text that is learned.

The wording, the chat and the answer's form are those that the released checkpoint was trained with; its instructions
are interface constants and stand here byte for byte. An answer counts time in whole numbers, both ends included;
`Clock` is the only place that knows what they mean in the half-open seconds of this project.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.masks import FloatArray
from svg2_assets.scene.spans import Span, Spans, runs
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.arrangement import Tokenizer
from svg2_assets.traser.presets import Prompting

SYSTEM = "You are a helpful assistant."
MOST_FRAMES = 128
"""Frames that the released code samples at most; its answers count them, not seconds, beyond."""


class Task(StrEnum):
    """What is asked for. Every task lists all objects."""

    SCENE_GRAPH = "scene_graph"
    RELATIONSHIPS = "relationships"
    ATTRIBUTES = "attributes"
    OBJECTS = "objects"

    @classmethod
    def of(cls, *, attributes: bool, relations: bool) -> Task:
        """The task whose answer tells these, beside the objects' names."""
        if attributes:
            return cls.SCENE_GRAPH if relations else cls.ATTRIBUTES
        return cls.RELATIONSHIPS if relations else cls.OBJECTS

    @property
    def tells_attributes(self) -> bool:
        """Whether the answer has them."""
        return self in {Task.SCENE_GRAPH, Task.ATTRIBUTES}

    @property
    def tells_relations(self) -> bool:
        """Whether the answer has them, where there are any."""
        return self in {Task.SCENE_GRAPH, Task.RELATIONSHIPS}


HEADS: Mapping[Task, str] = {
    Task.SCENE_GRAPH: "Output the Video Scene Graph",
    Task.RELATIONSHIPS: "List all objects and their relationships",
    Task.ATTRIBUTES: "List all objects and their attributes",
    Task.OBJECTS: "List all objects",
}
TAIL = " from the video and object trajectories:"


def instruction(task: Task, prompting: Prompting = Prompting.GITHUB) -> tuple[str, str]:
    """What the user says before and after the video."""
    head = HEADS[task]
    if prompting is Prompting.HUB:
        return head.replace("the Video", "the video") + TAIL + "\n", ""
    return head + TAIL + "\n", "\n"


def prompt_ids(
    task: Task, tokenizer: Tokenizer, *, prompting: Prompting = Prompting.GITHUB
) -> tuple[list[int], list[int]]:
    """Ids of the chat before and after the video, whose own span, marks included, is gone; the answer comes next."""
    before, after = instruction(task, prompting)
    start, end, say = tokenizer.marks.start, tokenizer.marks.end, tokenizer.encode
    opening = [start, *say(f"system\n{SYSTEM}"), end, *say("\n"), start, *say(f"user\n{before}")]
    closing = [*(say(after) if after else []), end, *say("\n"), start, *say("assistant\n")]
    return opening, closing


def answer_ids(text: str, tokenizer: Tokenizer) -> list[int]:
    """Ids of what is learned: the answer, the mark that ends it, and the newline after it."""
    return [*tokenizer.encode(text), tokenizer.marks.end, *tokenizer.encode("\n")]


@dataclass(frozen=True, slots=True)
class Thing:
    """An object as an answer has it: its number in the input, from 1, its name, its attributes."""

    number: int
    name: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """A relation as an answer has it, between the numbers of things; -1 is the camera."""

    subject: int
    predicate: str
    object: int
    spans: Spans

    @property
    def key(self) -> tuple[int, str, int]:
        """What makes two statements the same."""
        return self.subject, self.predicate, self.object


@dataclass(frozen=True, slots=True)
class Told:
    """All that an answer says of a clip."""

    things: tuple[Thing, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def task(self) -> Task:
        """The task whose answer this is."""
        return Task.of(attributes=any(t.attributes for t in self.things), relations=bool(self.statements))


def told_of(graph: SceneGraph, shown: Sequence[int]) -> Told:
    """What is to be said of `graph` when the objects with the ids `shown` are the input, in this order.

    They are numbered from 1 without gaps; relations with any other object go, those of the camera stay. `KeyError`
    for an id that the graph does not have.
    """
    number = {object_id: k for k, object_id in enumerate(shown, 1)} | {CAMERA_ID: CAMERA_ID}
    things = (graph.object(object_id) for object_id in shown)
    return Told(
        tuple(Thing(number[o.id], o.name, tuple(a.value for a in o.attributes)) for o in things),
        tuple(
            Statement(number[r.subject], r.predicate, number[r.object], r.spans)
            for r in graph.relations
            if r.subject in number and r.object in number
        ),
    )


def in_order(statements: Iterable[Statement]) -> list[Statement]:
    """Statements as an answer lists them, each (subject, predicate, object) once, with the spans of all its reports.

    By subject, then object, then when they begin, then predicate; the camera comes last, as its block does. One meaning
    has one text, and a writer that goes through the pairs in the order in which it read their objects knows from
    the last statement which pairs are left.
    """
    joined: dict[tuple[int, str, int], Spans] = {}
    for s in statements:
        joined[s.key] = joined[s.key] | s.spans if s.key in joined else s.spans
    found = [Statement(*key, spans) for key, spans in joined.items() if spans]
    return sorted(found, key=lambda s: (_rank(s.subject), _rank(s.object), s.spans.parts[0].start, s.predicate))


def _rank(number: int) -> float:
    return math.inf if number == CAMERA_ID else number


@dataclass(frozen=True, slots=True)
class Clock:
    """What the whole numbers of an answer stand for: i is `[i * unit, (i + 1) * unit)` of a clip, in seconds."""

    duration: float
    unit: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.duration) and self.duration > 0 and self.unit > 0):
            raise ValueError(f"a clip lasts longer than {self.duration} s, in units longer than {self.unit} s")

    @classmethod
    def of(cls, duration: float, *, true_times: bool) -> Clock:
        """Seconds. Where times are not true, they are the released code's: beyond 128 s its numbers are those of its
        128 frames (§10, §13 of the specification)."""
        if true_times or round(duration) <= MOST_FRAMES:
            return cls(duration)
        return cls(duration, duration / MOST_FRAMES)

    @property
    def count(self) -> int:
        """How many numbers there are, from 0; the last one's second may be cut by the clip's end."""
        return max(1, math.ceil(self.duration / self.unit - 1e-9))

    def numbers(self, spans: Spans) -> list[tuple[int, int]]:
        """First and last number of each run of numbers whose time `spans` cover for at least half (`Spans.cells`).

        They are off by at most half a unit for each number that a span's end falls into.
        """
        return runs(spans.cells(self.edges()))

    def span(self, first: float, last: float) -> Span | None:
        """The time of the numbers from `first` to `last`, both included, within the clip; None where there is none."""
        start, end = max(0.0, first * self.unit), min((last + 1) * self.unit, self.duration)
        return Span(start, end) if start < end else None

    def edges(self) -> FloatArray:
        """[count + 1] seconds: number i is `[edges[i], edges[i + 1])`."""
        return np.asarray(np.minimum(np.arange(self.count + 1) * self.unit, self.duration))


def target_text(told: Told, *, task: Task, clock: Clock) -> str:
    """The answer to learn: JSON as Python writes it, things by number, statements `in_order`.

    Statements that hold only after the clip's end are left out, and so is an empty list of relations.
    """
    target: dict[str, Any] = {"objects": [_entry(t, task) for t in sorted(told.things, key=lambda t: t.number)]}
    if task.tells_relations:
        cleaned = in_order(replace(s, predicate=_clean(s.predicate)) for s in told.statements)
        timed = [(s, [list(n) for n in clock.numbers(s.spans)]) for s in cleaned]
        relations = [[s.subject, s.predicate, s.object, numbers] for s, numbers in timed if numbers]
        if relations:
            target["relationships"] = relations
    return json.dumps(target, ensure_ascii=False)


def _entry(thing: Thing, task: Task) -> dict[str, Any]:
    entry: dict[str, Any] = {f"object {thing.number}": _clean(thing.name)}
    if task.tells_attributes:
        entry["attributes"] = list(dict.fromkeys(_clean(a) for a in thing.attributes))
    return entry


def _clean(text: str) -> str:
    return " ".join(text.split())

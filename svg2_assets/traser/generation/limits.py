"""What an answer about one clip may say: which numbers, how much, which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.text import Clock, Task

MOST_RELATIONS = 240


@dataclass(frozen=True)
class Limits:
    """What may be said in answer to `task` about `objects` objects of a clip that the clock gives `numbers` numbers.

    `most_characters` counts bytes. `names`, `attributes` and `predicates` are closed vocabularies where given.
    `shown` gives the first and last number of each object's presence: a relation then holds between the first and the
    last at which both are there, and only between objects for which there is such a time.
    Raises `ValueError` for what no answer could keep.
    """

    task: Task
    objects: int
    numbers: int
    camera_subject: bool = True
    camera_object: bool = True
    most_relations: int = MOST_RELATIONS
    most_spans: int = 16
    most_attributes: int = 16
    most_characters: int = 64
    names: Sequence[str] | None = None
    attributes: Sequence[str] | None = None
    predicates: Sequence[str] | None = None
    shown: Sequence[tuple[int, int]] | None = field(default=None)

    def __post_init__(self) -> None:
        if self.objects < 0 or self.numbers < 1 or min(self.most_spans, self.most_characters) < 1:
            raise ValueError(f"no answer keeps {self}")
        if self.shown is not None and len(self.shown) != self.objects:
            raise ValueError(f"{len(self.shown)} presences for {self.objects} objects")
        for words in (self.names, self.attributes, self.predicates):
            if words is not None:
                _check(words)

    @classmethod
    def of(cls, task: Task, objects: int, clock: Clock) -> Limits:
        """As many relations as nine in ten training samples have for this many objects, and some more."""
        return cls(task, objects, clock.count, most_relations=min(16 + 6 * objects, MOST_RELATIONS))

    @cached_property
    def partners(self) -> Mapping[int, tuple[int, ...]]:
        """Subject -> the objects that it may be related to; none is empty."""
        numbers = range(1, self.objects + 1)
        subjects = [*numbers, *([CAMERA_ID] if self.camera_subject else [])]
        objects = [*numbers, *([CAMERA_ID] if self.camera_object else [])]
        pairs = {s: tuple(o for o in objects if o != s and self.window(s, o)) for s in subjects}
        return {s: others for s, others in pairs.items() if others}

    def window(self, subject: int, target: int) -> tuple[int, int] | None:
        """First and last number at which a relation of the two may hold; None when it may at no time."""
        first, last = 0, self.numbers - 1
        for number in (subject, target):
            if number != CAMERA_ID and self.shown is not None:
                begin, end = self.shown[number - 1]
                first, last = max(first, begin), min(last, end)
        return (first, last) if first <= last else None


def _check(words: Sequence[str]) -> None:
    """A vocabulary has words, and they are plain: what a string of an answer may be."""
    wrong = [w for w in words if not w or '"' in w or "\\" in w or not w.isprintable() or " ".join(w.split()) != w]
    if wrong or not words or len(set(words)) < len(words):
        raise ValueError(f"a vocabulary has different, printable words without quotes; {wrong[:5] or 'it has not'}")

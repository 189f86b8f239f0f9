"""Why something did not become part of a sample, and how often: every filter counts here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """What happened to a video, object, attribute, mask, relation or span; the word before the colon says to which."""

    SAMPLE = "video: became a sample"
    NO_OBJECT = "video: holds no object"
    NONE_LEFT = "video: no object left"
    MASKS_END = "video: cut where its masks end"
    NO_FILE = "video: its file is not found"
    OTHER_SHAPE = "video: its file has another shape than its graph"
    OTHER_RATE = "video: its file has another frame rate than its graph"
    SHORTER = "video: its file ends before the masks of its graph"
    FILE_END = "video: cut where its file ends"
    NO_MASKS = "video: its graph has no masks"
    BOXES = "video: its graph has boxes in place of masks"

    OBJECT = "object: kept"
    VERDICT = "object: verification"
    NAMELESS = "object: name is empty"
    GENERIC = "object: name says nothing"
    GARBLED_NAME = "object: name is garbled"
    UNSEEN = "object: on no sampled frame"
    TOO_MANY = "object: beyond the most salient"

    DOUBT_MARK = "name: mark of doubt taken off"
    EXPLANATION = "name: explanation taken off"
    ALTERNATIVES = "name: alternatives taken off"

    WRONG_AREA = "mask: runs do not cover the frame"
    WRONG_SIZE = "mask: of another size than the video"

    ATTRIBUTE = "attribute: kept"
    ATTRIBUTE_TYPE = "attribute: type is not told"
    SUBJECTIVE = "attribute: subjective"
    GARBLED_ATTRIBUTE = "attribute: garbled"
    REPEATED_ATTRIBUTE = "attribute: repeated"
    ATTRIBUTE_IS_NAME = "attribute: says what the name says"
    UNSURE_ATTRIBUTE = "attribute: not sure enough"
    TOO_MANY_ATTRIBUTES = "attribute: beyond the surest"

    RELATION = "relation: kept"
    DROPPED_END = "relation: touches a dropped object"
    UNKNOWN_END = "relation: touches no known object"
    ITSELF = "relation: relates an object to itself"
    GARBLED_PREDICATE = "relation: predicate is garbled"
    NO_TIME = "relation: holds at no time"
    INSTANT = "relation: instantaneous act over the whole clip"
    REPEATED = "relation: repeated, spans united"
    MIRRORED = "relation: said from both ends, spans united"
    UNSURE = "relation: not sure enough"
    TOO_MANY_RELATIONS = "relation: beyond the most telling"

    NOT_A_NUMBER = "span: no number"
    REVERSED = "span: reversed"
    NO_LENGTH = "span: no length"
    OUTSIDE = "span: outside the video"
    CLIPPED = "span: clipped to the video"
    UNITED = "span: united with one that it meets"


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each reason occurred. Add them up; `note` counts."""

    by_reason: Counter[Reason] = field(default_factory=Counter)

    def note(self, reason: Reason, times: int = 1) -> None:
        """Count `reason`."""
        if times:
            self.by_reason[reason] += times

    def __getitem__(self, reason: Reason) -> int:
        return self.by_reason[reason]

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.by_reason + other.by_reason)

    def rows(self) -> list[tuple[str, str, int]]:
        """(what, reason, count) in the order of `Reason`, for a table."""
        found = [(reason, self.by_reason[reason]) for reason in Reason if self.by_reason[reason]]
        return [(*_halves(reason), count) for reason, count in found]

    def to_json(self) -> str:
        """As text; `Counts.of_json` reads it."""
        return json.dumps({reason.value: self.by_reason[reason] for reason in Reason if self.by_reason[reason]})

    @classmethod
    def of_json(cls, text: str | None) -> Counts:
        """What `to_json` wrote; reasons that are no longer known are left out."""
        known = {reason.value for reason in Reason}
        given: Mapping[str, int] = json.loads(text) if text else {}
        return cls(Counter({Reason(name): int(count) for name, count in given.items() if name in known}))


def _halves(reason: Reason) -> tuple[str, str]:
    what, _, why = reason.value.partition(": ")
    return what, why

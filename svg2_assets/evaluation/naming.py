"""Whether claimed names and attributes are right, judged against hand-labelled things.

A thing is tied to a trajectory by its boxes on anchor frames, or on frames between two anchors where boxes may be
interpolated. `object` is abstention and never wrong; any other name is right or wrong, nothing is left unjudged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from svg2_assets.evaluation.boxes import Box, box_containment, box_iou, interpolated
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, AttributeType
from svg2_assets.scene.trajectory import Trajectory

TIE_IOU = 0.3
PART_SHARE = 0.8
SAMPLES = 12
COLOR_WORDS = frozenset("black gray white brown beige red orange yellow green blue purple pink dark light".split())
SHADES = {"dark": frozenset({"black"}), "light": frozenset({"white", "beige"})}
"""Coarser words that are right wherever one of these colours is."""


class Judgement(StrEnum):
    """What is to be said of a claim."""

    RIGHT = "right"
    WRONG = "wrong"
    ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in a clip: names that are right, boxes by frame (several for things alike), right attribute values.

    `attributes` maps a heading (`colors`, `upper`, `lower`, `motion`, `shape`) to the values that are right.
    """

    what: str
    accept: frozenset[str]
    boxes: Mapping[int, tuple[Box, ...]]
    interpolate: bool = True
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def at(self, frame: int) -> tuple[Box, ...]:
        """Its boxes on `frame`; none where nothing is known."""
        if frame in self.boxes or not self.interpolate:
            return self.boxes.get(frame, ())
        box = interpolated({f: b[0] for f, b in self.boxes.items()}, frame)
        return () if box is None else (box,)


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the picture where small or numerous things of the accepted names are, on frames first to last."""

    what: str
    accept: frozenset[str]
    inside: Box
    frames: tuple[int, int]
    max_height: float = float("inf")

    def holds(self, box: Box, frame: int) -> bool:
        """Whether the centre of `box` lies inside and it is not too tall."""
        x, y, w, h = self.inside
        cx, cy = box[0] + box[2] / 2, box[1] + box[3] / 2
        shown = self.frames[0] <= frame <= self.frames[1] and box[3] <= self.max_height
        return shown and x <= cx <= x + w and y <= cy <= y + h


@dataclass(frozen=True, slots=True)
class ClipTruth:
    """What is to be seen in one clip."""

    things: tuple[Thing, ...]
    areas: tuple[Area, ...] = ()

    @property
    def anchors(self) -> frozenset[int]:
        """Frames on which a thing has a hand-drawn box."""
        return frozenset(f for t in self.things for f in t.boxes)


@dataclass(frozen=True, slots=True)
class JudgedName:
    """A judged name, and what the trajectory is tied to ("" for nothing that is labelled)."""

    name: str
    judgement: Judgement
    what: str


def tied_thing(trajectory: Trajectory, truth: ClipTruth, *, least_iou: float = TIE_IOU) -> Thing | None:
    """The thing that the trajectory overlaps on most of the frames looked at; None when on most it overlaps nothing."""
    looks = [_best_thing(box, frame, truth, least_iou) for frame, box in _looks(trajectory, truth)]
    named = Counter(t.what for t in looks if t is not None)
    if not named or 2 * sum(named.values()) < len(looks):
        return None
    winner = named.most_common(1)[0][0]
    return next(t for t in truth.things if t.what == winner)


def judge_name(name: str, trajectory: Trajectory, truth: ClipTruth) -> JudgedName:
    """Right when on at least half of the frames looked at the name fits what is there."""
    looks = _looks(trajectory, truth)
    fits = [_fits(name, box, frame, truth) for frame, box in looks]
    seen = Counter(what for _, what in fits if what)
    what = seen.most_common(1)[0][0] if seen else ""
    if name == UNKNOWN_NAME:
        return JudgedName(name, Judgement.ABSTAINED, what)
    right = bool(fits) and 2 * sum(ok for ok, _ in fits) >= len(fits)
    return JudgedName(name, Judgement.RIGHT if right else Judgement.WRONG, what)


def judge_attribute(attribute: Attribute, thing: Thing) -> Judgement | None:
    """Whether `attribute` is right of `thing`; None for a kind that the labels do not speak of."""
    heading, value = _heading(attribute)
    right = thing.attributes.get(heading)
    if right is None and heading == "colors":
        right = thing.attributes.get("upper", frozenset()) | thing.attributes.get("lower", frozenset())
    if not right or not value:
        return None
    return Judgement.RIGHT if value in right or SHADES.get(value, frozenset()) & right else Judgement.WRONG


def _heading(attribute: Attribute) -> tuple[str, str]:
    if attribute.type in {AttributeType.COLOR, AttributeType.CLOTHING}:
        words = re.findall(r"[a-z]+", attribute.value.lower().replace("grey", "gray"))
        colour = next((w for w in words if w in COLOR_WORDS), "")
        if "top" in words or "shirt" in words:
            return "upper", colour
        return ("lower", colour) if {"bottoms", "trousers"} & set(words) else ("colors", colour)
    return {AttributeType.MOTION: "motion", AttributeType.SHAPE: "shape"}.get(attribute.type, ""), attribute.value


def _looks(trajectory: Trajectory, truth: ClipTruth) -> list[tuple[int, Box]]:
    """Frames to judge on with the trajectory's box: anchors where it is visible, else evenly spaced ones."""
    frames = trajectory.frames
    positions: Sequence[int] = [i for i, f in enumerate(frames) if f in truth.anchors]
    if not positions:
        step = max(1, len(frames) // SAMPLES)
        positions = range(0, len(frames), step)
    return [(frames[i], trajectory.masks[i].box) for i in positions]


def _best_thing(box: Box, frame: int, truth: ClipTruth, least_iou: float) -> Thing | None:
    scored = [(_overlap(box, t.at(frame)), t) for t in truth.things]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= least_iou else None


def _overlap(box: Box, boxes: Sequence[Box]) -> float:
    return float(box_iou([box], boxes).max()) if boxes else 0.0


def _fits(name: str, box: Box, frame: int, truth: ClipTruth) -> tuple[bool, str]:
    """Whether `name` is right of what is in `box`, and what that is."""
    thing = _best_thing(box, frame, truth, TIE_IOU)
    if thing is not None and name in thing.accept:
        return True, thing.what
    area = next((a for a in truth.areas if name in a.accept and a.holds(box, frame)), None)
    if area is not None and (thing is None or _overlap(box, thing.at(frame)) < 0.5):
        return True, area.what
    if thing is not None:
        return False, thing.what
    whole = next((t for t in truth.things if _part_of(box, t.at(frame)) and name in t.accept), None)
    return (whole is not None), (f"part of {whole.what}" if whole else "")


def _part_of(box: Box, boxes: Sequence[Box]) -> bool:
    return bool(boxes) and float(box_containment([box], boxes).max()) >= PART_SHARE

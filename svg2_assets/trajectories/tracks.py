"""A track in the making: its boxes, its evidence, its masks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.protocols import Origin
from svg2_assets.trajectories.warping import KeyMask

Vector = npt.NDArray[np.float32]


class Life(Enum):
    """Where a track stands."""

    TENTATIVE = "tentative"
    LIVE = "live"
    ENDED = "ended"


@dataclass
class Evidence:
    """Running mean of class scores over looks; a look that saw nothing scores 0."""

    total: Vector | None = None
    looks: int = 0
    seen: int = 0

    def add(self, scores: Vector | None) -> None:
        """One look; None when nothing was there."""
        self.looks += 1
        if scores is not None:
            self.seen += 1
            self.total = scores.copy() if self.total is None else self.total + scores

    def join(self, other: Evidence) -> None:
        """Add the looks of `other`."""
        self.looks += other.looks
        self.seen += other.seen
        if other.total is not None:
            self.total = other.total if self.total is None else self.total + other.total

    def mean(self) -> Vector | None:
        """Mean scores over all looks."""
        return None if self.total is None or not self.looks else np.asarray(self.total / self.looks, np.float32)


@dataclass
class Hit:
    """A look at which the track had a box of its own."""

    frame: int
    score: float


@dataclass
class Track:
    """One candidate object. `boxes` holds a box for every look while it lives, seen or carried by flow."""

    id: int  # -1 until it is confirmed
    serial: int  # of its opening, confirmed or not
    born: int
    box: Box
    shot: int = 0
    origin: Origin = Origin.DISCOVERED
    life: Life = Life.TENTATIVE
    hits: list[Hit] = field(default_factory=list)
    boxes: dict[int, Box] = field(default_factory=dict)
    detector: Evidence = field(default_factory=Evidence)
    second: Evidence = field(default_factory=Evidence)
    appearance: Evidence = field(default_factory=Evidence)
    embedding: Vector | None = None
    last_look: int = -(10**9)
    colours: Vector | None = None
    crowded: bool = False  # another track covers it: flow and colours there may be the other's
    inertia: Box | None = None  # where its velocity takes it while it is not seen
    missed: int = 0  # looks in a row
    full_size: float = 0.0  # when nothing hides it; shrinks slowly
    birthplace: Vector | None = None  # its middle when it was opened
    anchor: Vector | None = None  # where the camera alone has taken its birthplace
    travel: float = 0.0  # furthest from its anchor, in own sizes: what moves by itself is a thing
    velocity: Vector = field(default_factory=lambda: np.zeros(2, np.float32))
    pace: float = 0.0  # pixels a frame whatever the direction: a ball that bounces is fast all the time
    key: KeyMask | None = None
    last_crop: int = -(10**9)
    unrest: float = 0.0
    rest_until: int = -1
    refused: int = 0
    followed: int = -1  # frame of the last key whose mask moved the box of a salient track
    twin_looks: int = 0
    emitted_to: int = -1
    masks: dict[int, Mask] = field(default_factory=dict)
    key_frames: list[int] = field(default_factory=list)

    @property
    def last_hit(self) -> int:
        """Frame of the last box of its own."""
        return self.hits[-1].frame if self.hits else self.born

    @property
    def peak(self) -> float:
        """Highest score of a hit."""
        return max((h.score for h in self.hits), default=0.0)

    @property
    def score(self) -> float:
        """Mean score of the hits."""
        return float(np.mean([h.score for h in self.hits])) if self.hits else 0.0

    def class_total(self) -> Vector | None:
        """Class scores of both detectors, summed."""
        first, second = self.detector.total, self.second.total
        if first is None or second is None:
            return first if second is None else second
        return first + second

    def best_class(self) -> int:
        """Index of the class with the most evidence; -1 without any."""
        total = self.class_total()
        return int(total.argmax()) if total is not None else -1

    def may_be(self, kinds: Collection[int]) -> bool:
        """Whether its class, or what the second detector most takes it for, is one of `kinds`."""
        second = int(self.second.total.argmax()) if self.second.total is not None else -1
        return self.best_class() in kinds or second in kinds

    def box_at(self, frame: int) -> Box:
        """The box on any frame of the track's life, between looks by interpolation."""
        if frame in self.boxes:
            return self.boxes[frame]
        frames = np.asarray(sorted(self.boxes))
        right = int(np.searchsorted(frames, frame))
        if right == 0:
            return self.boxes[int(frames[0])]
        if right == len(frames):
            return self.boxes[int(frames[-1])]
        low, high = int(frames[right - 1]), int(frames[right])
        share = np.float32((frame - low) / (high - low))
        return np.asarray(self.boxes[low] * (1 - share) + self.boxes[high] * share, dtype=np.float32)

    def note_travel(self, parallax: float) -> None:
        """Measure how far it has come by itself; a share `parallax` of the camera's way counts as uncertain."""
        if self.birthplace is None or self.anchor is None:
            return
        away, camera = geometry.centre(self.box) - self.anchor, self.anchor - self.birthplace
        sure = float(np.hypot(*away)) - parallax * float(np.hypot(*camera))
        self.travel = max(self.travel, sure / max(1.0, geometry.size(self.box)))

    def go_on_as(self, later: Track) -> None:
        """Continue under this id with the state of `later`, which turned out to be the same object."""
        self.life, self.origin = Life.LIVE, Origin.RELINKED
        self.box, self.unrest = later.box, later.unrest
        self.velocity, self.pace = later.velocity, later.pace
        self.hits += later.hits
        self.boxes = later.boxes
        self.born, self.key = later.born, None
        self.last_crop, self.missed, self.inertia = later.last_crop, later.missed, None
        self.colours, self.birthplace, self.anchor = later.colours, later.birthplace, later.anchor
        self.travel = max(self.travel, later.travel)
        self.detector.join(later.detector)
        self.second.join(later.second)
        self.appearance.join(later.appearance)

    def hits_box(self) -> Box:
        """The box of the first hit that is still known."""
        return self.boxes.get(self.born, self.box)

    def forget_boxes(self, before: int) -> None:
        """Drop boxes that no mask needs any more, so that a long track stays small."""
        old = sorted(f for f in self.boxes if f < before)
        for frame in old[:-1]:
            del self.boxes[frame]

"""The objects of one video as they are found: ids, masks, and what they look like."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.panoptic.protocols import Tracked, Vectors
from svg2_assets.trajectories.protocols import Origin

RECENT_AREAS, LEAST_AREAS = 7, 3
APPEARANCE_MEMORY = 0.7  # of what an object looked like, against the newest look


class Standing(Enum):
    """What is known of an object."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"


@dataclass
class Entry:
    """One object. `looks`: checks that could have found it, `confirmed`: those that did. `seen`: its last frame with a
    mask that counts. `chances`: checks left to be found again.

    `continues`: the object that it turned out to be after that one was lost. `relinked_from`: the object of an earlier
    shot that it looks like.
    """

    id: int
    registered: int
    shot: int
    origin: Origin
    appearance: Vectors
    chances: int
    standing: Standing = Standing.TENTATIVE
    confirmed: int = 0
    looks: int = 0
    relinked_from: int | None = None
    seen: int = -1
    masks: dict[int, Mask] = field(default_factory=dict)
    presences: list[float] = field(default_factory=list)
    qualities: list[float] = field(default_factory=list)
    presence: float = 1.0
    before: float = 1.0
    continues: int | None = None
    completed: bool = False
    areas: deque[int] = field(default_factory=lambda: deque(maxlen=RECENT_AREAS))

    def take(self, frame: int, tracked: Tracked, *, least_presence: float) -> None:
        """Note what the tracker says of `frame`; masks that it does not believe in itself are not kept."""
        self.before, self.presence = self.presence, tracked.presence
        if tracked.mask is None or tracked.presence < least_presence:
            return
        self.masks[frame] = tracked.mask
        if frame > self.seen:
            self.areas.append(tracked.mask.area)
        self.presences.append(tracked.presence)
        self.qualities.append(tracked.quality)
        self.seen = max(self.seen, frame)

    def looked_like(self, appearance: Vectors) -> None:
        """Remember a new look at it."""
        mixed = APPEARANCE_MEMORY * self.appearance + (1 - APPEARANCE_MEMORY) * appearance
        self.appearance = np.asarray(mixed / max(1e-6, float(np.linalg.norm(mixed))), dtype=np.float32)

    @property
    def last(self) -> Mask | None:
        """Its last mask that counts."""
        return self.masks.get(self.seen)

    @property
    def usual_area(self) -> float:
        """Median area of the last masks, pixels; 0 before there are some."""
        return float(np.median(self.areas)) if len(self.areas) >= LEAST_AREAS else 0.0

    @property
    def score(self) -> float:
        """How sure the tracker is of it, on average (0..1)."""
        return float(np.mean(self.presences)) if self.presences else 0.0

    @property
    def trajectory(self) -> Trajectory:
        """Its masks in order."""
        frames = sorted(self.masks)
        return Trajectory.of(frames, [self.masks[f] for f in frames])


class Registry:
    """Gives ids, which are never used twice, and keeps every object of the video."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}

    def open(self, *, frame: int, shot: int, origin: Origin, appearance: Vectors, chances: int) -> Entry:
        """A new object under a new id."""
        entry = Entry(len(self._entries), frame, shot, origin, appearance, chances)
        self._entries[entry.id] = entry
        return entry

    def __getitem__(self, object_id: int) -> Entry:
        return self._entries[object_id]

    def of_shot(self, shot: int) -> list[Entry]:
        """The objects of one shot that were not dropped."""
        return [e for e in self if e.shot == shot]

    def __iter__(self) -> Iterator[Entry]:
        return iter([e for e in self._entries.values() if e.standing is not Standing.DROPPED])

"""Things that show as one: a rider and a horse. A group shares its segmentations and carries its own trajectory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.protocols import Origin
from svg2_assets.trajectories.settings import GroupSettings
from svg2_assets.trajectories.tracks import Hit, Life, Track


@dataclass
class Group:
    """The `track` of everything that its `members` cover together."""

    track: Track
    members: list[Track]

    def present(self, frame: int) -> list[Track]:
        """The members that had a box of their own on `frame`."""
        return [m for m in self.members if m.life is Life.LIVE and m.last_hit == frame]


class Groups:
    """Finds pairs of tracks that overlap for some looks, and keeps their union."""

    def __init__(self, settings: GroupSettings, *, classes: Sequence[str]) -> None:
        self._settings = settings
        self._riders = frozenset(i for i, name in enumerate(classes) if name in settings.riders)
        self._carriers = frozenset(i for i, name in enumerate(classes) if name in settings.carriers)
        self._together: Counter[tuple[int, int]] = Counter()
        self.live: list[Group] = []

    def advance(self, tracks: Sequence[Track], frame: int) -> tuple[list[Group], list[Group]]:
        """Update all groups after a look. Returns the groups that began and those that ended."""
        shown = [t for t in tracks if t.last_hit == frame]
        pairs = self._pairs(shown)
        ended = [g for g in self.live if not self._goes_on(g, frame)]
        self.live = [g for g in self.live if g not in ended]
        begun = self._begin(pairs)
        self.live += begun
        return begun, ended

    def of(self, track: Track) -> Group | None:
        """The group that `track` belongs to."""
        return next((g for g in self.live if track in g.members), None)

    def clear(self) -> None:
        """Forget everything: the shot is over."""
        self.live = []
        self._together.clear()

    def _pairs(self, shown: Sequence[Track]) -> list[tuple[Track, Track]]:
        found = [(a, b) for i, a in enumerate(shown) for b in shown[i + 1 :] if self._overlap(a, b)]
        keys = {(a.serial, b.serial) for a, b in found}
        self._together = Counter({k: self._together[k] + 1 for k in keys})
        return found

    def _overlap(self, a: Track, b: Track) -> bool:
        rules = self._settings
        sizes = sorted((geometry.size(a.box) ** 2, geometry.size(b.box) ** 2))
        kinds = a.best_class(), b.best_class()
        ridden = any(x in self._riders and y in self._carriers for x, y in (kinds, kinds[::-1]))
        if not ridden or sizes[0] < rules.least_ratio * sizes[1]:
            return False
        common = float(geometry.overlaps(a.box[None], b.box[None])[0, 0])
        return common >= rules.overlap * sizes[0]

    def _begin(self, pairs: Sequence[tuple[Track, Track]]) -> list[Group]:
        begun: list[Group] = []
        for a, b in pairs:
            confirmed = a.life is Life.LIVE and b.life is Life.LIVE
            enough = self._together[(a.serial, b.serial)] >= self._settings.looks
            if not confirmed or not enough or self.of(a) or self.of(b):
                continue
            group = Group(_union_track(a, b), [a, b])
            begun.append(group)
            self.live.append(group)
        self.live = [g for g in self.live if g not in begun]
        return begun

    def _goes_on(self, group: Group, frame: int) -> bool:
        """Follow the members; over when they part or one is gone."""
        alive = [m for m in group.members if m.life is Life.LIVE]
        if len(alive) < 2:
            return False
        present = group.present(frame)
        track = group.track
        track.box = union_box([m.box for m in alive])
        track.boxes[frame] = track.box
        if not present:
            return True
        track.hits.append(Hit(frame, float(np.mean([m.hits[-1].score for m in present]))))
        track.unrest = max(m.unrest for m in alive)
        a, b = alive[0].box, alive[1].box
        smaller = min(geometry.size(a), geometry.size(b)) ** 2
        return float(geometry.overlaps(a[None], b[None])[0, 0]) >= 0.5 * self._settings.overlap * smaller


def union_box(boxes: Sequence[Box]) -> Box:
    """The box around `boxes`."""
    stacked = np.stack(boxes)
    return np.asarray(np.concatenate([stacked[:, :2].min(axis=0), stacked[:, 2:].max(axis=0)]), dtype=np.float32)


def _union_track(a: Track, b: Track) -> Track:
    """A track over the common past of two, as far as their boxes are still known."""
    first = {h.frame: h.score for h in a.hits}
    common = [(h.frame, (h.score + first[h.frame]) / 2) for h in b.hits if h.frame in first]
    frames = [f for f, _ in common if f in a.boxes and f in b.boxes]
    boxes = {f: union_box([a.boxes[f], b.boxes[f]]) for f in frames}
    track = Track(-1, -1, frames[0], boxes[frames[-1]], shot=a.shot, origin=Origin.SALIENT, life=Life.LIVE)
    track.boxes = boxes
    track.hits = [Hit(f, s) for f, s in common if f >= frames[0]]
    return track

"""Births, lives and deaths of tracks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.association import associate
from svg2_assets.trajectories.flow import FlowWindow, Step, moved_by_camera
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.panoptic.cap import most_salient, salience
from svg2_assets.trajectories.panoptic.relinking import Lost, lost_twin
from svg2_assets.trajectories.recognisers import Detections, Floats
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Evidence, Hit, Life, Track, Vector

Embed = Callable[[Box], Vector]
Finish = Callable[[Track], None]
"""Writes what is left of a track's masks. Passed with each look: kept, it would tie the roster to its owner."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a detector: the `frame`, the look before it, what was `found` in which `colours`.

    `camera`: what it did since the look before. `second`: it was the second detector's look.
    `still_camera`: nothing but objects moves.
    """

    frame: int
    before: int | None
    found: Detections
    colours: Floats
    camera: Step
    second: bool
    still_camera: bool


class Roster:
    """All tracks of one video. Ids are given at confirmation and never reused.

    `left_out`: boxes that opened no track because there were as many as may be.
    """

    def __init__(
        self,
        settings: TrackerSettings,
        *,
        width: int,
        height: int,
        fps: float,
    ) -> None:
        self._settings, self._width, self._height, self._fps = settings, width, height, fps
        self._next = 0
        self._shot = 0
        self._serial = 0
        self._unused: deque[Look] = deque(maxlen=settings.association.begin_looks)
        self.left_out = 0
        self.live: list[Track] = []
        self.ended: list[Track] = []

    def advance(self, look: Look, flows: FlowWindow, *, embed: Embed, finish: Finish) -> None:
        """Carry every track to this look's frame, give it its box, open new tracks, end lost ones."""
        for track in self.live:
            track.crowded = self._is_crowded(track, times=self._settings.association.comparable)
        for track in self.live:
            self._carry(track, look, flows)
        pairs = associate(
            self.live,
            look.found,
            look.colours,
            frames=look.frame - look.before if look.before is not None else 1,
            detection=self._settings.detection,
            settings=self._settings.association,
        )
        matched = dict(pairs)
        for i, track in enumerate(self.live):
            if i in matched:
                self._hit(track, look, matched[i])
            else:
                track.missed += 1
                _evidence(track, look).add(None)
        self._open(look, set(matched.values()))
        self._confirm(embed, finish)
        self._end_twins()
        self._end(look)

    def name(self, track: Track) -> None:
        """Give `track` its id; ids are never used twice."""
        track.id = self._next
        self._next += 1

    def end_shot(self) -> list[Track]:
        """End everything: nothing survives a cut."""
        done, self.live = self.live, []
        self._unused.clear()
        self._shot += 1
        for track in done:
            track.life = Life.ENDED
        self.ended += [t for t in done if t.id >= 0]
        return done

    def _carry(self, track: Track, look: Look, flows: FlowWindow) -> None:
        if look.before is None:
            return
        moved, unrest = flows.carry(track.box, start=look.before, stop=look.frame)
        past = track.inertia if track.inertia is not None else track.box
        track.inertia = np.asarray(past + np.tile(track.velocity * (look.frame - look.before), 2), np.float32)
        if track.anchor is not None:
            track.anchor = moved_by_camera(track.anchor, look.camera, width=self._width, height=self._height)
        track.unrest += unrest
        # Unseen for longer, it may have been still behind the other: where inertia takes it is looked at beside this.
        recent = track.missed < self._settings.association.inertia_looks
        if track.crowded and recent and len(track.hits) >= self._settings.association.hits_to_confirm:
            moved = np.asarray((moved + track.inertia) / 2, np.float32)
        track.box = moved
        track.boxes[look.frame] = moved

    def _hit(self, track: Track, look: Look, j: int) -> None:
        rules = self._settings.association
        box, score = look.found.boxes[j], float(look.found.best[j])
        before = track.boxes.get(track.last_hit)
        own = geometry.size(box)
        track.full_size = max(own, rules.size_memory * track.full_size + (1 - rules.size_memory) * own)
        if before is not None and look.frame > track.last_hit and own >= rules.whole_share * track.full_size:
            speed = (geometry.centre(box) - geometry.centre(before)) / np.float32(look.frame - track.last_hit)
            memory = np.float32(rules.velocity_memory if len(track.hits) > 1 else 0.0)
            track.velocity = np.asarray(memory * track.velocity + (1 - memory) * speed, np.float32)
            track.pace = float(memory * track.pace + (1 - memory) * np.hypot(*speed))
        # Who jumped, or comes back after some looks, is not where flow took it.
        follows = track.missed < rules.inertia_looks and geometry.iou(track.box[None], box[None])[0, 0] > 0
        weight = np.float32(rules.smoothing if follows else 1.0)
        track.box = np.asarray(weight * box + (1 - weight) * track.box, dtype=np.float32)
        track.boxes[look.frame] = track.box
        track.hits.append(Hit(look.frame, score))
        track.inertia, track.missed = None, 0
        _evidence(track, look).add(look.found.scores[j])
        if not self._is_crowded(track):
            track.note_travel(self._settings.association.parallax)
            seen = look.colours[j]
            track.colours = seen if track.colours is None else _unit(0.8 * track.colours + 0.2 * seen)

    def _is_crowded(self, track: Track, *, times: float = np.inf) -> bool:
        """Whether another track of at most `times` its size covers this one.

        Then its colours are not its own; nor is its flow, unless the other is so large that this one lies in front.
        """
        most = times * geometry.size(track.box)
        others = [t.box for t in self.live if t is not track and t.life is Life.LIVE and geometry.size(t.box) <= most]
        return bool(others) and bool(geometry.containment(track.box[None], np.stack(others)).max() > 0.3)

    def _open(self, look: Look, used: set[int]) -> None:
        best = look.found.best
        unused = set(range(len(best))) - used
        strong = [int(j) for j in np.flatnonzero(best >= self._settings.detection.open_weak) if int(j) not in used]
        for j in self._within_cap(look.found, strong):
            if self._is_part(look.found, j):
                continue
            unused.discard(j)
            track = Track(-1, self._serial, look.frame, look.found.boxes[j].copy(), shot=self._shot)
            track.boxes[look.frame] = track.box
            track.hits.append(Hit(look.frame, float(best[j])))
            track.colours, track.birthplace = look.colours[j], geometry.centre(track.box)
            track.anchor = track.birthplace
            _evidence(track, look).add(look.found.scores[j])
            self._begin_earlier(track)
            self._serial += 1
            self.live.append(track)
        left = sorted(unused)
        self._unused.append(replace(look, found=look.found.take(left), colours=look.colours[left]))

    def _within_cap(self, found: Detections, new: Sequence[int]) -> Sequence[int]:
        """As many of the boxes `new` as may open a track: the most salient ones."""
        room = self._settings.association.most_tracks - len(self.live)
        if len(new) <= room:
            return new
        shares = [geometry.size(found.boxes[j]) ** 2 / (self._width * self._height) for j in new]
        sure = [float(found.best[j]) for j in new]
        chosen = most_salient([salience(s, share) for s, share in zip(sure, shares, strict=True)], room=room)
        self.left_out += len(new) - len(chosen)
        return [new[i] for i in chosen]

    def _begin_earlier(self, track: Track) -> None:
        """Boxes too weak to open a track are its beginning where they lie at its place just before it opened."""
        rules, missed = self._settings.association, 0
        for look in reversed(self._unused):
            if missed > rules.begin_misses:
                return
            iou = geometry.iou(track.boxes[track.born][None], look.found.boxes)[0]
            if not len(iou) or iou.max() < rules.begin_iou:
                missed += 1
                continue
            j, missed = int(iou.argmax()), 0
            track.born = look.frame
            track.boxes[look.frame] = look.found.boxes[j]
            track.hits.insert(0, Hit(look.frame, float(look.found.best[j])))
            _evidence(track, look).add(look.found.scores[j])

    def _is_part(self, found: Detections, j: int) -> bool:
        """Half a dog is no second dog: a box inside a live track of its class, a weak one inside any, opens nothing."""
        rules, weak = self._settings.association, found.best[j] < self._settings.detection.open
        kind = int(found.scores[j].argmax())
        same = [t.box for t in self.live if weak or t.best_class() == kind]
        if not same:
            return False
        there = np.stack(same)
        inside = geometry.containment(found.boxes[j : j + 1], there)
        if weak and geometry.containment(there, found.boxes[j : j + 1]).max() >= rules.inside_share:
            return True
        return bool(inside.max() >= (rules.weak_inside_share if weak else rules.inside_share))

    def _confirm(self, embed: Embed, finish: Finish) -> None:
        settled: list[Track] = []
        for track in self.live:
            if track.life is Life.TENTATIVE and self._is_established(track):
                settled.append(self._settle(track, embed, finish))
            else:
                settled.append(track)
        # A lost track that goes on is in the list twice: as itself and in the place of its continuation.
        self.live = list({id(t): t for t in settled}.values())

    def _is_established(self, track: Track) -> bool:
        """Seen often enough; what was never seen well must have moved by itself too."""
        rules = self._settings.association
        strong = sum(h.score >= self._settings.detection.open for h in track.hits)
        if strong and len(track.hits) >= rules.hits_to_confirm:
            return True
        return len(track.hits) >= rules.weak_hits_to_confirm and track.travel >= rules.weak_travel

    def _settle(self, track: Track, embed: Embed, finish: Finish) -> Track:
        """The confirmed track: a new one with its own id, or an old one that goes on."""
        old = self._predecessor(track, embed)
        if old is not None:
            self.ended = [t for t in self.ended if t is not old]
            finish(old)
            old.go_on_as(track)
            return old
        track.life = Life.LIVE
        self.name(track)
        return track

    def _predecessor(self, track: Track, embed: Embed) -> Track | None:
        """A track that was lost near by shortly before, of the same class and colours, that looks alike."""
        rules = self._settings.association
        lost = [t for t in self.live if t.life is Life.LIVE and t.missed >= rules.inertia_looks]
        near = {t.id: t for t in [*self.ended, *lost] if t.embedding is not None and self._may_continue(t, track)}
        known = {i: Lost(t.embedding) for i, t in near.items() if t.embedding is not None}
        if not known:
            return None
        track.embedding = embed(track.box)
        found = lost_twin(track.embedding, None, known, rules.takeover)
        return near[found] if found is not None else None

    def _may_continue(self, old: Track, new: Track) -> bool:
        rules = self._settings.association
        frames = new.born - old.last_hit
        if not 0 < frames <= rules.takeover_seconds * self._fps or old.shot != new.shot:
            return False
        last = old.box_at(old.last_hit)
        own, other = max(old.full_size, geometry.size(last)), geometry.size(new.box)
        if old.best_class() != new.best_class() or self._has_left(last) or not 0.5 <= other / max(own, 1e-3) <= 2.0:
            return False
        if old.colours is not None and new.colours is not None and old.colours @ new.colours < rules.takeover_colour:
            return False
        places = geometry.centre(last), geometry.centre(last) + old.velocity * np.float32(frames)
        distance = min(float(np.hypot(*(p - geometry.centre(new.hits_box())))) for p in places)
        return distance <= rules.takeover_distance * own

    def _has_left(self, box: Box) -> bool:
        """Whether a box reaches the frame's edge: who leaves there and who enters there are two."""
        margin = self._settings.association.border * min(self._width, self._height)
        low, high = float(box[:2].min()), np.asarray([self._width, self._height]) - box[2:]
        return low < margin or float(high.min()) < margin

    def _end(self, look: Look) -> None:
        staying: list[Track] = []
        for track in self.live:
            if track.life is Life.ENDED or self._is_over(track, look):
                track.life = Life.ENDED
                if track.id >= 0:
                    self.ended.append(track)
            else:
                staying.append(track)
        self.live = staying

    def _end_twins(self) -> None:
        """Two live tracks on one object: the one with fewer hits loses it."""
        rules = self._settings.association
        live = [t for t in self.live if t.life is Life.LIVE]
        for weaker in live:
            stronger = [
                t
                for t in live
                if (len(t.hits), -t.id) > (len(weaker.hits), -weaker.id)
                and t.best_class() == weaker.best_class()
                and geometry.iou(t.box[None], weaker.box[None])[0, 0] > rules.twin_iou
            ]
            weaker.twin_looks = weaker.twin_looks + 1 if stronger else 0
            if weaker.twin_looks >= rules.twin_looks:
                weaker.hits = weaker.hits[: -rules.twin_looks] or weaker.hits[:1]
                weaker.life = Life.ENDED

    def _is_over(self, track: Track, look: Look) -> bool:
        rules = self._settings.association
        silent = (look.frame - track.last_hit) / self._fps
        if track.life is Life.TENTATIVE:
            return silent > rules.tentative_seconds
        middle = geometry.centre(track.box)
        outside = not (0 <= middle[0] <= self._width and 0 <= middle[1] <= self._height)
        return silent > rules.lost_seconds or outside or self._slipped(track, look)

    def _slipped(self, track: Track, look: Look) -> bool:
        """Weak and still on a fixed camera: the box has settled on the furniture.

        The hits since the last sure one are taken back.
        """
        rules = self._settings.association
        if not look.still_camera:
            return False
        frames = round(rules.slip_seconds * self._fps)
        recent = [h for h in track.hits if h.frame > look.frame - frames]
        if track.born > look.frame - frames or not recent or any(h.score >= rules.slip_score for h in recent):
            return False
        start, stop = track.box_at(recent[0].frame), track.box_at(recent[-1].frame)
        moved = float(np.hypot(*(geometry.centre(stop) - geometry.centre(start))))
        if moved > rules.slip_motion * geometry.size(track.box) * rules.slip_seconds * 2:
            return False
        if self._always_was(track, recent):
            return False
        strong = [i for i, h in enumerate(track.hits) if h.score >= rules.slip_score]
        track.hits = track.hits[: strong[-1] + 1] if strong else track.hits[:1]
        return True

    def _always_was(self, track: Track, recent: Sequence[Hit]) -> bool:
        """Whether a large thing is no weaker than ever: no detector knows it well, but it has not become another one.

        Of what is small, a box that stays weak is furniture from its beginning.
        """
        rules = self._settings.association
        if geometry.size(track.box) < rules.slip_side * min(self._width, self._height):
            return False
        before = [h.score for h in track.hits if h.frame < recent[0].frame]
        if len(before) < rules.slip_history:
            return False
        return float(np.mean([h.score for h in recent])) >= rules.slip_drop * float(np.mean(before))


def _evidence(track: Track, look: Look) -> Evidence:
    """The account of the detector that looked."""
    return track.second if look.second else track.detector


def _unit(vector: Vector) -> Vector:
    return np.asarray(vector / max(1e-6, float(np.linalg.norm(vector))), dtype=np.float32)

"""Relations of a shot: what the script claims and what follows from positions, speeds and who hides whom.

Each rule returns claims over frames; `relate` cuts them to the time when both ends are visible.
Speeds are frame heights a second in the world, so the camera's own motion does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from svg2_assets.scene.graph import Relation
from svg2_assets.scene.masks import BoolArray, FloatArray
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, SYMMETRIC, Category
from svg2_assets.scene.video import Video
from svg2_assets.synthetic.actors import Actor
from svg2_assets.synthetic.cameras import smoothed
from svg2_assets.synthetic.stage import Claim, Stage
from svg2_assets.synthetic.survey import Survey

SHORTEST = 3  # frames
SHORTEST_MOTION = 0.5  # seconds: what moves for less does not count as approaching, following, ...
HIDDEN_SHARE = 0.04  # of a thing's pixels that another one hides: then that one is in front of it
NEAR_GAP = 0.35  # in mean sizes (square roots of the box areas)
NEAR_DEPTH = 0.08  # frame heights between the feet
ABOVE_GAP, ABOVE_OVERLAP = 0.35, 0.5  # frame heights between; share of the narrower width
CLOSING_SPEED, OWN_SPEED, REACH = 0.12, 0.1, 0.6  # frame heights a second; frame heights
AIM = 0.95  # cosine between the way a thing goes and the way to the other one
PACE = 0.25  # relative difference of speeds that counts as the same
TOGETHER, BEHIND = 0.12, 0.7  # frame heights between boxes of what moves together; between feet of what follows
CLOSED = {"inside", "on", "riding"}  # pairs that these hold for are not told apart by who hides whom
LASTING = {"approaching", "moving away from", "following", "moving together with", "near", "above"}
BOUND = {"holding", "carrying", "riding", "attached to", "pushing"}  # ... nor by how they move


@dataclass(frozen=True, eq=False)  # no slots: velocities and script are looked up for every pair, so they are kept
class Scene:
    """What the rules look at: the shot, its survey, boxes [actors, F, 4] in frame heights."""

    stage: Stage
    survey: Survey
    boxes: FloatArray

    @property
    def actors(self) -> Sequence[Actor]:
        """The things of the shot."""
        return self.stage.actors

    def scripted(self, first: Actor, second: Actor, predicates: set[str]) -> BoolArray:
        """Where the script claims one of `predicates` between two things, either way, [F]."""
        said = self._script.get(frozenset({first.index, second.index}), [])
        held = [c.holds for c in said if c.predicate in predicates]
        return np.asarray(np.any(held, axis=0)) if held else np.zeros(self.stage.count, dtype=bool)

    @cached_property
    def velocities(self) -> FloatArray:
        """Frame heights a second of each actor, [actors, F, 2], smoothed over five frames."""
        return np.asarray([_velocity(a, self.stage.settings.fps) for a in self.actors])

    @cached_property
    def _script(self) -> dict[frozenset[int], list[Claim]]:
        pairs: dict[frozenset[int], list[Claim]] = {}
        for claim in self.stage.claims:
            pairs.setdefault(frozenset({claim.subject, claim.object}), []).append(claim)
        return pairs

    def meet(self, i: int, j: int) -> bool:
        """Whether actors i and j are ever visible at once."""
        first, second = (self.survey.visible[self.actors[k].index] > 0 for k in (i, j))
        return bool((first & second).any())


def relate(scene: Scene, video: Video, *, first_id: int) -> tuple[Relation, ...]:
    """All relations of a shot. Object i of the shot has the id `first_id` + i."""
    held: dict[tuple[int, str, int], tuple[Category, BoolArray]] = {}
    for claim in _claims(scene):
        on = claim.holds & _visible(scene, claim.subject) & _visible(scene, claim.object)
        key = _key(claim)
        category, before = held.get(key, (claim.category, np.zeros_like(on)))
        held[key] = category, before | on
    found: list[Relation] = []
    for (subject, predicate, other), (category, on) in sorted(held.items()):
        least = round(SHORTEST_MOTION * video.fps) if predicate in LASTING else SHORTEST
        spans = _spans(on, video, start=scene.stage.start, least=least)
        if spans:
            ends = (i if i == CAMERA_ID else i + first_id for i in (subject, other))
            found.append(Relation(next(ends), predicate, next(ends), category, spans))
    return tuple(found)


def _claims(scene: Scene) -> Iterator[Claim]:
    yield from scene.stage.claims
    yield from _standing(scene)
    yield from _passing_the_border(scene)
    meeting = [(i, j) for i, j in combinations(range(len(scene.actors)), 2) if scene.meet(i, j)]
    for i, j in meeting:
        yield from _near(scene, i, j)
        yield from _together(scene, i, j)
    for i, j in (*meeting, *((j, i) for i, j in meeting)):
        yield from _in_front(scene, i, j)
        yield from _above(scene, i, j)
        yield from _approaching(scene, i, j)
        yield from _following(scene, i, j)


def _standing(scene: Scene) -> Iterator[Claim]:
    """What is grounded is on the stuff under its feet."""
    regions, canvas = scene.stage.backdrop.regions, scene.stage.backdrop.canvas(scene.stage.settings.height)
    for actor in scene.actors:
        below = canvas.region_at(actor.x, actor.y)
        for index, region in enumerate(regions):
            on = actor.grounded & actor.present & (below == index)
            if region.ground and on.any():
                yield Claim(actor.index, "on", index, Category.SPATIAL, on)


def _passing_the_border(scene: Scene) -> Iterator[Claim]:
    """Entering: the share of a thing's box inside the view grows; leaving: it shrinks."""
    aspect = scene.stage.aspect
    for number, actor in enumerate(scene.actors):
        x0, y0, x1, y1 = scene.boxes[number].T
        width = np.clip(np.minimum(x1, aspect) - np.maximum(x0, 0), 0, None)
        height = np.clip(np.minimum(y1, 1) - np.maximum(y0, 0), 0, None)
        inside = width * height / np.maximum((x1 - x0) * (y1 - y0), 1e-9)
        change = np.gradient(smoothed(inside, 3)) * scene.stage.settings.fps
        partly = (inside > 0) & (inside < 0.995)
        yield Claim(actor.index, "entering", CAMERA_ID, Category.MOTION, partly & (change > 0.15))
        yield Claim(actor.index, "leaving", CAMERA_ID, Category.MOTION, partly & (change < -0.15))


def _in_front(scene: Scene, i: int, j: int) -> Iterator[Claim]:
    """i hides part of j."""
    hidden, back = scene.survey.hides[i, j], scene.survey.hides[j, i]
    on = (hidden > np.maximum(3, HIDDEN_SHARE * scene.survey.whole[j])) & (back == 0)
    on &= ~scene.scripted(scene.actors[i], scene.actors[j], CLOSED)
    yield Claim(scene.actors[i].index, "in front of", scene.actors[j].index, Category.SPATIAL, on)


def _above(scene: Scene, i: int, j: int) -> Iterator[Claim]:
    """i's box ends higher than j's begins, over it."""
    high, low = scene.boxes[i].T, scene.boxes[j].T
    gap = low[1] - high[3]
    narrower = np.minimum(high[2] - high[0], low[2] - low[0])
    overlap = np.minimum(high[2], low[2]) - np.maximum(high[0], low[0])
    on = (gap > 0) & (gap < ABOVE_GAP) & (overlap > ABOVE_OVERLAP * narrower)
    yield Claim(scene.actors[i].index, "above", scene.actors[j].index, Category.SPATIAL, on)


def _near(scene: Scene, i: int, j: int) -> Iterator[Claim]:
    """The boxes are closer than a share of their sizes and the feet stand about equally far."""
    a, b = scene.boxes[i].T, scene.boxes[j].T
    size = sum(np.sqrt((box[2] - box[0]) * (box[3] - box[1])) for box in (a, b)) / 2
    on = (_gap(scene, i, j) < NEAR_GAP * size) & (np.abs(scene.actors[i].y - scene.actors[j].y) < NEAR_DEPTH)
    yield Claim(scene.actors[i].index, "near", scene.actors[j].index, Category.SPATIAL, on)


def _approaching(scene: Scene, i: int, j: int) -> Iterator[Claim]:
    """i moves by itself towards (away from) j and the distance between the two shrinks (grows)."""
    mover, other = scene.actors[i], scene.actors[j]
    reach = _between(mover, other)
    distance = np.linalg.norm(reach, axis=1)
    velocity = scene.velocities[i]
    aimed = np.maximum(OWN_SPEED, AIM * np.linalg.norm(velocity, axis=1))
    own = (velocity * reach).sum(axis=1) / np.maximum(distance, 1e-6)
    closing = -np.gradient(distance) * scene.stage.settings.fps
    apart = (distance < REACH) & (distance > 0.02) & ~scene.scripted(mover, other, BOUND)
    towards = apart & (own > aimed) & (closing > CLOSING_SPEED)
    away = apart & (own < -aimed) & (closing < -CLOSING_SPEED)
    yield Claim(mover.index, "approaching", other.index, Category.MOTION, towards)
    yield Claim(mover.index, "moving away from", other.index, Category.MOTION, away)


def _following(scene: Scene, i: int, j: int) -> Iterator[Claim]:
    """i moves the way j does, about as fast, on about the same line behind it."""
    mover, leader = scene.actors[i], scene.actors[j]
    velocity, reach = scene.velocities[i], _between(mover, leader)
    speed = np.maximum(np.linalg.norm(velocity, axis=1), 1e-6)
    ahead = (velocity * reach).sum(axis=1) / speed
    aside = np.abs(velocity[:, 0] * reach[:, 1] - velocity[:, 1] * reach[:, 0]) / speed
    on = _same_pace(scene, i, j) & (ahead > 0.12) & (ahead < BEHIND) & (aside < 0.06)
    on &= ~scene.scripted(mover, leader, BOUND)
    yield Claim(mover.index, "following", leader.index, Category.MOTION, on)


def _together(scene: Scene, i: int, j: int) -> Iterator[Claim]:
    """Both move alike, side by side."""
    first, second = scene.actors[i], scene.actors[j]
    on = _same_pace(scene, i, j) & (_gap(scene, i, j) < TOGETHER)
    yield Claim(first.index, "moving together with", second.index, Category.MOTION, on)


def _same_pace(scene: Scene, i: int, j: int) -> BoolArray:
    a, b = scene.velocities[i], scene.velocities[j]
    faster = np.maximum(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return np.asarray((np.linalg.norm(a - b, axis=1) < PACE * faster) & (faster > OWN_SPEED), dtype=bool)


def _velocity(actor: Actor, fps: float) -> FloatArray:
    steps = (smoothed(np.gradient(values), 5) for values in (actor.x, actor.y))
    return np.stack(tuple(steps), axis=1) * fps


def _gap(scene: Scene, i: int, j: int) -> FloatArray:
    """Frame heights between two boxes, [F]; 0 where they meet."""
    a, b = scene.boxes[i].T, scene.boxes[j].T
    sides = (np.maximum(0, np.maximum(a[k], b[k]) - np.minimum(a[k + 2], b[k + 2])) for k in (0, 1))
    return np.asarray(np.hypot(*sides))


def _between(first: Actor, second: Actor) -> FloatArray:
    """From the feet of one to those of the other, [F, 2]."""
    return np.stack((second.x - first.x, second.y - first.y), axis=1)


def _visible(scene: Scene, index: int) -> BoolArray:
    if index == CAMERA_ID:
        return np.ones(scene.stage.count, dtype=bool)
    return np.asarray(scene.survey.visible[index] > 0, dtype=bool)


def _key(claim: Claim) -> tuple[int, str, int]:
    """Symmetric statements are stored once, the lower id first."""
    ends = claim.subject, claim.object
    subject, other = sorted(ends) if claim.predicate in SYMMETRIC else ends
    return subject, claim.predicate, other


def _spans(on: BoolArray, video: Video, *, start: int, least: int) -> Spans:
    """The runs of at least `least` frames, in seconds of the clip."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
    frames = [np.arange(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= least]
    return video.spans_of(start + np.concatenate(frames)) if frames else Spans()

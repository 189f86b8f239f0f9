"""The plan of a clip: its shots, who plays in them, how the camera moves."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from svg2_assets.scene.taxonomy import Category
from svg2_assets.synthetic import cameras, fillers
from svg2_assets.synthetic.actors import Actor
from svg2_assets.synthetic.backgrounds import Backdrop, make_backdrop
from svg2_assets.synthetic.figures import Family
from svg2_assets.synthetic.scenarios import OUTDOOR_STORIES, STORIES, unpack
from svg2_assets.synthetic.settings import WorldSettings
from svg2_assets.synthetic.stage import Scenario, Stage

SHORTEST_SHOT = 1.4  # seconds
MOST_OBJECTS = 180  # in a shot, from which on nothing is added: a pixel's owner is a byte
LARGE_CHANCE = 0.5  # that something large stands at the back
RETURN_CHANCE = 0.25  # that a third shot goes back to the place of the first
REAPPEARING = frozenset({Family.PERSON, Family.ANIMAL, Family.VEHICLE, Family.ITEM})


def plan_clip(settings: WorldSettings, rng: np.random.Generator) -> list[Stage]:
    """The shots of a clip in order. Things of the first shot may play again in later ones (`Actor.same_as`)."""
    bounds = [0, *draw_cuts(settings, rng), settings.frames]
    stages: list[Stage] = []
    for number, (start, end) in enumerate(pairwise(bounds)):
        backdrop = _backdrop(settings, rng, [s.backdrop for s in stages])
        stage = Stage(settings, rng, backdrop, start, end - start)
        if number:
            _reappear(stage, stages[0].actors)
        _fill(stage)
        _move_camera(stage)
        stages.append(stage)
    return stages


def draw_cuts(settings: WorldSettings, rng: np.random.Generator) -> list[int]:
    """The first frames of the shots after the first, at least `SHORTEST_SHOT` apart where the clip is long enough."""
    shortest = max(2, round(SHORTEST_SHOT * settings.fps))
    fitting = min(settings.most_cuts, settings.frames // shortest - 1)
    if fitting < 1 or rng.random() >= settings.cut_chance:
        return []
    count = int(rng.integers(1, fitting + 1))
    spare = settings.frames - shortest * (count + 1)
    offsets = np.sort(rng.integers(0, spare + 1, count))
    return [int(shortest * (i + 1) + offset) for i, offset in enumerate(offsets)]


def _backdrop(settings: WorldSettings, rng: np.random.Generator, earlier: list[Backdrop]) -> Backdrop:
    if len(earlier) == 2 and rng.random() < RETURN_CHANCE:
        return earlier[0]
    return make_backdrop(rng, aspect=settings.aspect, contrast=settings.contrast)


def _reappear(stage: Stage, earlier: list[Actor]) -> None:
    """Some things of the first shot, on new ways."""
    for actor in earlier:
        chosen = actor.figure.family in REAPPEARING and stage.rng.random() < stage.settings.reappear_share
        if chosen and stage.objects < MOST_OBJECTS:
            fillers.add_thing(stage, actor.figure, same_as=actor)


def _fill(stage: Stage) -> None:
    settings = stage.settings
    stories = STORIES + (OUTDOOR_STORIES if stage.backdrop.outdoor else ())
    order = stage.rng.permutation(len(stories))[: settings.stories]
    additions: list[Scenario] = [
        *(stories[int(index)] for index in order),
        *[unpack] * settings.containers,
        *[fillers.add_lookalikes] * settings.lookalikes,
        *[fillers.add_occluder] * settings.occluders,
        *[fillers.add_large] * int(stage.rng.random() < LARGE_CHANCE),
    ]
    for add in additions:
        if stage.objects < MOST_OBJECTS:
            add(stage)
    while len(stage.actors) < settings.things and stage.objects < MOST_OBJECTS:
        fillers.add_filler(stage)


def _move_camera(stage: Stage) -> None:
    """Move with `camera_chance`; a camera that tracks a thing follows it."""
    settings, rng = stage.settings, stage.rng
    if rng.random() < settings.camera_chance:
        move = (cameras.Move.PAN, cameras.Move.ZOOM, cameras.Move.TRACK)[int(rng.integers(3))]
        followed = _most_travelled(stage)
        if move is cameras.Move.TRACK and followed is not None:
            stage.camera = cameras.track(followed, aspect=stage.aspect)
            moving = np.abs(np.gradient(stage.camera.x)) * settings.fps > 0.02
            stage.seen_by_camera("following", followed, Category.ATTENTIONAL, moving)
        else:
            make = cameras.zoom if move is cameras.Move.ZOOM else cameras.pan
            stage.camera = make(rng, stage.u, aspect=stage.aspect)
    if settings.shake:
        stage.camera = cameras.shaken(stage.camera, rng, strength=settings.shake)


def _most_travelled(stage: Stage) -> Actor | None:
    """The grounded thing with the longest way that stays within the camera's reach."""
    low, high = stage.aspect * (0.5 - cameras.REACH), stage.aspect * (0.5 + cameras.REACH)
    candidates = [a for a in stage.actors if a.x.min() >= low and a.x.max() <= high and np.ptp(a.x) > 0.4]
    return max(candidates, key=lambda a: float(np.ptp(a.x)), default=None)

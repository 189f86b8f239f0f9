from collections import Counter

import numpy as np
import pytest

from svg2_assets.synthetic.cameras import Move
from svg2_assets.synthetic.objects import Kind
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World

SEEDS = range(7)


def measure(world):
    """What happens in a clip, counted from its truth alone."""
    truth, video = world.truth, world.video
    tracks, area = truth.trajectories(), video.width * video.height
    bounds = [0, *truth.cuts, video.num_frames]
    things = [o for o in truth.objects if o.kind is Kind.THING]
    counts = Counter(things=len(things), cuts=len(truth.cuts))
    for o in things:
        frames, start, end = tracks[o.id].frames, bounds[o.shot], bounds[o.shot + 1]
        counts["late"] += frames[0] > start + 0.25 * (end - start)
        counts["gone"] += frames[-1] < end - 2
        counts["interrupted"] += len(frames) < frames[-1] - frames[0] + 1
        counts["small"] += np.median(tracks[o.id].areas) < 0.004 * area
    for r in truth.relations:
        counts[r.predicate] += 1
    counts["alike"] = sum(
        1
        for i, a in enumerate(things)
        for b in things[i + 1 :]
        if a.shot == b.shot and float(a.appearance @ b.appearance) > 0.98
    )
    counts["parts"] = sum(o.kind is Kind.PART for o in truth.objects)
    counts["parts of parts"] = sum(o.level == 3 for o in truth.objects)
    counts["moving camera"] = sum(s.camera.move is not Move.STILL for s in truth.stages)
    return counts


@pytest.fixture(scope="module")
def totals():
    small = {"width": 80, "height": 60, "seconds": 4.5, "fps": 6.0}
    return {
        d: sum((measure(World(WorldSettings.of(d, **small), seed=s)) for s in SEEDS), Counter()) for d in Difficulty
    }


@pytest.mark.parametrize(
    "what",
    [
        "things",
        "late",
        "gone",
        "interrupted",
        "small",
        "alike",
        "in front of",
        "parts",
        "parts of parts",
        "cuts",
        "moving camera",
    ],
)
def test_harder_clips_have_more_of_it(totals, what):
    easy, medium, hard = (totals[d][what] for d in Difficulty)
    assert easy <= medium <= hard
    assert easy < hard
    assert hard >= 5


@pytest.mark.parametrize("what", ["entering", "leaving", "inside", "on", "holding", "looking at"])
def test_it_happens_at_all(totals, what):
    assert totals[Difficulty.MEDIUM][what] + totals[Difficulty.HARD][what] >= 3


def test_easy_clips_leave_containers_and_look_alikes_out(totals):
    assert totals[Difficulty.EASY]["coming out of"] == 0
    assert totals[Difficulty.EASY]["alike"] == 0


def test_a_still_camera_does_not_move_the_background():
    quiet = {"noise": 0.0, "lighting": 0.0, "camera_chance": 0.0, "cut_chance": 0.0}
    still = World(WorldSettings.of(Difficulty.EASY, **quiet), seed=2)
    moving = World(WorldSettings.of(Difficulty.EASY, **quiet | {"camera_chance": 1.0}), seed=2)
    assert _stuff_change(still) < 0.02 < _stuff_change(moving)


def _stuff_change(world):
    """The share of the pixels that show other stuff at the end than at the start, where both show stuff."""
    stuff = [o.id for o in world.truth.objects if o.kind is Kind.STUFF]
    first, last = (world.truth.masks_at(i) for i in (0, world.video.num_frames - 1))
    owners = []
    for masks in (first, last):
        owner = np.full((world.video.height, world.video.width), -1)
        for id_ in stuff:
            if id_ in masks:
                owner[masks[id_].to_array()] = id_
        owners.append(owner)
    both = (owners[0] >= 0) & (owners[1] >= 0)
    (a,), (b,) = world.pick([0]), world.pick([world.video.num_frames - 1])
    changed = np.abs(a.pixels.astype(int) - b.pixels).max(axis=2) > 8
    return float((changed & both).sum() / both.sum())

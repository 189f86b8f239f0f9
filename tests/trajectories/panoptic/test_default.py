"""Scenarios of preset `default`: what is found, when, under which id, and what is not made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from resources.oracle.errors import Errors
from svg2_assets.scene.masks import Mask, iou
from svg2_assets.trajectories.panoptic.pipeline import mean_coverage
from svg2_assets.trajectories.panoptic.settings import DiscoverySettings, Preset
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from tests.trajectories.panoptic.scripted import Actor, Place, Scripted, follow

FLOOR = Actor(lambda t: (0, 0, 128, 96))


def still(*box: float) -> Place:
    return lambda t: (box[0], box[1], box[2], box[3])


def only(result: TrackingResult, scene: Scripted, actor: int) -> TrackedObject:
    """The one object that shows `actor` on the frames they share."""
    found = [o for o in result.objects if overlap(o, scene, actor) > 0.8]
    assert len(found) == 1, [(o.id, o.trajectory.frames[:1], overlap(o, scene, actor)) for o in result.objects]
    return found[0]


def overlap(o: TrackedObject, scene: Scripted, actor: int) -> float:
    both = [(m, scene.masks_at(f).get(actor)) for f, m in zip(o.trajectory.frames, o.trajectory.masks, strict=True)]
    return float(np.mean([iou([m], [t])[0, 0] if t is not None else 0.0 for m, t in both]))


def test_who_enters_late_is_found_soon_and_followed_back_to_its_first_frame() -> None:
    scene = Scripted([FLOOR, Actor(lambda t: (100, 60, 14, 14) if t >= 21 else None)])
    late = only(follow(scene), scene, 1)
    assert late.origin is Origin.DISCOVERED
    assert late.registered is not None
    assert 21 <= late.registered <= 21 + 6  # half a second
    assert late.trajectory.frames == tuple(range(21, 48))


def test_nothing_is_made_up_before_an_object_exists_though_the_tracker_would() -> None:
    scene = Scripted([FLOOR, Actor(lambda t: (100, 60, 14, 14) if t >= 21 else None)])
    liar = replace(Errors.none(), invent=1.0)
    late = only(follow(scene, errors=liar), scene, 1)
    assert late.trajectory.frames[0] == 21
    released = follow(scene, errors=liar, preset=Preset.PAPER)
    assert not any(o.trajectory.frames[0] == 21 for o in released.objects)


def test_what_lies_before_a_large_thing_is_an_object_of_its_own() -> None:
    scene = Scripted([FLOOR, Actor(lambda t: (20 + 2 * t, 40, 10, 10))])
    result = follow(scene)
    assert len(result.objects) == 2
    assert len(only(result, scene, 1).trajectory) == 48


def test_a_part_stays_and_names_its_whole_where_the_release_deletes_it() -> None:
    actors = [Actor(lambda t: (10 + t, 30, 40, 40)), Actor(lambda t: (15 + t, 35, 12, 12), part_of=0)]
    actors.append(Actor(lambda t: (18 + t, 38, 5, 5), part_of=1))
    scene = Scripted([FLOOR, *(replace(a, part_of=a.part_of + 1) if a.part_of is not None else a for a in actors)])
    result = follow(scene)
    whole, part, smaller = (only(result, scene, i) for i in (1, 2, 3))
    assert (part.part_of, smaller.part_of) == (whole.id, part.id)
    released = follow(scene, preset=Preset.RELEASE)
    assert not any(overlap(o, scene, 2) > 0.8 for o in released.objects)


def test_lost_behind_a_wall_and_found_again_it_keeps_its_id() -> None:
    scene = Scripted([FLOOR, Actor(lambda t: (2 + 2.2 * t, 60, 12, 12), look=5), Actor(still(50, 0, 22, 96))])
    forgetful = replace(Errors.none(), lose=1.0, forget=0.2)
    mover = only(follow(scene, errors=forgetful), scene, 1)
    assert mover.origin is Origin.RELINKED
    hidden = [t for t in range(48) if 1 not in scene.masks_at(t)]
    assert hidden
    assert mover.trajectory.frames[0] == 0
    assert mover.trajectory.frames[-1] == 47
    assert not set(mover.trajectory.frames) & set(hidden)


def test_a_piece_that_is_proposed_once_becomes_no_object() -> None:
    scene = Scripted([FLOOR, Actor(still(20, 20, 40, 40))], frames=60)
    careless = replace(Errors.none(), split=0.15)
    results = [follow(scene, errors=careless, seed=s) for s in range(8)]
    kept = [len(r.objects) for r in results]
    assert max(kept) <= 3
    assert float(np.mean(kept)) < 2.4
    assert sum(r.statistics.get("dropped", 0) for r in results) > 0


def test_small_things_are_followed_and_specks_are_not() -> None:
    scene = Scripted([FLOOR, Actor(still(60, 60, 5, 4)), Actor(still(100, 20, 2, 2))])
    result = follow(scene)
    assert len(only(result, scene, 1).trajectory) == 48
    assert len(result.objects) == 2


def test_one_frame_and_two_frames_and_nothing_at_all() -> None:
    assert len(follow(Scripted([FLOOR], frames=1)).objects) == 1
    assert len(follow(Scripted([FLOOR, Actor(still(9, 9, 20, 20))], frames=2)).objects) == 2
    for preset in Preset:
        nothing = follow(Scripted([], frames=24), preset=preset)
        assert nothing.objects == ()
        assert nothing.statistics["coverage"] == 0.0


def test_five_hundred_things_are_capped_by_salience_and_the_rest_is_counted() -> None:
    grid = [Actor(still(8 * (i % 16) + 1, 8 * (i // 16) + 1, 6, 6)) for i in range(192)]
    big = Actor(still(0, 0, 128, 8))
    scene = Scripted([*grid, big], frames=8, size=(104, 128))
    result = follow(scene, discovery=DiscoverySettings(most_objects=50))
    assert len(result.objects) == 50
    assert result.statistics["left out by the cap"] > 100
    assert any(o.trajectory.masks[0].area == 128 * 8 for o in result.objects)


def test_after_a_cut_ids_are_new_and_who_looks_the_same_is_said_to_come_from_before() -> None:
    def first(t: int) -> tuple[float, float, float, float] | None:
        return (30, 30, 30, 30) if t < 24 else None

    def second(t: int) -> tuple[float, float, float, float] | None:
        return (80, 20, 30, 30) if t >= 24 else None

    def other(t: int) -> tuple[float, float, float, float] | None:
        return (0, 0, 128, 96) if t >= 24 else None

    scene = Scripted([Actor(lambda t: (0, 0, 128, 96) if t < 24 else None), Actor(first, look=9), Actor(other)])
    scene = Scripted([*scene.actors, Actor(second, look=9)])
    result = follow(scene)
    assert result.cuts == (24,)
    before, after = only(result, scene, 1), only(result, scene, 3)
    assert after.id > before.id
    assert after.relinked_from == before.id
    assert all(max(o.trajectory.frames) < 24 or min(o.trajectory.frames) >= 24 for o in result.objects)


def test_who_comes_back_after_a_second_cut_comes_from_the_last_time_it_was_seen() -> None:
    """The first two times it looks the same, which must not make the third one doubtful."""

    def during(shot: int, *box: float) -> Place:
        return lambda t: (box[0], box[1], box[2], box[3]) if t // 24 == shot else None

    floors = [Actor(during(shot, 0, 0, 128, 96)) for shot in range(3)]
    same = [Actor(during(shot, 20 + 25 * shot, 30, 30, 30), look=9) for shot in range(3)]
    scene = Scripted([actor for pair in zip(floors, same, strict=True) for actor in pair], frames=72)
    result = follow(scene)
    assert result.cuts == (24, 48)
    first, second, third = (only(result, scene, actor) for actor in (1, 3, 5))
    assert (first.relinked_from, second.relinked_from, third.relinked_from) == (None, first.id, second.id)


def test_coverage_counts_frames_without_any_mask() -> None:
    half = Mask.from_box((0, 0, 64, 96), height=96, width=128)
    scene = Scripted([Actor(lambda t: (0, 0, 64, 96) if t < 24 else None)])
    result = follow(scene)
    assert half.area * 2 == 96 * 128
    assert mean_coverage(result.objects, 48) == pytest.approx(0.25)
